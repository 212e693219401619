"""The janitor: deletes what is past its retention, every six hours, a few thousand rows a transaction.

Invariant: it deletes what the table of retentions says and nothing else; broken off, it goes on where it was.
"""

from collections.abc import Sequence
from datetime import timedelta

from shared.ops.metrics import OVERDUE_ROWS
from shared.store.event_log import now
from shared.store.retention import Retention, count_overdue, delete_overdue
from shared.work.kind import Batch, Done, Patience, WorkKind, every

NAME = "janitor"
AT_ONCE = 5_000
_INTERVAL = timedelta(hours=6)


def janitor(retentions: Sequence[Retention]) -> WorkKind:
    """Return the kind of work that keeps to retentions, in their order."""

    async def run(batch: Batch) -> None:
        for retention in retentions:
            await _keep_to(batch, retention)
        async with batch.store.transaction() as tx:
            await batch.conclude(tx, {item: Done() for item in batch.items})

    return WorkKind(name=NAME, run=run, patience=Patience(), every=every(_INTERVAL))


async def _keep_to(batch: Batch, retention: Retention) -> None:
    at, deleted = now(), AT_ONCE
    while deleted == AT_ONCE:
        async with batch.store.transaction() as tx:
            deleted = await delete_overdue(tx, retention, at, AT_ONCE)
        batch.came_forward()
    async with batch.store.transaction() as tx:
        OVERDUE_ROWS.labels(retention.table).set(await count_overdue(tx, retention, at))

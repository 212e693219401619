"""Retry and cancel: what an operator decides about work.

Invariant: what is decided and the event that tells of it commit together. A cancelled item that is being run loses its
claim, so whatever its run does after that is rolled back; it is never run again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import WorkCancelled, WorkRetried
from shared.store.event_log import append, new_id, of_operator
from shared.work.kind import End, Ended, Ending

_SELECTED = """
    (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))
    AND (CAST(:kind AS text) IS NULL OR kind = :kind)
    AND (CAST(:error AS text) IS NULL OR last_error = :error)
"""
_COUNT = text(f"SELECT count(*) FROM work WHERE state = 'given_up' AND {_SELECTED}")
_RETRY = text(f"""
    UPDATE work SET state = 'open', due_at = clock_timestamp(), attempts = 0, given_up_at = NULL
    WHERE (state = 'given_up' OR CAST(:ids AS uuid[]) IS NOT NULL AND state = 'open' AND claimed_at IS NULL)
      AND {_SELECTED}
    RETURNING id
""")
_CANCEL = text("""
    UPDATE work SET state = 'cancelled', claimed_at = NULL, lease_until = NULL, given_up_at = NULL
    WHERE state <> 'cancelled' AND id = ANY(CAST(:ids AS uuid[]))
    RETURNING district, id, kind, payload
""")


class Selection(NamedTuple):
    """Which items: those with all that is given."""

    ids: Sequence[UUID] | None = None
    kind: str | None = None
    error: str | None = None


async def count_given_up(tx: AsyncConnection, selection: Selection) -> int:
    """Return how many items of the selection are given up."""
    return int(await tx.scalar(_COUNT, selection._asdict()) or 0)


async def retry(tx: AsyncConnection, service: str, selection: Selection, by: str) -> list[UUID]:
    """Have items that were given up done now, as if they had never failed; those named by id also where they wait."""
    ids = list((await tx.execute(_RETRY, selection._asdict())).scalars())
    if ids:
        action = WorkRetried(action_id=new_id(), service=service, work_ids=tuple(ids))
        await append(tx, [of_operator(action, by)])
    return ids


async def cancel(
    tx: AsyncConnection, service: str, endings: Mapping[str, Ending], ids: Sequence[UUID], reason: str, by: str
) -> list[UUID]:
    """Give items up for good, with what their kinds note then; return those that were not settled before."""
    rows = (await tx.execute(_CANCEL, {"ids": list(ids)})).all()
    ended: dict[str, list[Ended]] = defaultdict(list)
    for row in rows:
        ended[row.kind].append(Ended(row.district, row.id, row.payload))
    for kind, items in ended.items():
        if kind in endings:
            await endings[kind](tx, items, End.CANCELLED)
    if rows:
        cancelled = tuple(row.id for row in rows)
        action = WorkCancelled(action_id=new_id(), service=service, work_ids=cancelled, reason=reason)
        await append(tx, [of_operator(action, by)])
    return [row.id for row in rows]

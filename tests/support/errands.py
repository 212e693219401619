"""Work for tests of the kit: errands that are counted where they are run, alone or in a process of its own.

``python -m tests.support.errands``: a worker that does errands until it is killed.
"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.fault_kinds import is_transient
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.work.kind import Batch, Done, End, Ended, Item, Outcome, Patience, WorkKind, in_transaction
from shared.work.worker import Worker
from tests.support.infrastructure import Urls

SERVICE = "assessment"
_RAN = text("INSERT INTO errand (id, number) SELECT * FROM unnest(CAST(:ids AS uuid[]), CAST(:numbers AS int[]))")
_BEGAN = text("INSERT INTO errand_run (id, ended) VALUES (:id, :ended)")
_ENDED = text("INSERT INTO errand_end (id, state) SELECT unnest(CAST(:ids AS uuid[])), :state")


async def create_tables(urls: Urls) -> None:
    owner = Store(urls.owner)
    async with owner.transaction() as tx:
        for statement in (
            "CREATE TABLE errand (id uuid, number int)",
            "CREATE TABLE errand_run (id uuid, ended bool, at timestamptz DEFAULT clock_timestamp())",
            "CREATE TABLE errand_end (id uuid, state text)",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON errand, errand_run, errand_end TO {SERVICE}_worker",
        ):
            await tx.execute(text(statement))
    await owner.close()


async def enter(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome] | None:
    """Do errands in their transaction: the effect is a row of ``errand``; a ``poison`` one raises."""
    for item in items:
        if fault := item.payload.get("poison"):
            raise FAULTS[fault]
    await tx.execute(_RAN, {"ids": [i.id for i in items], "numbers": [i.payload.get("number", 0) for i in items]})
    reach("errand.before_commit")
    return None


FAULTS: dict[str, Exception] = {"value": ValueError("a text that must not be kept"), "away": ConnectionRefusedError()}


async def walk(batch: Batch) -> None:
    """Do one errand outside of any transaction, and note when it was begun and ended."""
    (item,) = batch.items
    await _note(batch.store, item, ended=False)
    reach("errand.on_the_way")
    await asyncio.sleep(item.payload.get("seconds", 0))
    await _note(batch.store, item, ended=True)
    async with batch.store.transaction() as tx:
        await batch.conclude(tx, {item: Done()})


async def _note(store: Store, item: Item, *, ended: bool) -> None:
    async with store.transaction() as tx:
        await tx.execute(_BEGAN, {"id": item.id, "ended": ended})


async def end(tx: AsyncConnection, items: Sequence[Ended], state: End) -> None:
    await tx.execute(_ENDED, {"ids": [item.id for item in items], "state": state})


QUICK = Patience(attempts=3, first=0.01, longest=0.02)
ERRAND = WorkKind(name="errand", run=in_transaction(enter), patience=QUICK, batch=5)
WALK = WorkKind(name="walk", run=walk, patience=QUICK, slots=2, time_limit=timedelta(seconds=30))
ENDINGS = {"errand": end, "walk": end}


def worker(store: Store, *kinds: WorkKind) -> Worker:
    return Worker(store, kinds or (ERRAND, WALK), ENDINGS, is_transient)


async def _main() -> None:
    await worker(Store(os.environ["WORKER_URL"])).run(Heartbeat("worker"))


if __name__ == "__main__":
    asyncio.run(_main())

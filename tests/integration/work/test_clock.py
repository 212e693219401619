"""Work by the clock, shown by what the next issue brings: check-outs that were forgotten are closed.

Time is moved, not waited for: what is in the tables is made older.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.engine import Store
from shared.store.event_log import new_id, now
from shared.work.kind import Item, NewWork, Patience, WorkKind, every, in_transaction
from tests.integration.work.conftest import DISTRICT, Office
from tests.support.errands import SERVICE, worker
from tests.support.eventually import eventually, running
from tests.support.infrastructure import Urls

GRACE = timedelta(hours=2)
CLOSE_THESE = text("""
    UPDATE visit SET checked_out_at = ends_at, closings = closings + 1
    WHERE id = ANY(CAST(:ids AS uuid[])) AND checked_out_at IS NULL
""")
CLOSE_ALL = text("""
    UPDATE visit SET checked_out_at = ends_at, closings = closings + 1
    WHERE checked_out_at IS NULL AND ends_at < clock_timestamp() - interval '2 hours'
""")


async def close_these(tx: AsyncConnection, items: Sequence[Item]) -> None:
    await tx.execute(CLOSE_THESE, {"ids": [item.payload["visit_id"] for item in items]})


async def close_all(tx: AsyncConnection, _items: Sequence[Item]) -> None:
    await tx.execute(CLOSE_ALL)


CLOSE = WorkKind(name="close_visit", run=in_transaction(close_these), patience=Patience(attempts=5), batch=100)
SWEEP = WorkKind(
    name="close_visits", run=in_transaction(close_all), patience=Patience(attempts=5), every=every(timedelta(minutes=5))
)


@pytest.fixture(scope="module")
async def _visits(database: Urls) -> None:
    owner = Store(database.owner)
    async with owner.transaction() as tx:
        await tx.execute(
            text(
                "CREATE TABLE visit (id uuid, ends_at timestamptz, checked_out_at timestamptz, closings int DEFAULT 0)"
            )
        )
        await tx.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO {SERVICE}_worker"))
    await owner.close()


@pytest.fixture
async def visits(office: Office, _visits: None) -> AsyncIterator[Office]:
    yield office
    await office.execute("DELETE FROM visit")


async def check_in(office: Office, *, closes: bool) -> None:
    """Begin a visit whose shift ends in an hour, and schedule its closing."""
    visit_id, ends_at = new_id(), now() + timedelta(hours=1)
    await office.execute("INSERT INTO visit VALUES (:id, :ends_at)", id=visit_id, ends_at=ends_at)
    if closes:
        closing = NewWork(district=DISTRICT, kind=CLOSE.name, payload={"visit_id": str(visit_id)})
        await office.schedule(replace(closing, due_at=ends_at + GRACE))


async def pass_time(office: Office, interval: str) -> None:
    await office.execute(f"UPDATE visit SET ends_at = ends_at - interval '{interval}'")
    await office.execute(f"UPDATE work SET due_at = due_at - interval '{interval}'")


@pytest.mark.row(33)
async def test_a_forgotten_check_out_is_closed_when_its_moment_has_come(visits: Office) -> None:
    await check_in(visits, closes=True)
    await check_in(visits, closes=True)
    await visits.execute(
        "UPDATE visit SET checked_out_at = ends_at - interval '5 min' WHERE id = (SELECT id FROM visit LIMIT 1)"
    )
    await pass_time(visits, "2 hours 59 min")
    async with running(worker(visits.store, CLOSE).run):
        assert await visits.count("work") == 2
        await pass_time(visits, "1 min")
        await eventually(visits.all_done)
    assert [row.closings for row in await visits.rows("SELECT closings FROM visit ORDER BY closings")] == [0, 1]


async def test_forgotten_check_outs_are_closed_again_and_again(visits: Office) -> None:
    async def open_visits() -> int:
        return await visits.count("visit WHERE checked_out_at IS NULL")

    async def none_open() -> bool:
        return not await open_visits()

    await check_in(visits, closes=False)
    async with running(worker(visits.store, SWEEP).run), running(worker(visits.store, SWEEP).run):
        await eventually(lambda: visits.count("work"))
        assert await open_visits() == 1
        for _ in range(2):
            await pass_time(visits, "4 hours")
            await eventually(none_open)
            await check_in(visits, closes=False)
        (standing,) = await visits.rows("SELECT due_at, attempts, state FROM work")
    assert now() < standing.due_at <= now() + timedelta(minutes=5)
    assert (standing.attempts, standing.state) == (0, "open")
    assert standing.due_at.minute % 5 == standing.due_at.second == standing.due_at.microsecond == 0

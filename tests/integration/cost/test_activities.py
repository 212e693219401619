"""Service records by the importer's own code, and sign-ups by the group."""
# ruff: noqa: F401, F811 - fixtures of another folder

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance.closing import Entry, close_shift
from services.activities.attendance.commands import check_out_from_list
from services.activities.records.record_import import SERVICE_RECORDS
from services.activities.signing_up.api import groups
from shared.contracts import CheckInWay
from shared.contracts.actor import Actor, Scope
from shared.http.idempotency import Claim
from shared.store.engine import Store
from shared.store.event_log import now
from tests.integration.activities.conftest import DISTRICT, Activities, activities, database
from tests.integration.activities.records.test_record_import import file_of, line
from tests.integration.activities.signing_up.test_sign_ups import ask
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import assert_import_costs, take_in
from tests.support.cost import Cost, metered, metered_requests

HOUR = timedelta(hours=1)
STAFF = Actor(name="account:test", district=DISTRICT, scope=Scope(frozenset({DISTRICT})))


async def test_import_of_service_records(activities: Activities) -> None:
    await activities.know_volunteers(2100)
    await activities.know_station()

    async def import_of(first: int, rows: int, chunk_rows: int) -> Cost:
        file = file_of([line(number) for number in range(first, first + rows)])
        api, worker = activities.stores[0], activities.worker
        return await take_in(api, worker, DISTRICT, "service-records", SERVICE_RECORDS, file, chunk_rows)

    await assert_import_costs("service records", import_of)


async def test_sign_up(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(301)
    shift_id = await activities.shift(capacity=50)
    sign_ups = groups(activities.stores[0])
    measured = {}
    for group in (volunteers[:1], volunteers[1:]):
        with metered_requests(activities.stores[0]) as cost:
            answers = await asyncio.gather(
                *(ask(sign_ups, volunteer, shift_id, Claim("k", b"")) for volunteer in group)
            )
        assert {answer.status for answer in answers} == {201}
        measured[len(group)] = cost
    assert_costs("sign-up: a group", measured)


async def attending(activities: Activities, count: int) -> tuple[str, list[str]]:
    """Have so many volunteers attend a shift that began an hour ago; return it and their sign-ups."""
    volunteers = await activities.know_volunteers(count)
    shift_id = await activities.shift(capacity=count)
    sign_ups = groups(activities.stores[0])
    await asyncio.gather(*(ask(sign_ups, volunteer, shift_id, Claim("k", b"")) for volunteer in volunteers))
    await activities.move_shift(shift_id, -HOUR)
    async with activities.worker.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE sign_up
                SET state = 'attending', checked_in_by = 'leader', checked_in_at = now() - interval '1 hour'
                WHERE shift_id = :shift_id
            """),
            {"shift_id": shift_id},
        )
    rows = await activities.rows("SELECT id FROM sign_up WHERE shift_id = :shift_id", shift_id=shift_id)
    return str(shift_id), [str(row.id) for row in rows]


@asynccontextmanager
async def measured_transaction(activities: Activities) -> AsyncIterator[tuple[AsyncConnection, Cost]]:
    """Open a transaction on a store of its own, which nothing else uses, and count what it costs."""
    async with Store(activities.urls.api, pool_size=1) as store:
        with metered(store) as cost:
            async with store.transaction(DISTRICT) as tx:
                yield tx, cost


async def test_check_out(activities: Activities) -> None:
    await activities.know_station()
    _, (sign_up,) = await attending(activities, 1)
    async with measured_transaction(activities) as (tx, cost):
        left = await check_out_from_list(tx, STAFF, UUID(sign_up), CheckInWay.LEADER)
    assert left.minutes == 60
    assert_costs("attendance: a check-out", {1: cost})


async def test_a_shift_is_closed(activities: Activities) -> None:
    await activities.know_station()
    measured: dict[int, Cost] = {}
    for count in (1, 100):
        shift_id, sign_ups = await attending(activities, count)
        await activities.move_shift(UUID(shift_id), -HOUR, lasts=HOUR / 2)
        end = now() - 0.6 * HOUR
        entries = [Entry(sign_up_id=UUID(sign_up), ended_at=end) for sign_up in sign_ups]
        async with measured_transaction(activities) as (tx, cost):
            closed = await close_shift(tx, STAFF, UUID(shift_id), entries)
        assert closed.served == count
        measured[count] = cost
    assert_costs("attendance: a shift is closed", measured)

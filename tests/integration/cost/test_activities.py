"""Service records by the importer's own code, and sign-ups by the group."""
# ruff: noqa: F401, F811 - fixtures of another folder

import asyncio

from services.activities.records.record_import import SERVICE_RECORDS
from services.activities.signing_up.api import groups
from shared.http.idempotency import Claim
from tests.integration.activities.conftest import DISTRICT, Activities, activities, database
from tests.integration.activities.records.test_record_import import file_of, line
from tests.integration.activities.signing_up.test_sign_ups import ask
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import assert_import_costs, take_in
from tests.support.cost import Cost, metered


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
        with metered(activities.stores[0]) as cost:
            answers = await asyncio.gather(
                *(ask(sign_ups, volunteer, shift_id, Claim("k", b"")) for volunteer in group)
            )
        assert {answer.status for answer in answers} == {201}
        measured[len(group)] = cost
    assert_costs("sign-up: a group", measured)

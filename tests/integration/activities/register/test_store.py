"""Rights are the least, and projections keep the last version."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from services.activities.register import projections
from shared.store.event_log import new_id
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, Activities, opened, registered


async def test_the_last_version_of_a_volunteer_and_a_station_wins(activities: Activities) -> None:
    volunteer, station = new_id(), new_id()
    batches = [
        [registered(volunteer, "V3", version=3), registered(volunteer, "V2", version=2)],
        [registered(volunteer, "V1", version=1)],
        [registered(volunteer, "V3", OTHER_DISTRICT, version=9)],
    ]
    for batch in batches:
        async with activities.worker.transaction() as tx:
            await projections.VOLUNTEERS.project(tx, batch)
            await projections.STATIONS.project(
                tx, [opened(station, f"S{e.attributes.sequence}", version=e.attributes.sequence) for e in batch[:1]]
            )
    known = await activities.rows("SELECT district, number, version FROM known_volunteer ORDER BY district")
    assert [tuple(row) for row in known] == [(DISTRICT, "V3", 3), (OTHER_DISTRICT, "V3", 9)]
    stations = await activities.rows("SELECT code, version FROM known_station")
    assert [tuple(row) for row in stations] == [("S9", 9)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM service_record",
        "DELETE FROM sign_up",
        "UPDATE activity SET published_by = ''",
        "INSERT INTO known_volunteer VALUES ('510115', gen_random_uuid(), 'V', 1)",
        "INSERT INTO record_import VALUES ('510115', gen_random_uuid(), 1, 1)",
    ],
)
async def test_the_api_may_not_do_what_it_need_not(activities: Activities, statement: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with activities.stores[0].transaction(DISTRICT) as tx:
            await tx.execute(text(statement))

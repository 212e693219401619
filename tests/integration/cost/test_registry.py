"""The roster, by the importer's own code, and service at stations, by the consumer's."""
# ruff: noqa: F401, F811 - fixtures of another folder

import pytest

from shared.store.event_log import new_id
from tests.integration.assessment.events import logged
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import assert_import_costs, consume, records_of, take_in
from tests.integration.registry.conftest import Registry, free_port, idle_registry, roster, roster_line
from tests.support.cost import Cost
from tests.support.eventually import running

DISTRICT = "510116"


@pytest.fixture(scope="module")
async def quiet_registry(idle_registry: Registry) -> Registry:
    """A district with its organisations, and nothing running."""
    async with running(idle_registry.importer().run), running(idle_registry.relay().run):
        await idle_registry.open(DISTRICT)
    return idle_registry


async def test_import_of_the_roster(quiet_registry: Registry) -> None:
    async def import_of(first: int, rows: int, chunk_rows: int) -> Cost:
        lines = [roster_line(number, district=DISTRICT) for number in range(first, first + rows)]
        kind = quiet_registry.service.imports["roster"]
        return await take_in(
            quiet_registry.api, quiet_registry.worker, DISTRICT, "roster", kind, roster(lines), chunk_rows
        )

    await assert_import_costs("the roster", import_of)


async def test_service_at_stations(quiet_registry: Registry) -> None:
    rows = await quiet_registry.rows("SELECT id FROM station WHERE district = :district", district=DISTRICT)
    stations = [row.id for row in rows]
    batches = [
        records_of([logged(new_id(), district=DISTRICT, station_id=stations[n % len(stations)]) for n in range(size)])
        for size in (1, 400)
    ]
    reactions = quiet_registry.service.reactions
    costs = {len(batch): await consume(quiet_registry.worker, reactions, batch) for batch in batches}
    assert_costs("consume: service at stations (registry)", costs)

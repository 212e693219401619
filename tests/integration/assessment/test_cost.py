"""A batch costs the same number of statements whatever its size."""

from collections import Counter
from typing import Any

import pytest

from services.assessment import projections
from shared.contracts import RegistrationSource, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.conftest import (
    MORNING,
    Core,
    corrected,
    counted_statements,
    imported,
    logged,
    received,
)


def single_records(size: int) -> list[Received[Any]]:
    return [logged(new_id(), 6000) for _ in range(size)]


def imported_records(size: int) -> list[Received[Any]]:
    import_id = new_id()
    return [logged(new_id(), import_id=import_id) for _ in range(size)]


def whole_imports(size: int) -> list[Received[Any]]:
    """As many imports as can be of at most ten, each with everything."""
    batch: list[Received[Any]] = []
    for _ in range(min(size, 10)):
        import_id = new_id()
        records = [logged(new_id(), 6000, import_id=import_id) for _ in range(size)]
        batch += [*records, imported(records, import_id)]
    return batch


def corrections(size: int) -> list[Received[Any]]:
    records = single_records(size)
    return [*records, *(corrected(record, 30) for record in records)]


@pytest.mark.parametrize(
    ("build", "statements"),
    [
        (single_records, 4),  # rules; ledger and hours; awards; event log and outbox
        (imported_records, 4),  # rules; ledger and hours; progress; what closes
        (whole_imports, 7),  # rules; ledger and hours; progress twice; what closes; stars; event log and outbox
        (corrections, 5),  # as single records, and the corrections
    ],
)
async def test_events_about_service(core: Core, build: Any, statements: int) -> None:
    costs = {}
    for size in (1, 400):
        with counted_statements(core.worker) as counts:
            await core.handle(*build(size))
        costs[size] = sum(counts.values())
    assert costs == {1: statements, 400: statements}, counts


async def test_five_thousand_records_in_one_batch(core: Core) -> None:
    volunteers = [new_id() for _ in range(1000)]
    with counted_statements(core.worker) as counts:
        await core.handle(*(logged(volunteers[number % 1000]) for number in range(5000)))
    assert sum(counts.values()) == 4
    assert await core.hours(volunteers[0]) == (300, 5, 0)
    assert Counter(row.name for row in await core.announced()) == {"HoursCredited": 5000}


async def test_volunteers(core: Core) -> None:
    with counted_statements(core.worker) as counts:
        async with core.worker.transaction() as tx:
            await projections.note_volunteers(tx, [registered(number) for number in range(500)])
    assert sum(counts.values()) == 2
    assert len(await core.rows("SELECT 1 FROM known_volunteer")) == 500


def registered(number: int) -> Received[VolunteerRegistered]:
    volunteer_id = new_id()
    data = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=f"V{number}",
        category="resident",
        registered_on=MORNING.date(),
        source=RegistrationSource.IMPORT,
    )
    return received(data, volunteer_id)

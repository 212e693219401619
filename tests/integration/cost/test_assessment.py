"""What becomes of others' events in the ledger, by the consumer's own code."""
# ruff: noqa: F401, F811 - fixtures of another folder

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.conftest import core, database
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import corrected, imported, logged, registered
from tests.integration.cost.table import assert_costs
from tests.integration.cost.working import consume, records_of
from tests.support.services import reactions

Batch = list[Received[Any]]


def single_records(size: int) -> Batch:
    return [logged(new_id(), 6000) for _ in range(size)]


def records_of_an_import(size: int) -> Batch:
    import_id = new_id()
    return [logged(new_id(), import_id=import_id) for _ in range(size)]


def whole_imports(size: int) -> Batch:
    """As many imports as can be of at most ten, each with everything."""
    batch: Batch = []
    for _ in range(min(size, 10)):
        import_id = new_id()
        records = [logged(new_id(), 6000, import_id=import_id) for _ in range(size)]
        batch += [*records, imported(records, import_id)]
    return batch


def corrections(size: int) -> Batch:
    records = single_records(size)
    return [*records, *(corrected(record, 30) for record in records)]


def volunteers(size: int) -> Batch:
    return [registered(number) for number in range(size)]


@pytest.mark.parametrize(
    ("path", "build"),
    [
        ("credit: single records", single_records),
        ("credit: records of an import", records_of_an_import),
        ("credit: whole imports", whole_imports),
        ("credit: corrections", corrections),
        ("consume: volunteers (assessment)", volunteers),
    ],
)
async def test_consume(core: Core, path: str, build: Callable[[int], Batch]) -> None:
    batches = [records_of(build(size)) for size in (1, 400)]
    assert_costs(path, {len(batch): await consume(core.worker, reactions("assessment"), batch) for batch in batches})


async def test_five_thousand_records_of_few_people_in_one_batch(core: Core) -> None:
    people = [new_id() for _ in range(1000)]
    batch = records_of([logged(people[number % 1000]) for number in range(5000)])
    assert_costs("credit: single records", {5000: await consume(core.worker, reactions("assessment"), batch)})
    assert await core.hours(people[0]) == (300, 5, 0)
    assert Counter(row.name for row in await core.announced()) == {"HoursCredited": 5000}

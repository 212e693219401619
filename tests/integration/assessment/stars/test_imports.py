"""An import is followed to its end: silent while it lasts, closed once, stars once per person."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import OTHER_DISTRICT, corrected, imported, logged


async def progress(core: Core, import_id: UUID) -> tuple[Any, ...]:
    [row] = await core.rows(
        """
        SELECT expected_records, credited_records, credited_minutes, closed FROM import_progress
        WHERE import_id = :import_id
        """,
        import_id=import_id,
    )
    return tuple(row)


async def test_imported_records_are_credited_in_silence(core: Core) -> None:
    import_id, volunteer = new_id(), new_id()
    await core.handle(logged(volunteer, 6000, import_id=import_id), logged(volunteer, 60, import_id=import_id))
    assert await core.hours(volunteer) == (6060, 2, 0)
    assert await core.announced() == []
    assert await progress(core, import_id) == (None, 2, 6060, False)


@pytest.mark.parametrize("end_comes", ["first", "in the middle", "last", "in the same batch"])
async def test_an_import_closes_with_its_last_event_whichever_that_is(core: Core, end_comes: str) -> None:
    import_id = new_id()
    stars, none = new_id(), new_id()
    records = [logged(stars, 3000, import_id=import_id), logged(none, 60, import_id=import_id)]
    records.append(logged(stars, 3000, import_id=import_id))
    end = imported(records, import_id)
    batches: dict[str, list[list[Received[Any]]]] = {
        "first": [[end], records[:2], records[2:]],
        "in the middle": [records[:1], [end], records[1:]],
        "last": [records[:2], records[2:], [end]],
        "in the same batch": [[records[0], end, *records[1:]]],
    }
    *earlier, last = batches[end_comes]
    for batch in earlier:
        await core.handle(*batch)
        assert await core.announced() == []
    await core.handle(*last)
    assert await progress(core, import_id) == (3, 3, 6060, True)
    credited, star = await core.announced()
    assert (credited.name, credited.aggregate_id, credited.version) == ("ImportCredited", import_id, 1)
    assert credited.data == {"import_id": str(import_id), "records": 3, "minutes": 6060, "volunteers": 2}
    assert (star.name, star.aggregate_id, star.version) == ("StarLevelReached", stars, 1)
    assert (star.data["level"], star.data["previous_level"]) == (1, 0)
    assert (star.data["lifetime_minutes"], star.data["import_id"]) == (6000, str(import_id))


async def test_an_import_of_nothing_closes_at_once(core: Core) -> None:
    import_id = new_id()
    await core.handle(imported([], import_id))
    [credited] = await core.announced()
    assert (credited.data["records"], credited.data["volunteers"]) == (0, 0)


async def test_a_closed_import_stays_closed(core: Core) -> None:
    import_id = new_id()
    records = [logged(new_id(), 6000, import_id=import_id)]
    complete = imported(records, import_id)
    for _ in range(2):
        await core.deliver(*records, complete)
    assert [row.name for row in await core.announced()] == ["ImportCredited", "StarLevelReached"]
    assert await progress(core, import_id) == (1, 1, 6000, True)


async def test_an_import_whose_minutes_do_not_add_up_stays_open_for_all_to_see(core: Core) -> None:
    import_id = new_id()
    records = [logged(new_id(), 60, import_id=import_id)]
    await core.handle(*records, imported(records, import_id, minutes=61))
    assert await core.announced() == []
    assert await progress(core, import_id) == (1, 1, 60, False)


async def test_imported_hours_add_to_those_that_were_there(core: Core) -> None:
    import_id, volunteer = new_id(), new_id()
    await core.handle(logged(volunteer, 6000), logged(volunteer, 10))
    records = [logged(volunteer, 12000, import_id=import_id)]
    await core.handle(*records, imported(records, import_id))
    star = (await core.announced("StarLevelReached"))[-1]
    assert (star.data["previous_level"], star.data["level"], star.version) == (1, 2, 4)
    await core.handle(logged(volunteer, 1))
    assert [row.version for row in await core.announced() if row.aggregate_id == volunteer] == [1, 2, 3, 4, 5]


async def test_two_imports_that_end_in_one_batch_raise_a_volunteer_once(core: Core) -> None:
    first, second, volunteer = new_id(), new_id(), new_id()
    records = {first: [logged(volunteer, 6000, import_id=first)], second: [logged(volunteer, 60, import_id=second)]}
    await core.handle(
        *records[first], *records[second], imported(records[first], first), imported(records[second], second)
    )
    assert Counter(row.name for row in await core.announced()) == {"ImportCredited": 2, "StarLevelReached": 1}


async def test_an_import_that_closes_raises_nobody_of_one_that_is_still_open(core: Core) -> None:
    small, large, volunteer = new_id(), new_id(), new_id()
    of_small, of_large = [logged(new_id(), 60, import_id=small)], [logged(volunteer, 6000, import_id=large)]
    await core.handle(*of_large, *of_small, imported(of_small, small))
    assert [row.name for row in await core.announced()] == ["ImportCredited"]
    await core.handle(imported(of_large, large))
    [star] = await core.announced("StarLevelReached")
    assert (star.aggregate_id, star.data["import_id"]) == (volunteer, str(large))


async def test_imports_of_two_districts_close_apart(core: Core) -> None:
    import_id, volunteer = new_id(), new_id()
    here = [logged(volunteer, 6000, import_id=import_id)]
    there = [logged(volunteer, 60, import_id=import_id, district=OTHER_DISTRICT) for _ in range(2)]
    await core.handle(*here, *there, imported(here, import_id))
    [credited, star] = await core.announced()
    assert (credited.district, credited.data["records"]) == (star.district, 1) == ("510115", 1)
    assert await core.hours(volunteer, OTHER_DISTRICT) == (120, 2, 0)


async def test_a_correction_of_an_imported_record_is_announced_and_leaves_the_progress_alone(core: Core) -> None:
    import_id, volunteer = new_id(), new_id()
    records = [logged(volunteer, 60, import_id=import_id) for _ in range(2)]
    await core.handle(records[0], corrected(records[0], 30))
    assert [row.name for row in await core.announced()] == ["HoursCorrected"]
    await core.handle(records[1], imported(records, import_id))
    assert await progress(core, import_id) == (2, 2, 120, True)
    assert await core.hours(volunteer) == (90, 2, 0)


async def test_consumers_that_credit_the_last_records_at_the_same_time_close_the_import_once(core: Core) -> None:
    """Each has records of the same people, in another order, and neither sees the other's before it commits."""
    volunteers = [new_id() for _ in range(200)]
    for _ in range(5):
        import_id = new_id()
        half = [logged(volunteer, 3000, import_id=import_id) for volunteer in volunteers]
        other_half = [logged(volunteer, 3000, import_id=import_id) for volunteer in reversed(volunteers)]
        await core.handle(imported([*half, *other_half], import_id))
        await asyncio.gather(core.handle(*half), core.handle(*other_half))
        assert (await progress(core, import_id))[3]
        [credited] = [row for row in await core.announced("ImportCredited") if row.aggregate_id == import_id]
        assert credited.data["volunteers"] == 200
    assert await core.hours(volunteers[0]) == (30000, 10, 2)
    stars = [row.data["level"] for row in await core.announced("StarLevelReached")]
    assert Counter(stars) == {1: 200, 2: 200}

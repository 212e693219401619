"""Row 59: who moves to another district keeps their hours and stars, exactly, and no total counts them twice."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.assessment.ledger.projections import enter_in_ledger
from services.assessment.stars.carrying import CARRY_HOURS
from shared.contracts import VolunteerMovedIn
from shared.contracts.actor import Role
from shared.contracts.received import Received
from shared.messaging.fault_kinds import is_transient
from shared.store.engine import Store
from shared.store.event_log import new_id
from shared.work import queue
from shared.work.worker import Worker
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import DISTRICT, MORNING, OTHER_DISTRICT, corrected, imported, received
from tests.integration.assessment.reading import Reading, registered, served
from tests.integration.assessment.stars.test_merging import merged, undone
from tests.support.eventually import eventually
from tests.support.services import reactions

THIRD_DISTRICT = "510117"
HUNDRED_HOURS = 6000


async def moves(core: Core, volunteer_id: UUID, district: str, from_district: str) -> None:
    """Let registry tell that somebody has moved, as it does: they are registered in the new district first."""
    data = VolunteerMovedIn(
        volunteer_id=volunteer_id, volunteer_no=_number(volunteer_id), from_district=from_district, moved_at=MORNING
    )
    await core.handle(
        registered(volunteer_id, _number(volunteer_id), district=district),
        received(data, volunteer_id, 2, district),
    )
    await work_off(core)


async def somebody(core: Core, *records: Received[Any], volunteer_id: UUID | None = None) -> UUID:
    """Have the first district know a volunteer who has served."""
    volunteer_id = volunteer_id or records[0].data.volunteer_id
    await core.handle(registered(volunteer_id, _number(volunteer_id)))
    await core.handle(*records)
    return volunteer_id


def _number(volunteer_id: UUID) -> str:
    return f"V{volunteer_id.hex[-8:]}"


async def work_off(core: Core) -> None:
    """Let a worker do all that is due."""
    worker = Worker(core.worker, [CARRY_HOURS], {}, is_transient)
    while items := await queue.claim(core.worker, [CARRY_HOURS]):
        await worker._run(CARRY_HOURS, items)
    assert not await core.rows("SELECT id FROM work WHERE attempts > 0")


async def an_hour_passes(core: Core) -> None:
    await core.rows("UPDATE work SET due_at = now() WHERE kind = 'carry_hours' RETURNING id")
    await work_off(core)


async def hours(assessment: Reading, volunteer_id: UUID, district: str = OTHER_DISTRICT) -> tuple[int, int, int]:
    shown = await assessment.reader(Role.AUDITOR, district=district).get(f"/v1/volunteers/{volunteer_id}/hours")
    return shown["lifetime_minutes"], shown["sessions"], shown["stars"]


async def carried(core: Core, volunteer_id: UUID) -> dict[tuple[str, str], tuple[int, int, int]]:
    rows = await core.rows(
        "SELECT district, from_district, minutes, sessions, stars FROM carried_hours WHERE volunteer_id = :id",
        id=volunteer_id,
    )
    return {(row.district, row.from_district): (row.minutes, row.sessions, row.stars) for row in rows}


@pytest.mark.row(59)
async def test_who_moves_has_the_hours_and_stars_that_they_had(assessment: Reading, core: Core) -> None:
    person = new_id()
    lost = served(person, 60)
    await somebody(core, served(person, HUNDRED_HOURS), served(person, 90), lost)
    await core.handle(corrected(lost, 0))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    assert await hours(assessment, person) == (HUNDRED_HOURS + 90, 2, 1)
    [told] = await core.announced("HoursCarried")
    assert (told.district, told.aggregate_id, told.version) == (OTHER_DISTRICT, person, 1)
    assert told.data == {
        "volunteer_id": str(person),
        "from_district": DISTRICT,
        "minutes": HUNDRED_HOURS + 90,
        "sessions": 2,
        "stars": 1,
    }
    shown = await assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT).get(f"/v1/volunteers/{person}/hours")
    [line] = shown["carried"]
    assert (line["from_district"], line["minutes"], line["sessions"]) == (DISTRICT, HUNDRED_HOURS + 90, 2)
    assert (shown["by_month"], shown["by_service"]) == ([], [])
    assert shown["minutes_to_next_level"] == 3 * HUNDRED_HOURS - HUNDRED_HOURS - 90
    assert await hours(assessment, person, DISTRICT) == (HUNDRED_HOURS + 90, 2, 1)
    await an_hour_passes(core)
    assert len(await core.announced("HoursCarried")) == 1  # nothing has changed, so nothing is told


@pytest.mark.row(59)
async def test_a_star_that_they_had_is_no_news_and_one_that_both_give_is(assessment: Reading, core: Core) -> None:
    starred, person = new_id(), new_id()
    await somebody(core, served(starred, HUNDRED_HOURS))
    await somebody(core, served(person, HUNDRED_HOURS - 60))
    for each in (starred, person):
        await moves(core, each, OTHER_DISTRICT, DISTRICT)
    assert [row.district for row in await core.announced("StarLevelReached")] == [DISTRICT]
    await core.handle(served(person, 60, district=OTHER_DISTRICT))
    [_, star] = await core.announced("StarLevelReached")
    assert (star.district, star.aggregate_id) == (OTHER_DISTRICT, person)
    assert (star.data["level"], star.data["lifetime_minutes"]) == (1, HUNDRED_HOURS)
    assert [row.data["lifetime_minutes"] for row in await core.announced("HoursCredited")][-1] == HUNDRED_HOURS
    told = [row for row in await core.announced() if row.district == OTHER_DISTRICT and row.aggregate_id == person]
    assert [(row.name, row.version) for row in told] == [
        ("HoursCarried", 1),
        ("HoursCredited", 2),
        ("StarLevelReached", 3),
    ]
    assert await hours(assessment, person) == (HUNDRED_HOURS, 2, 1)


@pytest.mark.row(59)
async def test_what_is_carried_gives_a_star_with_what_was_served_here_before(core: Core) -> None:
    person = new_id()
    await somebody(core, served(person, HUNDRED_HOURS - 60))
    await core.handle(served(person, 60, district=OTHER_DISTRICT))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    [star] = await core.announced("StarLevelReached")
    assert (star.district, star.data["level"], star.data["previous_level"]) == (OTHER_DISTRICT, 1, 0)
    assert (star.version, star.data["lifetime_minutes"]) == (3, HUNDRED_HOURS)


@pytest.mark.row(59)
async def test_a_late_correction_where_they_left_follows_and_the_star_stays(assessment: Reading, core: Core) -> None:
    person = new_id()
    record = served(person, HUNDRED_HOURS)
    await somebody(core, record)
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    await core.handle(corrected(record, 30))
    await work_off(core)
    assert await hours(assessment, person) == (30, 1, 1)
    assert await carried(core, person) == {(OTHER_DISTRICT, DISTRICT): (30, 1, 1)}
    await core.handle(corrected(record, 0, previous=30, version=3))
    await work_off(core)
    assert await hours(assessment, person) == (0, 0, 1)


@pytest.mark.row(59)
async def test_a_late_import_where_they_left_follows_with_the_star_it_gives(assessment: Reading, core: Core) -> None:
    person, import_id = new_id(), new_id()
    await somebody(core, served(person, 60))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    late = [served(person, HUNDRED_HOURS, import_id=import_id), served(new_id(), 30, import_id=import_id)]
    await core.handle(late[0])
    await work_off(core)
    assert await hours(assessment, person) == (HUNDRED_HOURS + 60, 2, 1)
    await core.handle(late[1], imported(late, import_id))
    await work_off(core)
    assert await carried(core, person) == {(OTHER_DISTRICT, DISTRICT): (HUNDRED_HOURS + 60, 2, 1)}


@pytest.mark.row(59)
async def test_a_credit_that_committed_beside_the_move_is_carried_an_hour_later(
    assessment: Reading, core: Core
) -> None:
    person = new_id()
    await somebody(core, served(person, 60))
    async with core.worker.transaction() as tx:  # has looked for who has moved, and found nobody
        await enter_in_ledger(tx, [served(person, 30)])
        await moves(core, person, OTHER_DISTRICT, DISTRICT)
    assert await hours(assessment, person) == (60, 1, 0)
    await an_hour_passes(core)
    assert await hours(assessment, person) == (90, 2, 0)


@pytest.mark.row(59)
async def test_a_star_that_a_credit_gives_beside_a_run_stays(assessment: Reading, core: Core) -> None:
    person = new_id()
    record = served(person, 60)
    await somebody(core, record)
    await core.handle(served(person, 10, district=OTHER_DISTRICT))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    await core.handle(corrected(record, 50))

    async def waits() -> bool:
        return bool(await core.rows("SELECT pid FROM pg_locks WHERE NOT granted"))

    async with core.worker.transaction() as tx:
        await reactions("assessment").react(tx, [served(person, HUNDRED_HOURS, district=OTHER_DISTRICT)])
        at_work = asyncio.create_task(work_off(core))
        await eventually(waits)
    await at_work
    assert await hours(assessment, person) == (HUNDRED_HOURS + 60, 3, 1)
    assert [row.data["level"] for row in await core.announced("StarLevelReached")] == [1]


@pytest.mark.row(59)
async def test_who_moves_on_or_comes_back_has_each_district_once(assessment: Reading, core: Core) -> None:
    person = new_id()
    first = served(person, 60)
    await somebody(core, first)
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    await core.handle(served(person, 20, district=OTHER_DISTRICT))
    await moves(core, person, THIRD_DISTRICT, OTHER_DISTRICT)
    assert await hours(assessment, person, THIRD_DISTRICT) == (80, 2, 0)
    await core.handle(served(person, 7, district=THIRD_DISTRICT), served(person, 3, district=OTHER_DISTRICT))
    await core.handle(corrected(first, 50))
    await work_off(core)
    assert await hours(assessment, person, THIRD_DISTRICT) == (80, 4, 0)
    await moves(core, person, DISTRICT, THIRD_DISTRICT)
    for _ in range(2):
        everywhere = [
            await hours(assessment, person, district) for district in (DISTRICT, OTHER_DISTRICT, THIRD_DISTRICT)
        ]
        assert everywhere == [(80, 4, 0)] * 3
        await an_hour_passes(core)
    await core.handle(served(person, HUNDRED_HOURS))
    await work_off(core)
    stars = [(await hours(assessment, person, d))[2] for d in (DISTRICT, OTHER_DISTRICT, THIRD_DISTRICT)]
    assert stars == [1, 1, 1]
    assert [row.district for row in await core.announced("StarLevelReached")] == [DISTRICT]


@pytest.mark.row(59)
async def test_the_districts_figures_together_count_nothing_twice(assessment: Reading, core: Core) -> None:
    person = new_id()
    await somebody(core, served(person, 60 * 60, "2025-03-01T09:00+08:00"))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    await core.handle(served(person, 120, "2025-04-01T09:00+08:00", district=OTHER_DISTRICT))
    readers = [assessment.reader(Role.AUDITOR, district=district) for district in (DISTRICT, OTHER_DISTRICT)]
    for by in ({}, {"by": "month"}, {"by": "station"}, {"by": "category"}, {"from": "2025-01-01"}):
        shown = [await reader.get("/v1/statistics", **by) for reader in readers]
        assert [(one["minutes"], one["sessions"]) for one in shown] == [(3600, 1), (120, 1)], by
        for one in shown:
            assert sum(group["minutes"] for group in one["groups"]) == (one["minutes"] if one["groups"] else 0)
    public = [
        (await assessment.client.get("/v1/public/figures", params={"district": district})).json()["hours"]
        for district in (DISTRICT, OTHER_DISTRICT)
    ]
    assert public == [60, 2]
    [preview] = [await readers[1].get("/v1/assessments/2025/preview")]
    assert preview["eligible"] == 0  # of the year they have two hours here
    for served_only in ({}, {"served": "true"}):
        [line] = await readers[1].pages("/v1/volunteer-hours", **served_only)
        assert (line["minutes"], line["sessions"], line["lifetime_minutes"]) == (120, 1, 3720)


@pytest.mark.row(59)
async def test_who_has_only_moved_is_listed_with_their_lifetime_and_counted_as_no_volunteer_of_the_period(
    assessment: Reading, core: Core
) -> None:
    person = await somebody(core, served(new_id(), 60))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    reader = assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT)
    [line] = await reader.pages("/v1/volunteer-hours")
    assert (line["minutes"], line["sessions"], line["lifetime_minutes"]) == (0, 0, 60)
    shown = await reader.get("/v1/statistics")
    assert (shown["minutes"], shown["sessions"], shown["volunteers"]) == (0, 0, 0)


@pytest.mark.row(59)
async def test_of_two_entries_of_one_person_both_are_carried_and_counted(assessment: Reading, core: Core) -> None:
    kept, other = new_id(), new_id()
    await somebody(core, served(kept, 60))
    await somebody(core, served(other, 90))
    await core.handle(merged(other, kept))
    await moves(core, kept, OTHER_DISTRICT, DISTRICT)
    assert await hours(assessment, kept) == (150, 2, 0)
    late = served(other, 5)
    await core.handle(late)
    await work_off(core)
    assert await hours(assessment, kept) == (155, 3, 0)
    await core.handle(undone(other, kept))
    await work_off(core)
    assert await hours(assessment, kept) == (60, 1, 0)


@pytest.mark.row(59)
async def test_a_merger_here_takes_along_what_was_carried_and_undoing_leaves_it_as_it_was(
    assessment: Reading, core: Core
) -> None:
    moved_here, of_here = new_id(), new_id()
    await somebody(core, served(moved_here, HUNDRED_HOURS))
    await moves(core, moved_here, OTHER_DISTRICT, DISTRICT)
    await core.handle(registered(of_here, "H1", district=OTHER_DISTRICT), served(of_here, 60, district=OTHER_DISTRICT))
    merger, undoing = merged(moved_here, of_here), undone(moved_here, of_here)
    for each in (merger, undoing):
        await core.handle(Received(each.attributes._replace(district=OTHER_DISTRICT), each.data))
        if each.data is merger.data:
            assert await hours(assessment, of_here) == (HUNDRED_HOURS + 60, 2, 1)
    assert await hours(assessment, of_here) == (60, 1, 0)
    assert await hours(assessment, moved_here) == (HUNDRED_HOURS, 1, 1)


@pytest.mark.row(59)
async def test_a_district_sees_what_was_carried_to_it_alone_and_changes_nothing_of_it(core: Core) -> None:
    person = await somebody(core, served(new_id(), 60))
    await moves(core, person, OTHER_DISTRICT, DISTRICT)
    api = Store(core.urls.api)
    try:
        for district, seen in ((OTHER_DISTRICT, 1), (DISTRICT, 0)):
            async with api.transaction(district) as tx:
                assert await tx.scalar(text("SELECT count(*) FROM carried_hours")) == seen
    finally:
        await api.close()

"""Row 19: where two entries are one person, hours are neither lost nor counted twice, and undoing leaves no trace."""

from itertools import permutations
from typing import Any
from uuid import UUID

import pytest

from shared.contracts import VolunteerMergeUndone, VolunteersMerged
from shared.contracts.actor import Role
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import MORNING, corrected, imported, logged, rated, received
from tests.integration.assessment.reading import Reading, by_code, served

HUNDRED_HOURS = 6000


def merged(merged_id: UUID, kept_id: UUID, version: int = 2) -> Received[Any]:
    data = VolunteersMerged(volunteer_id=merged_id, volunteer_no="M", kept_id=kept_id, kept_no="K", merged_at=MORNING)
    return received(data, merged_id, version)


def undone(merged_id: UUID, kept_id: UUID, version: int = 3) -> Received[Any]:
    data = VolunteerMergeUndone(
        volunteer_id=merged_id, volunteer_no="M", kept_id=kept_id, kept_no="K", undone_at=MORNING
    )
    return received(data, merged_id, version)


async def everything(assessment: Reading, *volunteers: UUID) -> list[Any]:
    """Return all figures that somebody sees who has to do with these people."""
    auditor = assessment.auditor
    shown = [await auditor.get("/v1/statistics"), await auditor.get("/v1/statistics", by="category")]
    shown.append(await auditor.get("/v1/statistics", **{"from": "2025-01-01", "to": "2026-01-01", "by": "month"}))
    shown.append(await auditor.get("/v1/statistics", by="team"))
    shown.append(await auditor.get("/v1/statistics/stars"))
    shown.append(await auditor.get("/v1/assessments/2025/preview"))
    shown.append(await auditor.pages("/v1/volunteer-hours"))
    shown.append(await auditor.pages("/v1/volunteer-hours", served="true"))
    for volunteer_id in volunteers:
        shown.append(await auditor.get(f"/v1/volunteers/{volunteer_id}/hours"))
        shown.append(await auditor.pages(f"/v1/volunteers/{volunteer_id}/ledger"))
    for figures in shown[:4]:
        del figures["as_of"]
    return shown


async def hours(assessment: Reading, volunteer_id: UUID) -> tuple[int, int, int]:
    shown = await assessment.auditor.get(f"/v1/volunteers/{volunteer_id}/hours")
    return shown["lifetime_minutes"], shown["sessions"], shown["stars"]


@pytest.mark.row(19)
async def test_the_kept_one_has_the_sum_statistics_count_one_person_and_undoing_is_exact(assessment: Reading) -> None:
    first, second = await assessment.team("T1"), await assessment.team("T2")
    kept = await assessment.volunteer("V1", category="university_student", team_id=first)
    other = await assessment.volunteer("V2", category="resident", team_id=second)
    own = [served(kept, 300, f"2025-0{month}-03T09:00+08:00", rating=4) for month in (1, 2)]
    theirs = [served(other, 400, f"2025-0{month}-05T09:00+08:00", rating=5) for month in (2, 3)]
    await assessment.handle(*own, *theirs)
    await assessment.handle(corrected(theirs[0], 350), rated(theirs[1], 3, version=2))
    before = await everything(assessment, kept, other)
    assert before[0]["volunteers"] == 2
    assert before[5]["eligible"] == 0  # 20 hours in three months, which neither has alone

    await assessment.handle(merged(other, kept))
    assert await hours(assessment, kept) == (1350, 4, 0)
    assert await hours(assessment, other) == (0, 0, 0)
    totals = await assessment.auditor.get("/v1/statistics")
    assert (totals["minutes"], totals["sessions"], totals["volunteers"]) == (1350, 4, 1)
    by_category = await assessment.auditor.get("/v1/statistics", by="category")
    assert by_code(by_category["groups"]) == {"university_student": (1350, 4, 1)}
    by_month = await assessment.auditor.get("/v1/statistics", by="month")
    assert by_code(by_month["groups"])["2025-02"] == (650, 2, 1)
    by_team = await assessment.auditor.get("/v1/statistics", by="team")  # what was served in a team stays its own
    assert by_code(by_team["groups"]) == {"T1": (600, 2, 1), "T2": (750, 2, 1)}
    preview = await assessment.auditor.get("/v1/assessments/2025/preview")
    [nominated] = preview["nominations"]
    assert (nominated["volunteer_no"], nominated["minutes"], nominated["months"]) == ("V1", 1350, 3)
    assert nominated["ratings"] == 5
    assert [one["volunteer_no"] for one in await assessment.auditor.pages("/v1/volunteer-hours")] == ["V1"]

    await assessment.handle(undone(other, kept))
    assert await everything(assessment, kept, other) == before


@pytest.mark.row(19)
async def test_the_ledger_of_both_says_what_went_where_and_each_adds_up(assessment: Reading) -> None:
    kept, other = await assessment.volunteer(), await assessment.volunteer()
    own, theirs = served(kept, 60), served(other, 90, "2025-04-01T09:00+08:00")
    await assessment.handle(own, theirs)
    await assessment.handle(corrected(theirs, 80))
    await assessment.handle(merged(other, kept))
    path = "/v1/volunteers/{}/ledger"
    entries = await assessment.auditor.pages(path.format(kept))
    assert [(one["kind"], one["minutes"], one["merged_id"]) for one in entries] == [
        ("correction", 80, str(other)),
        ("reversal", -90, str(other)),
        ("credit", 90, str(other)),
        ("credit", 60, None),
    ]
    assert {one["provenance"] for one in entries} == {"leader"}
    given = await assessment.auditor.pages(path.format(other))
    assert sum(one["minutes"] for one in given) == 0
    assert sorted(one["minutes"] for one in given if one["kind"] == "transfer") == [-90, -80, 90]
    assert {one["merged_id"] for one in given if one["kind"] == "transfer"} == {str(kept)}
    for limit in (1, 2):
        assert await assessment.auditor.pages(path.format(kept), limit=limit) == entries
        assert await assessment.auditor.pages(path.format(other), limit=limit) == given


@pytest.mark.row(19)
async def test_in_whatever_order_topics_are_read_the_hours_are_the_same(assessment: Reading) -> None:
    """A record, its correction and the merger come by two topics; a record's own events alone keep their order."""
    seen = set()
    for order in permutations(range(3)):
        kept, other = await assessment.volunteer(), await assessment.volunteer()
        record = served(other, 120)
        events = [record, corrected(record, 100), merged(other, kept)]
        if order.index(0) > order.index(1):
            continue
        for each in order:
            await assessment.handle(events[each])
        seen.add((await hours(assessment, kept), await hours(assessment, other)))
    assert seen == {((100, 1, 0), (0, 0, 0))}


@pytest.mark.row(19)
@pytest.mark.row(49)
async def test_the_sum_gives_a_star_which_goes_with_undoing_and_what_was_awarded_before_stays(core: Core) -> None:
    kept, other = new_id(), new_id()
    await core.handle(logged(kept, HUNDRED_HOURS - 60), logged(other, HUNDRED_HOURS - 60))
    await core.handle(merged(other, kept))
    [star] = await core.announced("StarLevelReached")
    assert (star.aggregate_id, star.data["level"], star.data["lifetime_minutes"]) == (kept, 1, 2 * HUNDRED_HOURS - 120)
    await core.handle(undone(other, kept))
    [fallen] = await core.announced("StarLevelRestated")
    assert (fallen.aggregate_id, fallen.data["level"], fallen.data["previous_level"]) == (kept, 0, 1)
    assert fallen.data["lifetime_minutes"] == HUNDRED_HOURS - 60
    assert [row.version for row in await core.announced() if row.aggregate_id == kept] == [1, 2, 3]

    awarded, record = new_id(), logged(new_id(), 60)
    lost = logged(awarded, 60)
    await core.handle(lost, logged(awarded, HUNDRED_HOURS - 60), record)
    await core.handle(corrected(lost, 0))  # takes hours, and no star
    third = record.data.volunteer_id
    await core.handle(merged(third, awarded))
    await core.handle(undone(third, awarded))
    assert (await core.hours(awarded))[2] == 1
    assert len(await core.announced("StarLevelRestated")) == 1


@pytest.mark.row(19)
async def test_a_star_of_the_merged_one_is_the_person_s(core: Core) -> None:
    kept, other = new_id(), new_id()
    await core.handle(logged(kept, 60), logged(other, HUNDRED_HOURS))
    await core.handle(merged(other, kept))
    assert (await core.hours(kept))[2] == 1
    await core.handle(undone(other, kept))
    assert [(await core.hours(each))[2] for each in (kept, other)] == [0, 1]


@pytest.mark.row(19)
async def test_of_two_that_were_merged_into_one_the_stars_stay_that_the_other_gives(core: Core) -> None:
    kept, one, two = new_id(), new_id(), new_id()
    await core.handle(logged(kept, 60), logged(one, HUNDRED_HOURS - 60), logged(two, 60))
    await core.handle(merged(one, kept))
    await core.handle(merged(two, kept))
    await core.handle(undone(two, kept))
    assert (await core.hours(kept))[2] == 1
    await core.handle(undone(one, kept))
    assert (await core.hours(kept))[2] == 0


@pytest.mark.row(19)
async def test_what_is_entered_later_under_the_merged_number_is_told_to_the_person(core: Core) -> None:
    kept, other, import_id = new_id(), new_id(), new_id()
    record = logged(other, 60)
    await core.handle(logged(kept, 30), record)
    await core.handle(merged(other, kept))
    await core.handle(corrected(record, 50))
    [told] = await core.announced("HoursCorrected")
    assert (told.aggregate_id, told.data["volunteer_id"], told.data["lifetime_minutes"]) == (kept, str(kept), 80)
    late = [logged(other, HUNDRED_HOURS, import_id=import_id)]
    await core.handle(*late, imported(late, import_id))
    [star] = await core.announced("StarLevelReached")
    assert (star.aggregate_id, star.data["import_id"]) == (kept, str(import_id))


@pytest.mark.row(19)
async def test_minutes_of_the_same_time_are_shown_to_the_office_before_and_after(assessment: Reading) -> None:
    kept, other = await assessment.volunteer(), await assessment.volunteer()
    own = served(kept, 120, "2025-03-01T09:00+08:00")
    theirs = served(other, 60, "2025-03-01T10:30+08:00")
    beside = served(other, 60, "2025-03-01T12:00+08:00")
    await assessment.handle(own, theirs, beside)
    office = assessment.reader(Role.DISTRICT_ADMIN)
    for step in ([], [merged(other, kept)]):
        await assessment.handle(*step)
        shown = await office.get(f"/v1/volunteers/{kept}/overlaps/{other}")
        assert (shown["minutes"], shown["records"]) == (30, 1)
        [one] = shown["items"]
        assert (one["kept_record_id"], one["merged_record_id"]) == (str(own.data.record_id), str(theirs.data.record_id))
        assert one["started_at"] == "2025-03-01T02:30:00Z"
    assert (await hours(assessment, kept))[0] == 240  # they count, until one of the records is put right
    await assessment.handle(corrected(theirs, 0))
    assert (await office.get(f"/v1/volunteers/{kept}/overlaps/{other}"))["minutes"] == 0
    assert (await hours(assessment, kept))[0] == 180

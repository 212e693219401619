"""A district's figures."""

from datetime import UTC, datetime

import pytest

from shared.contracts import Provenance, TeamClosed
from shared.store.event_log import new_id
from tests.integration.assessment.events import corrected, received
from tests.integration.assessment.reading import Reading, by_code, moved, registered, served


async def test_statistics_add_up_whatever_they_are_grouped_by(assessment: Reading) -> None:
    first, second = await assessment.station("510115-STA-01"), await assessment.station("510115-STA-02")
    team = await assessment.team("510115-TEAM-001")
    ann = await assessment.volunteer(category="university_student", team_id=team)
    bob = await assessment.volunteer(category="resident")
    await assessment.handle(
        served(ann, 60, "2025-01-01T09:00+08:00", station_id=first, service="law"),
        served(ann, 120, "2025-01-02T09:00+08:00", station_id=second),
        served(bob, 30, "2025-02-01T09:00+08:00", station_id=second),
        served(bob, 10, "2025-02-02T09:00+08:00", station_id=new_id()),  # of a station not heard of yet
    )

    async def groups(by: str) -> dict[str | None, tuple[int, int, int]]:
        figures = await assessment.auditor.get("/v1/statistics", by=by)
        assert (figures["minutes"], figures["sessions"], figures["volunteers"]) == (220, 4, 2)
        return by_code(figures["groups"])

    assert await groups("station") == {
        "510115-STA-01": (60, 1, 1),
        "510115-STA-02": (150, 2, 2),
        None: (10, 1, 1),
    }
    assert await groups("team") == {"510115-TEAM-001": (180, 2, 1), None: (40, 2, 1)}
    assert await groups("service") == {"law": (60, 1, 1), "culture": (160, 3, 2)}
    assert await groups("month") == {"2025-01": (180, 2, 1), "2025-02": (40, 2, 1)}
    assert await groups("category") == {"university_student": (180, 2, 1), "resident": (40, 2, 1)}
    named = (await assessment.auditor.get("/v1/statistics", by="station"))["groups"]
    assert [group["name"] for group in named] == ["站 510115-STA-01", "站 510115-STA-02", None]
    assert (await assessment.auditor.get("/v1/statistics"))["groups"] == []


async def test_a_session_counts_for_the_team_of_its_time_and_so_does_its_correction(assessment: Reading) -> None:
    old, new = await assessment.team("T-OLD"), await assessment.team("T-NEW")
    volunteer_id = new_id()
    joined, left = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    await assessment.handle(registered(volunteer_id, "V1", team_id=old, at=joined))
    await assessment.handle(moved(volunteer_id, "V1", new, version=2, at=left))
    before = served(volunteer_id, 1, "2025-01-01T09:00+08:00")  # before registry had told of any team
    during, after = served(volunteer_id, 20, "2025-02-10T09:00+08:00"), served(volunteer_id, 300, "2025-03-10T09:00Z")
    await assessment.handle(before, during, after)
    await assessment.handle(corrected(during, 10))
    figures = await assessment.auditor.get("/v1/statistics", by="team")
    assert by_code(figures["groups"]) == {"T-OLD": (11, 2, 1), "T-NEW": (300, 1, 1)}


@pytest.mark.row(9)
async def test_a_merger_of_teams_loses_no_hour_and_doubles_none_and_the_past_stays_where_it_was(
    assessment: Reading,
) -> None:
    gone, into = await assessment.team("T-MERGED"), await assessment.team("T-INTO")
    member, other = new_id(), new_id()
    joined, merged = datetime(2025, 2, 1, tzinfo=UTC), datetime(2025, 3, 1, tzinfo=UTC)
    await assessment.handle(registered(member, "V1", team_id=gone, at=joined))
    await assessment.handle(registered(other, "V2", team_id=into, at=joined))
    early = [served(member, 20, "2025-02-10T09:00+08:00"), served(other, 7, "2025-02-10T09:00+08:00")]
    await assessment.handle(*early)
    before = await assessment.auditor.get("/v1/statistics", by="team")
    ended = TeamClosed(
        team_id=gone,
        code="T-MERGED",
        name="队 T-MERGED",
        kind="community",
        closed_on=merged.date(),
        merged_into_id=into,
    )
    await assessment.handle(received(ended, gone, 2))
    await assessment.handle(moved(member, "V1", into, version=2, at=merged))
    after = await assessment.auditor.get("/v1/statistics", by="team")
    assert by_code(after["groups"]) == by_code(before["groups"]) == {"T-MERGED": (20, 1, 1), "T-INTO": (7, 1, 1)}
    await assessment.handle(served(member, 300, "2025-03-10T09:00Z"))
    figures = await assessment.auditor.get("/v1/statistics", by="team")
    assert by_code(figures["groups"]) == {"T-MERGED": (20, 1, 1), "T-INTO": (307, 2, 2)}
    assert figures["minutes"] == before["minutes"] + 300


async def test_a_period_is_of_local_days_from_the_first_until_before_the_last(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer()
    await assessment.handle(
        served(volunteer_id, 1, "2024-12-04T23:59+08:00"),
        served(volunteer_id, 20, "2024-12-05T00:00+08:00"),
        served(volunteer_id, 300, "2025-12-04T15:59:59Z"),
        served(volunteer_id, 4000, "2025-12-04T16:00:00Z"),
    )

    async def minutes(**period: str) -> int:
        figures = await assessment.auditor.get("/v1/statistics", **period)
        listed = await assessment.auditor.get("/v1/volunteer-hours", **period)
        assert [item["minutes"] for item in listed["items"]] == [figures["minutes"]]
        return int(figures["minutes"])

    assert await minutes(**{"from": "2024-12-05", "to": "2025-12-05"}) == 320
    assert await minutes(**{"from": "2024-12-05"}) == 4320
    assert await minutes(to="2024-12-05") == 1
    assert await minutes(**{"from": "2025-01-01", "to": "2025-01-01"}) == 0


@pytest.mark.row(41)
async def test_figures_can_be_of_one_provenance(assessment: Reading) -> None:
    volunteer_id, import_id = await assessment.volunteer("V1"), new_id()
    await assessment.handle(
        served(volunteer_id, 1, provenance=Provenance.SELF_CHECK_IN),
        served(volunteer_id, 20, provenance=Provenance.LEADER),
        served(volunteer_id, 300, import_id=import_id),
    )
    figures = {
        provenance: (await assessment.auditor.get("/v1/statistics", provenance=provenance))["minutes"]
        for provenance in Provenance
    }
    assert figures == {"self_check_in": 1, "leader": 20, "import": 300}
    assert (await assessment.auditor.get("/v1/volunteer-hours", provenance="import"))["items"] == [
        {
            "volunteer_no": "V1",
            "category": "resident",
            "minutes": 300,
            "sessions": 1,
            "lifetime_minutes": 321,
            "stars": 0,
        }
    ]


async def test_a_void_record_leaves_no_trace_in_figures(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer()
    void = served(volunteer_id, 60)
    await assessment.handle(void, corrected(void, 0))
    figures = await assessment.auditor.get("/v1/statistics", by="service")
    del figures["as_of"]
    assert figures == {"minutes": 0, "sessions": 0, "volunteers": 0, "groups": []}
    assert all(level["volunteers"] == 0 for level in (await assessment.auditor.get("/v1/statistics/stars"))["levels"])


async def test_star_levels_count_everybody_with_service(assessment: Reading) -> None:
    one, two, three, _idle = [await assessment.volunteer() for _ in range(4)]
    await assessment.handle(served(one, 5999), served(two, 6000), served(three, 18_000))
    stars = await assessment.auditor.get("/v1/statistics/stars")
    assert stars["rule_set"] == "510115/2025.1"
    assert [(level["level"], level["volunteers"]) for level in stars["levels"]] == [
        (0, 1),
        (1, 1),
        (2, 1),
        (3, 0),
        (4, 0),
        (5, 0),
    ]


async def test_volunteers_are_listed_by_number_on_pages_of_any_size(assessment: Reading) -> None:
    volunteers = {f"V{n}": await assessment.volunteer(f"V{n}") for n in (3, 1, 4, 2)}
    await assessment.handle(*(served(volunteers[number], 60) for number in ("V1", "V3", "V4")))
    for limit in (1, 2, 3, 1000):
        listed = await assessment.auditor.pages("/v1/volunteer-hours", limit=limit)
        assert [item["volunteer_no"] for item in listed] == ["V1", "V3", "V4"]

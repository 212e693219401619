"""Hours, ledger, statistics and the preview of a year over HTTP, on a ledger that real events have filled."""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from fractions import Fraction
from math import floor
from uuid import UUID

import httpx
import pytest

from shared.contracts import Provenance, ServiceLogged
from shared.contracts.actor import Role
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.conftest import DISTRICT, OTHER_DISTRICT, Core, corrected, imported
from tests.integration.assessment.reading import Reading, by_code, moved, reading, registered, served

STAFF = {Role.TEAM_LEADER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR}


@pytest.fixture
async def assessment(core: Core) -> AsyncIterator[Reading]:
    async with reading(core) as under_test:
        yield under_test


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/me/hours", {Role.VOLUNTEER}),
        ("/v1/volunteers/{volunteer_id}/hours", STAFF | {Role.VOLUNTEER}),
        ("/v1/volunteers/{volunteer_id}/ledger", STAFF | {Role.VOLUNTEER}),
        ("/v1/volunteer-hours", STAFF),
        ("/v1/statistics", STAFF),
        ("/v1/statistics/stars", STAFF),
        ("/v1/imports/{volunteer_id}/progress", STAFF),
        ("/v1/rule-sets/current", set(Role)),
        ("/v1/assessments/2025/preview", STAFF),
    ],
)
async def test_who_may_read_what(assessment: Reading, path: str, allowed: set[Role]) -> None:
    volunteer_id = await assessment.volunteer()
    url = path.format(volunteer_id=volunteer_id)
    let_in = set()
    for role in Role:
        response = await assessment.reader(role, volunteer_id=volunteer_id).send(url)
        assert response.status_code in (200, 403), response.text
        if response.status_code == 200:
            let_in.add(role)
    assert let_in == allowed
    assert (await assessment.client.get(url)).status_code == 401


async def test_a_volunteer_sees_their_own_account_and_no_other(assessment: Reading) -> None:
    own, other = await assessment.volunteer(), await assessment.volunteer()
    volunteer = assessment.reader(Role.VOLUNTEER, volunteer_id=own)
    assert (await volunteer.get("/v1/me/hours")) == await volunteer.get(f"/v1/volunteers/{own}/hours")
    for path in ("hours", "ledger"):
        assert (await volunteer.send(f"/v1/volunteers/{other}/{path}")).status_code == 403
    nobody = assessment.reader(Role.VOLUNTEER)
    assert (await nobody.send("/v1/me/hours")).status_code == 403


@pytest.mark.parametrize("path", ["hours", "ledger"])
async def test_an_unknown_volunteer_is_not_found(assessment: Reading, path: str) -> None:
    response = await assessment.auditor.send(f"/v1/volunteers/{new_id()}/{path}")
    assert response.status_code == 404
    assert [fault["field"] for fault in response.json()["faults"]] == ["volunteer_id"]


async def test_hours_are_shown_as_they_are_after_corrections_by_month_and_by_service(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer("V7", category="professional")
    kept = served(volunteer_id, 5000, "2025-01-01T00:00+08:00")  # still 2024 in UTC
    lowered = served(volunteer_id, 2000, "2025-03-01T09:00+08:00", service="law")
    void = served(volunteer_id, 60, "2025-04-01T09:00+08:00", service="youth")
    await assessment.handle(kept, lowered, void)
    await assessment.handle(corrected(lowered, 1100), corrected(void, 0))
    assert await assessment.auditor.get(f"/v1/volunteers/{volunteer_id}/hours") == {
        "volunteer_id": str(volunteer_id),
        "volunteer_no": "V7",
        "category": "professional",
        "lifetime_minutes": 6100,
        "sessions": 2,
        "stars": 1,
        "next_level": 2,
        "minutes_to_next_level": 18_000 - 6100,
        "rule_set": "510115/2025.1",
        "by_month": [
            {"month": "2025-01", "minutes": 5000, "sessions": 1},
            {"month": "2025-03", "minutes": 1100, "sessions": 1},
        ],
        "by_service": [
            {"service": "culture", "minutes": 5000, "sessions": 1},
            {"service": "law", "minutes": 1100, "sessions": 1},
        ],
    }


async def test_somebody_who_has_not_served_has_no_hours_and_no_star(assessment: Reading) -> None:
    hours = await assessment.auditor.get(f"/v1/volunteers/{await assessment.volunteer()}/hours")
    assert (hours["lifetime_minutes"], hours["sessions"], hours["stars"], hours["minutes_to_next_level"]) == (
        0,
        0,
        0,
        6000,
    )
    assert hours["by_month"] == hours["by_service"] == []


async def test_at_the_highest_level_nothing_is_missing(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer()
    await assessment.handle(*(served(volunteer_id, 30_000) for _ in range(3)))
    hours = await assessment.auditor.get(f"/v1/volunteers/{volunteer_id}/hours")
    assert (hours["stars"], hours["next_level"], hours["minutes_to_next_level"]) == (5, None, None)


async def test_the_ledger_shows_every_entry_once_latest_service_first_on_pages_of_any_size(assessment: Reading) -> None:
    volunteer_id = await assessment.volunteer()
    early = served(volunteer_id, 60, "2025-01-01T09:00+08:00", rating=5)
    late = served(volunteer_id, 90, "2025-02-01T09:00+08:00")
    same_time = served(volunteer_id, 30, "2025-02-01T09:00+08:00")
    correction, voiding = corrected(early, 50), corrected(early, 0, previous=50, version=3)
    await assessment.handle(early, late, same_time)
    await assessment.handle(correction)
    await assessment.handle(voiding)
    path = f"/v1/volunteers/{volunteer_id}/ledger"
    entries = await assessment.auditor.pages(path)
    told = [(entry["kind"], entry["minutes"], entry["event_id"]) for entry in entries]
    assert sorted(told[:2]) == sorted(
        [("credit", 90, str(late.attributes.id)), ("credit", 30, str(same_time.attributes.id))]
    )
    assert told[2:] == [
        ("reversal", -50, str(voiding.attributes.id)),
        ("correction", 50, str(correction.attributes.id)),
        ("reversal", -60, str(correction.attributes.id)),
        ("credit", 60, str(early.attributes.id)),
    ]
    assert entries[-1]["record_id"] == str(early.data.record_id)
    assert (entries[-1]["provenance"], entries[-1]["rating"]) == ("leader", 5)
    for limit in (1, 2, 5, 6):
        assert await assessment.auditor.pages(path, limit=limit) == entries


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


async def test_the_progress_of_an_import(assessment: Reading) -> None:
    volunteer_id, import_id = await assessment.volunteer(), new_id()
    path = f"/v1/imports/{import_id}/progress"

    async def progress() -> tuple[int, int, int | None, int | None, bool]:
        told = await assessment.auditor.get(path)
        assert told["import_id"] == str(import_id)
        return (
            told["credited_records"],
            told["credited_minutes"],
            told["expected_records"],
            told["expected_minutes"],
            told["closed"],
        )

    records = [served(volunteer_id, 60, import_id=import_id) for _ in range(2)]
    assert await progress() == (0, 0, None, None, False)
    await assessment.handle(records[0])
    assert await progress() == (1, 60, None, None, False)
    await assessment.handle(imported(records, import_id))
    assert await progress() == (1, 60, 2, 120, False)
    await assessment.handle(records[1])
    assert await progress() == (2, 120, 2, 120, True)


async def test_rules_in_force_are_the_districts_own_or_the_platforms(assessment: Reading) -> None:
    own = await assessment.reader(Role.VOLUNTEER).get("/v1/rule-sets/current")
    assert (own["name"], own["star_hours"]) == ("510115/2025.1", [100, 300, 600, 1000, 1500])
    other = await assessment.reader(Role.VOLUNTEER, district=OTHER_DISTRICT).get("/v1/rule-sets/current")
    assert other["name"] == "default/2025.1"


@pytest.mark.parametrize(
    ("path", "parameters", "fault"),
    [
        ("/v1/statistics", {"from": "2025-02-30"}, ("from", "date")),
        ("/v1/statistics", {"to": "tomorrow"}, ("to", "date")),
        ("/v1/statistics", {"from": "2025-02-01", "to": "2025-01-31"}, ("to", "out_of_range")),
        ("/v1/statistics", {"by": "colour"}, ("by", "unknown_value")),
        ("/v1/statistics", {"provenance": "hearsay"}, ("provenance", "unknown_value")),
        ("/v1/volunteer-hours", {"limit": 1001}, ("limit", "out_of_range")),
        ("/v1/volunteer-hours", {"cursor": "%"}, ("cursor", "format")),
        ("/v1/volunteer-hours", {"cursor": "WyIxIiwiMiJd"}, ("cursor", "format")),  # ["1","2"]
        (f"/v1/volunteers/{UUID(int=1)}/ledger", {"cursor": "WyIxIiwiMiIsIjMiLCI0Il0"}, ("cursor", "format")),
        ("/v1/assessments/1066/preview", {}, ("year", "out_of_range")),
        ("/v1/imports/1/progress", {}, ("import_id", "format")),
    ],
)
async def test_bad_parameters_are_refused_by_name(
    assessment: Reading, path: str, parameters: dict[str, str], fault: tuple[str, str]
) -> None:
    assert await assessment.auditor.faults(path, **parameters) == [fault]


async def test_another_district_sees_nothing_of_this_one(assessment: Reading) -> None:
    volunteer_id, import_id = await assessment.volunteer(), new_id()
    record = served(volunteer_id, 6000, station_id=await assessment.station(), import_id=import_id)
    await assessment.handle(record, imported([record], import_id))
    neighbour = assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT)
    assert (await neighbour.send(f"/v1/volunteers/{volunteer_id}/hours")).status_code == 404
    assert (await neighbour.send(f"/v1/volunteers/{volunteer_id}/ledger")).status_code == 404
    assert (await neighbour.get("/v1/volunteer-hours"))["items"] == []
    assert (await neighbour.get("/v1/statistics", by="station"))["minutes"] == 0
    assert all(level["volunteers"] == 0 for level in (await neighbour.get("/v1/statistics/stars"))["levels"])
    assert (await neighbour.get(f"/v1/imports/{import_id}/progress"))["credited_records"] == 0
    assert (await neighbour.get("/v1/assessments/2025/preview"))["eligible"] == 0


def _sessions(
    volunteer_id: UUID, minutes: int, months: int, ratings: Sequence[int] = ()
) -> list[Received[ServiceLogged]]:
    """Spread minutes over months of 2025, each session in its month's first days, with ratings from the first on."""
    sessions = max(months, len(ratings))
    share, rest = divmod(minutes, sessions)
    return [
        served(
            volunteer_id,
            share + (rest if n == 0 else 0),
            f"2025-{n % months + 1:02}-{n // months + 1:02}T09:00+08:00",
            rating=ratings[n] if n < len(ratings) else None,
        )
        for n in range(sessions)
    ]


def _score(minutes: int, months: int, ratings: list[int]) -> Fraction:
    """Work out the score exactly as the rules say it."""
    rating = Fraction(sum(ratings) + 12, len(ratings) + 3)
    hours = min(Fraction(minutes, 6000), Fraction(1))
    return 60 * hours + Fraction(20 * months, 12) + 5 * (rating - 1)


@pytest.mark.parametrize(
    ("minutes", "months", "ratings", "shown"),
    [
        (6000, 11, [5] * 11, None),
        (1201, 3, [], None),
        (2003, 7, [1, 2, 3, 4], None),
        (1205, 3, [5] + [4] * 28, "32.2063"),  # 32.20625 exactly: a half goes up
    ],
)
async def test_a_score_is_exact_and_rounded_half_up(
    assessment: Reading, minutes: int, months: int, ratings: list[int], shown: str | None
) -> None:
    volunteer_id = await assessment.volunteer()
    await assessment.handle(*_sessions(volunteer_id, minutes, months, ratings))
    (nomination,) = (await assessment.auditor.get("/v1/assessments/2025/preview"))["nominations"]
    exact = _score(minutes, months, ratings)
    assert nomination["score"] == f"{floor(exact * 10_000 + Fraction(1, 2)) / 10_000:.4f}"
    assert shown in (None, nomination["score"])
    assert (nomination["minutes"], nomination["months"], nomination["ratings"]) == (minutes, months, len(ratings))


async def test_eligible_are_those_with_twenty_hours_in_three_months_after_corrections(assessment: Reading) -> None:
    enough, short, two_months, made_void = [await assessment.volunteer(f"V{n}") for n in range(4)]
    void = served(made_void, 60, "2025-09-01T09:00+08:00")
    outside = served(short, 9000, "2025-12-05T00:00+08:00")
    await assessment.handle(
        *_sessions(enough, 1200, 3),
        *_sessions(short, 1199, 3),
        outside,
        *_sessions(two_months, 1200, 2),
        *_sessions(made_void, 1200, 2),
        void,
    )
    await assessment.handle(corrected(void, 0))
    preview = await assessment.auditor.get("/v1/assessments/2025/preview")
    assert (preview["start"], preview["end"], preview["rule_set"]) == ("2024-12-05", "2025-12-05", "510115/2025.1")
    assert (preview["eligible"], preview["nominated"]) == (1, 1)
    assert [nomination["volunteer_no"] for nomination in preview["nominations"]] == ["V0"]


async def test_each_group_nominates_its_best_hundredth_rounded_up(assessment: Reading) -> None:
    students = [await assessment.volunteer(f"S{n:03}", category="university_student") for n in range(101)]
    others = [await assessment.volunteer(f"R{n:03}") for n in range(100)]
    best_student, best_other = students[40], others[70]
    events = [session for volunteer in students + others for session in _sessions(volunteer, 1200, 3)]
    events += [served(volunteer, 600, "2025-01-09T09:00+08:00") for volunteer in (best_student, best_other)]
    await assessment.handle(*events)
    preview = await assessment.auditor.get("/v1/assessments/2025/preview")
    assert preview["groups"] == [
        {"group": "university_student", "eligible": 101, "nominated": 2},
        {"group": "other", "eligible": 100, "nominated": 1},
    ]
    assert (preview["eligible"], preview["nominated"]) == (201, 3)
    assert [(one["group"], one["rank"], one["volunteer_no"]) for one in preview["nominations"]] == [
        ("university_student", 1, "S040"),
        ("university_student", 2, "S000"),
        ("other", 1, "R070"),
    ]


async def test_equal_scores_are_told_apart_by_minutes_then_sessions_then_number(assessment: Reading) -> None:
    """Above 100 hours the score grows no more: what is left is minutes, sessions, and the lowest number."""
    ids = [await assessment.volunteer(f"V{n:03}") for n in range(400)]
    events = [session for volunteer in ids[4:] for session in _sessions(volunteer, 1200, 3)]
    events += _sessions(ids[2], 6000, 3) + _sessions(ids[3], 6060, 3)
    events += _sessions(ids[1], 6000, 3) + _sessions(ids[0], 5940, 3)
    events += [served(ids[0], 60, "2025-01-09T09:00+08:00")]
    await assessment.handle(*events)
    preview = await assessment.auditor.get("/v1/assessments/2025/preview")
    assert {nomination["score"] for nomination in preview["nominations"]} == {"80.0000"}
    assert [nomination["volunteer_no"] for nomination in preview["nominations"]] == ["V003", "V000", "V001", "V002"]


async def test_volunteers_whom_registry_has_not_told_of_are_credited_and_not_ranked(assessment: Reading) -> None:
    await assessment.handle(*_sessions(new_id(), 1200, 3))
    assert (await assessment.auditor.get("/v1/statistics", by="category"))["groups"] == [
        {"minutes": 1200, "sessions": 3, "volunteers": 1, "code": None, "name": None}
    ]
    assert (await assessment.auditor.get("/v1/assessments/2025/preview"))["eligible"] == 0


async def test_the_operator_names_the_district(assessment: Reading) -> None:
    await assessment.handle(served(await assessment.volunteer(), 60))
    operator = assessment.reader(Role.OPERATOR, district="*")
    assert await operator.faults("/v1/statistics") == [("X-District", "missing")]
    headers = {"Authorization": f"Bearer {operator.bearer}", "X-District": DISTRICT}
    assert (await assessment.client.get("/v1/statistics", headers=headers)).json()["minutes"] == 60


async def test_an_officer_of_a_city_names_one_of_its_districts(assessment: Reading) -> None:
    await assessment.handle(served(await assessment.volunteer(), 60))
    officer = assessment.reader(Role.DISTRICT_ADMIN, district=[DISTRICT, "510116"])
    assert await officer.faults("/v1/statistics") == [("X-District", "missing")]

    async def asked(district: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {officer.bearer}", "X-District": district}
        return await assessment.client.get("/v1/statistics", headers=headers)

    assert (await asked(DISTRICT)).json()["minutes"] == 60
    assert (await asked("510116")).json()["minutes"] == 0
    assert (await asked("510117")).status_code == 403

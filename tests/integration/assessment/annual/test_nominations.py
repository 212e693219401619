"""Who would be nominated for a year, and how they are scored."""

from collections.abc import Sequence
from fractions import Fraction
from math import floor
from uuid import UUID

import pytest

from shared.contracts import ServiceLogged
from shared.contracts.received import Received
from shared.store.event_log import new_id
from tests.integration.assessment.events import corrected, rated
from tests.integration.assessment.reading import Reading, served


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


@pytest.mark.row(50)
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


@pytest.mark.row(50)
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


@pytest.mark.row(48)
async def test_an_organiser_s_rating_counts_beside_the_recipient_s_as_long_as_the_service_does(
    assessment: Reading,
) -> None:
    volunteer_id = await assessment.volunteer()
    sessions = _sessions(volunteer_id, 1800, 3, [2, 2, 2])
    spare = served(volunteer_id, 60, "2025-09-01T09:00+08:00")
    earlier = served(volunteer_id, 60, "2024-09-01T09:00+08:00")
    await assessment.handle(*sessions, spare, earlier)

    async def ratings() -> list[int]:
        (nomination,) = (await assessment.auditor.get("/v1/assessments/2025/preview"))["nominations"]
        exact = _score(nomination["minutes"], nomination["months"], counted)
        assert nomination["score"] == f"{floor(exact * 10_000 + Fraction(1, 2)) / 10_000:.4f}"
        return [nomination["ratings"]]

    counted = [2, 2, 2]
    assert await ratings() == [3]
    first, second, third = (rated(each, 5, version=2) for each in (sessions[0], spare, earlier))
    await assessment.handle(rated(sessions[0], 4, version=3), first, second, third)
    counted = [2, 2, 2, 4, 5]
    assert await ratings() == [5], "the last word on a service; not of another year's"
    await assessment.handle(corrected(spare, 0, version=3))
    counted = [2, 2, 2, 4]
    assert await ratings() == [4], "what is void was not served"

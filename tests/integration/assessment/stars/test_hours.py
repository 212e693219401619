"""A volunteer's hours and stars as they are shown."""

from tests.integration.assessment.events import corrected
from tests.integration.assessment.reading import Reading, served


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
        "carried": [],
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

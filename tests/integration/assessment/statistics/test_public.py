"""P5: what anybody may know of a year's hours; a few people are not shown, nor what they could be worked out from."""

from typing import Any

from shared.http.small_numbers import FEWEST
from tests.integration.assessment.events import DISTRICT, OTHER_DISTRICT
from tests.integration.assessment.reading import Reading, served

PATH = f"/v1/public/statistics?district={DISTRICT}&year=2025"


async def give(assessment: Reading, people: int, station: str, start: str, minutes: int = 90) -> None:
    """Have so many people serve at a station."""
    station_id = await assessment.station(station)
    for _ in range(people):
        await assessment.handle(served(await assessment.volunteer(), minutes, start, station_id=station_id))


async def shown(assessment: Reading) -> Any:
    answer = await assessment.client.get(PATH)
    assert answer.status_code == 200, answer.text
    return answer.json()


def groups(found: list[dict[str, Any]]) -> dict[str, tuple[int | None, int | None, bool]]:
    return {group["code"]: (group["hours"], group["volunteers"], group["few"]) for group in found}


async def test_a_year_s_hours_are_shown_by_month_and_station_in_whole_hours(assessment: Reading) -> None:
    await give(assessment, 5, "S1", "2025-01-10T09:00+08:00")
    await give(assessment, 6, "S2", "2025-02-10T09:00+08:00")
    await give(assessment, 9, "S1", "2024-12-31T23:59+08:00")
    told = await shown(assessment)
    assert (told["hours"], told["volunteers"], told["few"]) == (16, 11, False)
    assert groups(told["months"]) == {"2025-01": (7, 5, False), "2025-02": (9, 6, False)}
    assert groups(told["stations"]) == {"S1": (7, 5, False), "S2": (9, 6, False)}
    assert told["stations"][0]["name"] == "站 S1"
    staff = await assessment.auditor.get("/v1/statistics", **{"from": "2025-01-01", "to": "2026-01-01"})
    assert told["hours"] == staff["minutes"] // 60, "the public is told what staff are"
    empty = await assessment.client.get(f"/v1/public/statistics?district={OTHER_DISTRICT}&year=2025")
    assert (empty.json()["hours"], empty.json()["few"], empty.json()["months"]) == (0, False, [])


async def test_a_few_people_are_not_shown_nor_what_they_could_be_worked_out_from(assessment: Reading) -> None:
    await give(assessment, FEWEST - 1, "S1", "2025-01-10T09:00+08:00")
    await give(assessment, 7, "S2", "2025-02-10T09:00+08:00")
    await give(assessment, 6, "S3", "2025-03-10T09:00+08:00")
    told = await shown(assessment)
    assert groups(told["stations"]) == {"S1": (None, None, True), "S2": (10, 7, False), "S3": (None, None, False)}
    assert groups(told["months"])["2025-01"] == (None, None, True)


async def test_a_district_of_a_few_people_shows_not_even_its_sum(assessment: Reading) -> None:
    await give(assessment, FEWEST - 1, "S1", "2025-01-10T09:00+08:00")
    told = await shown(assessment)
    assert (told["hours"], told["volunteers"], told["few"]) == (None, None, True)
    assert groups(told["months"]) == {"2025-01": (None, None, True)}


async def test_it_is_added_up_once_a_minute_and_says_when_and_whoever_has_it_gets_no_copy(assessment: Reading) -> None:
    await give(assessment, 5, "S1", "2025-01-10T09:00+08:00")
    first = await assessment.client.get(PATH)
    await give(assessment, 5, "S1", "2025-01-10T09:00+08:00")
    second = await assessment.client.get(PATH)
    assert second.json() == first.json(), "kept, as of the same moment"
    held = await assessment.client.get(PATH, headers={"If-None-Match": first.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")
    assert (await assessment.client.get(PATH.replace("2025", "1999"))).status_code == 422

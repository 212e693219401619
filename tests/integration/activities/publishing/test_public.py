"""What anybody sees of activities, without a token."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from limits import RateLimitItemPerMinute

from shared.contracts.calendar import CHINA, district_day
from shared.http import public as shared_public
from shared.store.event_log import now
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, STATION, Activities, activity, in_turn
from tests.support.cost import Cost, metered_requests

OTHER_STATION = "510115-STA-02"


def shift_in(hours: float, capacity: int = 20) -> dict[str, Any]:
    """Return a shift of two hours that starts so long from now, as a form has it."""
    start = datetime.now(UTC) + timedelta(hours=hours)
    end = start + timedelta(hours=2)
    return {"starts_at": start.isoformat(), "ends_at": end.isoformat(), "capacity": capacity}


async def publish(activities: Activities, title: str, *hours: float, **changes: Any) -> dict[str, Any]:
    """Publish an activity with a shift at each of these hours from now."""
    return await activities.publish(title=title, shifts=[shift_in(each) for each in hours], **changes)


async def ask(activities: Activities, path: str = "", **headers: str) -> httpx.Response:
    """Ask for public activities, with no token."""
    joined = "&" if "?" in path else "?"
    return await activities.clients[0].get(
        f"/v1/public/activities{path}{joined}district={DISTRICT}",
        headers={k.replace("_", "-"): v for k, v in headers.items()},
    )


async def listed(activities: Activities, query: str = "") -> list[dict[str, Any]]:
    response = await ask(activities, f"?{query}" if query else "")
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["items"]
    return items


def titles(items: Sequence[dict[str, Any]]) -> list[str]:
    return [item["title"] for item in items]


async def test_open_activities_are_listed_by_the_start_of_their_next_shift(activities: Activities) -> None:
    station_id = await activities.know_station()
    await publish(activities, "明后天", 30, 50)
    await publish(activities, "今天", 1)
    begun = await publish(activities, "昨天和下周", 26, 100)
    await activities.move_shift(UUID(begun["shift_ids"][0]), timedelta(hours=-1))
    over = await publish(activities, "结束了", 27)
    await activities.move_shift(UUID(over["shift_ids"][0]), timedelta(hours=-5))

    items = await listed(activities)
    assert titles(items) == ["今天", "明后天", "昨天和下周"]
    assert [len(item["shifts"]) for item in items] == [1, 2, 1]
    assert items[0]["station_id"] == str(station_id)
    assert set(items[0]) == {"activity_id", "title", "service", "station_id", "station_name", "place", "shifts"}


async def test_the_list_says_how_places_stand_and_names_no_one(activities: Activities) -> None:
    await activities.know_station()
    volunteers = await activities.know_volunteers(3)
    shift = await activities.shift(capacity=2)
    await in_turn([activities.volunteer(each) for each in volunteers], f"/v1/shifts/{shift}/sign-ups")

    response = await ask(activities)
    (item,) = response.json()["items"]
    assert [(s["capacity"], s["taken"], s["waiting"]) for s in item["shifts"]] == [(2, 2, 1)]
    for identity in (*map(str, volunteers), "李站长", "13800000000"):
        assert identity not in response.text


async def test_the_list_is_narrowed_by_day_station_kind_places_and_text(activities: Activities) -> None:
    await activities.know_station()
    other_station = await activities.know_station(OTHER_STATION)
    (volunteer,) = await activities.know_volunteers(1)
    full = await publish(activities, "满员活动", 2)
    await activities.publish(title="一席", shifts=[shift_in(3, capacity=1)])
    one_place = (await listed(activities, "text=一席"))[0]["shifts"][0]["shift_id"]
    await in_turn([activities.volunteer(volunteer)], f"/v1/shifts/{one_place}/sign-ups")
    await publish(activities, "Tree planting", 24 * 3, service="environment", place="Riverside 100%")
    await publish(activities, "义诊", 24 * 40, service="health", station=OTHER_STATION)
    in_three_days = (datetime.now(CHINA) + timedelta(days=3)).date().isoformat()

    assert titles(await listed(activities, "days=60")) == ["满员活动", "一席", "Tree planting", "义诊"]
    assert titles(await listed(activities)) == ["满员活动", "一席", "Tree planting"], "a month, unless told otherwise"
    assert titles(await listed(activities, f"from={in_three_days}&days=1")) == ["Tree planting"]
    assert titles(await listed(activities, f"days=60&station_id={other_station}")) == ["义诊"]
    assert titles(await listed(activities, "days=60&service=health")) == ["义诊"]
    assert titles(await listed(activities, "free=true")) == ["满员活动", "Tree planting"]
    assert titles(await listed(activities, "text=PLANT")) == ["Tree planting"]
    assert titles(await listed(activities, "text=100%25")) == ["Tree planting"], "a percent sign is a percent sign"
    assert titles(await listed(activities, "text=%25")) == ["Tree planting"]
    assert full["id"] not in str(await listed(activities, "text=义诊"))


async def test_the_list_has_pages(activities: Activities) -> None:
    await activities.know_station()
    for number in range(5):
        await publish(activities, f"第{number}", 10 - number)
    seen, cursor = [], ""
    while True:
        page = (await ask(activities, f"?limit=2{cursor}")).json()
        seen += titles(page["items"])
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == ["第4", "第3", "第2", "第1", "第0"]


async def test_an_answer_is_kept_for_half_a_minute_and_unchanged_content_is_not_sent_again(
    activities: Activities,
) -> None:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    shift = await activities.shift()
    first = await ask(activities)
    assert first.headers["cache-control"] == "public, max-age=30"
    tag = first.headers["etag"]

    other_instance = await activities.clients[1].get(
        f"/v1/public/activities?district={DISTRICT}", headers={"If-None-Match": f'"x", {tag}'}
    )
    assert (other_instance.status_code, other_instance.content) == (304, b"")
    assert other_instance.headers["etag"] == tag

    await in_turn([activities.volunteer(volunteer)], f"/v1/shifts/{shift}/sign-ups")
    changed = await ask(activities, If_None_Match=tag)
    assert changed.status_code == 200
    assert changed.headers["etag"] != tag


async def test_one_activity_is_shown_with_every_shift_and_no_telephone_number(activities: Activities) -> None:
    await activities.know_station()
    published = await publish(activities, "读书会", 24, 48, description="陪孩子们读书")
    path = f"/{published['id']}"
    shown = (await ask(activities, path)).json()
    assert (shown["state"], shown["risk_text"], shown["description"]) == ("open", "地面湿滑时注意安全", "陪孩子们读书")
    assert shown["person_in_charge"] == "李站长 …"
    assert [shift["shift_id"] for shift in shown["shifts"]] == published["shift_ids"]

    first, second = map(UUID, published["shift_ids"])
    await activities.move_shift(first, timedelta(hours=-1))
    assert (await ask(activities, path)).json()["state"] == "running"
    await activities.move_shift(first, timedelta(hours=-3))
    assert (await ask(activities, path)).json()["state"] == "open"
    await activities.move_shift(second, timedelta(hours=-3))
    assert (await ask(activities, path)).json()["state"] == "ended"

    gone = await ask(activities, f"/{UUID(int=1)}")
    assert (gone.status_code, gone.json()["faults"][0]["code"]) == (404, "not_found")


async def test_a_district_s_figures_count_what_is_open(activities: Activities) -> None:
    await activities.know_station()
    (volunteer,) = await activities.know_volunteers(1)
    published = await publish(activities, "两班", 24, 48)
    await in_turn([activities.volunteer(volunteer)], f"/v1/shifts/{published['shift_ids'][0]}/sign-ups")
    begun = await publish(activities, "已开始", 24)
    await activities.move_shift(UUID(begun["shift_ids"][0]), timedelta(hours=-1))
    figures = (await activities.clients[0].get(f"/v1/public/figures?district={DISTRICT}")).json()
    assert (figures["activities_open"], figures["places_free"]) == (1, 39)


async def test_a_year_s_activities_are_counted_once_they_have_begun_by_month_and_station(
    activities: Activities,
) -> None:
    """P5: how many activities there were."""
    await activities.know_station()
    begun = await publish(activities, "两班", 24, 48)
    for shift_id in begun["shift_ids"]:
        await activities.move_shift(UUID(shift_id), timedelta(hours=-1))
    await publish(activities, "还没开始", 24)
    today = district_day(now())
    path = f"/v1/public/statistics?district={DISTRICT}&year={today.year}"
    told = (await activities.clients[0].get(path)).json()
    assert told["activities"] == 1
    assert told["months"] == [{"code": f"{today:%Y-%m}", "name": None, "activities": 1}]
    assert [(one["code"], one["activities"]) for one in told["stations"]] == [(STATION, 1)]
    before = (await activities.clients[0].get(path.replace(str(today.year), str(today.year - 1)))).json()
    assert (before["activities"], before["months"], before["stations"]) == (0, [], [])


async def test_a_district_shows_its_own_activities_alone(activities: Activities) -> None:
    await activities.know_station()
    published = await activities.publish()
    for path in ("activities", "figures", f"activities/{published['id']}"):
        answer = await activities.clients[0].get(f"/v1/public/{path}?district={OTHER_DISTRICT}")
        assert published["id"] not in answer.text
    assert (await activities.clients[0].get("/v1/public/activities")).status_code == 422
    assert (await activities.clients[0].get("/v1/public/activities?district=*")).status_code == 422


async def test_one_address_reads_so_often_a_minute_and_no_more(
    activities: Activities, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_public, "_FROM_ADDRESS", RateLimitItemPerMinute(3, namespace="a test"))
    path = f"/v1/public/activities/{UUID(int=1)}?district={DISTRICT}"
    for _ in range(3):
        assert (await activities.clients[0].get(path)).status_code == 404
    refused = await activities.clients[0].get(path)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (429, "too_often")
    # the window slides: what was counted in one minute still counts for a part in the next
    assert 1 <= int(refused.headers["retry-after"]) <= 120


@pytest.mark.usefixtures("counted_alone")
async def test_a_public_read_is_one_statement_whatever_is_published(activities: Activities) -> None:
    await activities.know_station()
    await activities.publish(station=STATION, shifts=activity()["shifts"] * 3)
    shown = (await listed(activities))[0]["activity_id"]
    for number in range(8):
        await publish(activities, f"第{number}", 5, 29)
    for path in ("activities", f"activities/{shown}", "figures"):
        with metered_requests(activities.stores[0]) as cost:
            answer = await activities.clients[0].get(f"/v1/public/{path}?district={DISTRICT}")
        assert answer.status_code == 200, answer.text
        assert cost == Cost(statements=2, commits=1), f"{path}: the district, and the answer"

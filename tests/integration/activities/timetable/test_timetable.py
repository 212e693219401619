"""A volunteer's sign-ups by where they stand, and what they may take besides."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from tests.integration.activities.conftest import DISTRICT, Account, Activities, in_turn
from tests.integration.activities.publishing.test_public import publish, shift_in, titles
from tests.support.cost import Cost, metered_requests


async def sign_up(account: Account, published: dict[str, Any], number: int = 0) -> dict[str, Any]:
    (answer,) = await in_turn([account], f"/v1/shifts/{published['shift_ids'][number]}/sign-ups")
    return answer


async def mine(account: Account, state: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await account.get(f"/v1/me/sign-ups?state={state}"))["items"]
    return items


async def test_sign_ups_are_upcoming_waiting_or_past(activities: Activities) -> None:
    await activities.know_station()
    first, second = map(activities.volunteer, await activities.know_volunteers(2))
    full = await activities.publish(title="满员", shifts=[shift_in(30, capacity=1)])
    later, sooner, missed, left = [
        await publish(activities, title, hours)
        for title, hours in (("后天", 48), ("明天", 24), ("没去", 60), ("不去了", 80))
    ]
    await sign_up(first, full)
    for published in (full, later, sooner, missed):
        await sign_up(second, published)
    given_up = await sign_up(second, left)
    assert (await second.send("DELETE", f"/v1/sign-ups/{given_up['sign_up_id']}")).status_code == 204
    await activities.move_shift(UUID(missed["shift_ids"][0]), timedelta(hours=-3))

    assert titles(await mine(second, "upcoming")) == ["明天", "后天"]
    (waiting,) = await mine(second, "waiting")
    assert (waiting["title"], waiting["state"], waiting["position"]) == ("满员", "waiting", 1)
    assert [(each["title"], each["state"]) for each in await mine(second, "past")] == [
        ("不去了", "withdrawn"),
        ("没去", "confirmed"),
    ]
    everything = (await second.get("/v1/me/sign-ups"))["items"]
    assert sorted(titles(everything)) == sorted(["满员", "后天", "明天", "没去", "不去了"])

    await activities.move_shift(UUID(full["shift_ids"][0]), timedelta(hours=-1))
    assert await mine(second, "waiting") == [], "nobody waits for a shift that has begun"
    assert "满员" in titles(await mine(second, "past"))


async def test_a_sign_up_that_is_being_served_is_upcoming_until_it_is_ended(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    published = await activities.publish()
    shift, path = UUID(published["shift_ids"][0]), f"/v1/sign-ups/{(await sign_up(volunteer, published))['sign_up_id']}"
    await activities.move_shift(shift, timedelta(minutes=-1))
    await in_turn([activities.leader], f"{path}/check-in")
    await activities.as_owner(
        "SET app.districts = '510115'",
        "ALTER TABLE sign_up NO FORCE ROW LEVEL SECURITY",
        "UPDATE sign_up SET checked_in_at = checked_in_at - interval '65 minutes'",
        "ALTER TABLE sign_up FORCE ROW LEVEL SECURITY",
    )
    await activities.move_shift(shift, timedelta(minutes=-70), timedelta(minutes=60))
    (serving,) = await mine(volunteer, "upcoming")
    assert (serving["state"], serving["minutes"], serving["checked_out_at"]) == ("attending", None, None)

    (done,) = await in_turn([activities.leader], f"{path}/check-out")
    assert await mine(volunteer, "upcoming") == []
    (served,) = await mine(volunteer, "past")
    assert (served["state"], served["minutes"]) == ("completed", done["minutes"])
    assert served["checked_out_at"] >= done["record"]["ended_at"]


async def test_what_is_cancelled_is_past_for_its_volunteers_and_nobody_s_to_take(activities: Activities) -> None:
    await activities.know_station()
    volunteer, other = map(activities.volunteer, await activities.know_volunteers(2))
    published = await publish(activities, "取消了", 24)
    await sign_up(volunteer, published)
    path = f"/v1/activities/{published['id']}/cancel"
    cancelled = await activities.leader.send("POST", path, json={"reason": "暴雨"})
    assert cancelled.is_success, cancelled.text

    assert await mine(volunteer, "upcoming") == []
    assert [(each["title"], each["state"]) for each in await mine(volunteer, "past")] == [("取消了", "cancelled")]
    assert (await other.get("/v1/me/open-shifts"))["items"] == []
    public = f"/v1/public/activities{{}}?district={DISTRICT}"
    assert (await activities.clients[0].get(public.format(""))).json()["items"] == []
    shown = (await activities.clients[0].get(public.format(f"/{published['id']}"))).json()
    assert (shown["state"], shown["cancelled_reason"]) == ("cancelled", "暴雨")
    assert [shift["is_cancelled"] for shift in shown["shifts"]] == [True]
    staff = await activities.leader.get("/v1/me/activities?state=cancelled")
    assert (titles(staff["items"]), staff["counts"]["cancelled"]) == (["取消了"], 1)


async def test_lists_of_sign_ups_have_pages(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    for hours in (72, 24, 48):
        await sign_up(volunteer, await publish(activities, f"{hours}", hours))
    for state, in_order in (("state=upcoming", ["24", "48", "72"]), ("", ["72", "48", "24"])):
        first = await volunteer.get(f"/v1/me/sign-ups?limit=2&{state}")
        rest = await volunteer.get(f"/v1/me/sign-ups?limit=2&{state}&cursor={first['next_cursor']}")
        assert titles(first["items"]) + titles(rest["items"]) == in_order
        assert rest["next_cursor"] is None


async def test_what_one_may_take_overlaps_nothing_that_one_has_signed_up_for(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id, other_id) = await activities.know_volunteers(2)
    volunteer, other = activities.volunteer(volunteer_id), activities.volunteer(other_id)
    taken = await publish(activities, "已报名", 24)
    for title, hours in (("前一半", 23), ("紧接着", 26), ("紧挨着", 22), ("后一半", 25), ("别的一天", 48)):
        await publish(activities, title, hours)
    full = await activities.publish(title="满员可候补", shifts=[shift_in(60, capacity=1)])
    await sign_up(other, full)
    signed_up = await sign_up(volunteer, taken)
    start = (await volunteer.get("/v1/me/sign-ups"))["items"][0]["starts_at"]
    for title, moved in (("紧接着", "+ interval '2 hours'"), ("紧挨着", "- interval '2 hours'")):
        await activities.as_owner(
            "SET app.districts = '510115'",
            "ALTER TABLE shift NO FORCE ROW LEVEL SECURITY",
            "ALTER TABLE activity NO FORCE ROW LEVEL SECURITY",
            f"UPDATE shift SET starts_at = timestamptz '{start}' {moved}, "
            f"ends_at = timestamptz '{start}' {moved} + interval '2 hours' "
            f"FROM activity a WHERE a.id = activity_id AND a.title = '{title}'",
            "ALTER TABLE shift FORCE ROW LEVEL SECURITY",
            "ALTER TABLE activity FORCE ROW LEVEL SECURITY",
        )

    async def may_take(query: str = "") -> list[str]:
        return titles((await volunteer.get(f"/v1/me/open-shifts?{query}"))["items"])

    assert await may_take() == ["紧挨着", "紧接着", "别的一天", "满员可候补"], "back to back is no overlap"
    assert await may_take("free=true") == ["紧挨着", "紧接着", "别的一天"]
    assert (await other.get("/v1/me/open-shifts?text=已报名"))["items"][0]["taken"] == 1
    await volunteer.send("DELETE", f"/v1/sign-ups/{signed_up['sign_up_id']}")
    assert await may_take() == ["紧挨着", "前一半", "已报名", "后一半", "紧接着", "别的一天", "满员可候补"]


async def test_waiting_for_a_place_holds_the_time_too(activities: Activities) -> None:
    await activities.know_station()
    first, second = map(activities.volunteer, await activities.know_volunteers(2))
    full = await activities.publish(title="满员", shifts=[shift_in(24, capacity=1)])
    await publish(activities, "同时", 25)
    await sign_up(first, full)
    await sign_up(second, full)
    assert (await second.get("/v1/me/open-shifts"))["items"] == []


async def test_what_one_may_take_has_pages(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    await publish(activities, "三班", 24, 48, 72)
    first = await volunteer.get("/v1/me/open-shifts?limit=2")
    rest = await volunteer.get(f"/v1/me/open-shifts?limit=2&cursor={first['next_cursor']}")
    starts = [each["starts_at"] for each in first["items"] + rest["items"]]
    assert (len(starts), starts, rest["next_cursor"]) == (3, sorted(starts), None)


async def test_each_list_is_one_statement(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    published = await publish(activities, "四班", 24, 48, 72, 96)
    for number in (0, 1):
        await sign_up(volunteer, published, number)
    for path in ("sign-ups", "sign-ups?state=upcoming", "open-shifts"):
        with metered_requests(activities.stores[0]) as cost:
            assert len((await volunteer.get(f"/v1/me/{path}"))["items"]) == 2
        assert cost == Cost(statements=2, commits=1), f"{path}: the district, and the answer"

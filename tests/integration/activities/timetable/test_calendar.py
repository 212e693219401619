"""A sign-up as a calendar file, and the feed that a calendar follows."""

from uuid import UUID

import httpx
import pytest
from icalendar import Calendar

from shared.contracts.actor import Role
from tests.integration.activities.conftest import DISTRICT, Account, Activities, in_turn
from tests.integration.activities.publishing.test_public import publish, shift_in
from tests.support.cost import Cost, metered_requests


async def signed_up(activities: Activities, account: Account, title: str, hours: float = 24) -> str:
    """Sign up for a new activity; return the path of the sign-up."""
    published = await publish(activities, title, hours)
    (answer,) = await in_turn([account], f"/v1/shifts/{published['shift_ids'][0]}/sign-ups")
    return f"/v1/sign-ups/{answer['sign_up_id']}"


def in_calendar(response: httpx.Response) -> dict[str, str]:
    """Return how each event stands, by title."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/calendar; charset=utf-8"
    return {str(event["SUMMARY"]): str(event["STATUS"]) for event in Calendar.from_ical(response.content).events}


async def test_a_sign_up_is_downloaded_for_a_calendar_by_its_volunteer_alone(activities: Activities) -> None:
    await activities.know_station()
    mine, other = map(activities.volunteer, await activities.know_volunteers(2))
    path = await signed_up(activities, mine, "读书会")
    response = await mine.send("GET", f"{path}/calendar")
    assert in_calendar(response) == {"读书会": "CONFIRMED"}
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["content-disposition"].endswith('filename="linbang.ics"')
    before = Calendar.from_ical(response.content).events[0]

    await mine.send("DELETE", path)
    cancelled = await mine.send("GET", f"{path}/calendar")
    assert in_calendar(cancelled) == {"读书会": "CANCELLED"}
    after = Calendar.from_ical(cancelled.content).events[0]
    assert after["UID"] == before["UID"]
    assert int(str(after["SEQUENCE"])) > int(str(before["SEQUENCE"]))

    assert (await other.send("GET", f"{path}/calendar")).status_code == 404
    assert (await activities.leader.send("GET", f"{path}/calendar")).status_code == 403


async def test_a_feed_follows_everything_that_one_has_signed_up_for(activities: Activities) -> None:
    await activities.know_station()
    first, second = map(activities.volunteer, await activities.know_volunteers(2))
    full = await activities.publish(title="满员", shifts=[shift_in(72, capacity=1)])
    await in_turn([first, second], f"/v1/shifts/{full['shift_ids'][0]}/sign-ups")
    given_up = await signed_up(activities, second, "不去了", 48)
    await signed_up(activities, second, "读书会")
    await second.send("DELETE", given_up)
    (feed,) = await in_turn([second], "/v1/me/calendar-feed")
    assert feed["path"] == f"/v1/calendar-feeds/{feed['token']}.ics"

    followed = await activities.clients[1].get(feed["path"])
    assert in_calendar(followed) == {"读书会": "CONFIRMED", "不去了": "CANCELLED", "满员": "TENTATIVE"}
    assert followed.headers["cache-control"] == "private, max-age=300"


async def test_a_new_address_ends_the_one_before_and_nobody_can_read_it_here(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer, anybody = activities.volunteer(volunteer_id), activities.clients[0]
    assert await volunteer.get("/v1/me/calendar-feed") == {"made_at": None}
    old, new = await in_turn([volunteer, volunteer], "/v1/me/calendar-feed")
    assert (await volunteer.get("/v1/me/calendar-feed"))["made_at"]
    assert (await anybody.get(old["path"])).status_code == 404
    assert (await anybody.get(new["path"])).status_code == 200

    async with activities.stores[0].transaction(DISTRICT) as tx:
        (row,) = (await tx.exec_driver_sql("SELECT * FROM calendar_feed")).all()
    secret = new["token"].removeprefix(f"{DISTRICT}-")
    assert secret.encode() not in row.token_hash
    assert secret not in str(row)


async def test_an_address_opens_its_own_calendar_and_no_other(activities: Activities) -> None:
    await activities.know_station()
    mine, other = map(activities.volunteer, await activities.know_volunteers(2))
    await signed_up(activities, mine, "我的")
    feed, other_feed = await in_turn([mine, other], "/v1/me/calendar-feed")
    anybody = activities.clients[0]
    assert in_calendar(await anybody.get(other_feed["path"])) == {}
    for wrong in (
        f"/v1/calendar-feeds/{feed['token'].replace(DISTRICT, '510116')}.ics",
        f"/v1/calendar-feeds/{DISTRICT}-{'A' * 43}.ics",
    ):
        assert (await anybody.get(wrong)).status_code == 404
    assert (await anybody.get(f"/v1/calendar-feeds/{UUID(int=1)}.ics")).status_code == 422
    as_token = {"Authorization": f"Bearer {feed['token']}"}
    assert (await anybody.get("/v1/me/sign-ups", headers=as_token)).status_code == 401
    assert (await activities.account(Role.TEAM_LEADER).send("POST", "/v1/me/calendar-feed")).status_code == 403


@pytest.mark.usefixtures("counted_alone")
async def test_a_feed_is_two_statements_whatever_is_in_it(activities: Activities) -> None:
    await activities.know_station()
    (volunteer_id,) = await activities.know_volunteers(1)
    volunteer = activities.volunteer(volunteer_id)
    for hours in (24, 48):
        await signed_up(activities, volunteer, f"{hours}", hours)
    (feed,) = await in_turn([volunteer], "/v1/me/calendar-feed")
    with metered_requests(activities.stores[0]) as cost:
        assert len(in_calendar(await activities.clients[0].get(feed["path"]))) == 2
    assert cost == Cost(statements=3, commits=1), "the district, whose it is, what they have signed up for"

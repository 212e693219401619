"""The activities that somebody deals with, by state, with counts."""

from datetime import timedelta
from uuid import UUID

import pytest

from shared.contracts.actor import Role
from tests.integration.activities.conftest import Account, Activities
from tests.integration.activities.publishing.test_public import OTHER_STATION, publish, titles
from tests.support.cost import Cost, metered_requests


@pytest.fixture
async def published(activities: Activities) -> Activities:
    """Activities of a team leader, in every state and at two stations."""
    await activities.know_station()
    await activities.know_station(OTHER_STATION)
    await publish(activities, "后天", 48)
    await publish(activities, "明天", 24, 72)
    running = await publish(activities, "正在进行", 24, 48, station=OTHER_STATION)
    await activities.move_shift(UUID(running["shift_ids"][0]), timedelta(hours=-1))
    for title, hours in (("上周", -7 * 24), ("昨天", -24)):
        ended = await publish(activities, title, 24)
        await activities.move_shift(UUID(ended["shift_ids"][0]), timedelta(hours=hours))
    return activities


async def by_state(account: Account, query: str = "") -> dict[str, list[str]]:
    return {
        state: titles((await account.get(f"/v1/me/activities?state={state}{query}"))["items"])
        for state in ("open", "running", "ended")
    }


async def test_a_team_leader_sees_their_own_by_state_with_how_many_there_are(published: Activities) -> None:
    assert await by_state(published.leader) == {
        "open": ["明天", "后天"],
        "running": ["正在进行"],
        "ended": ["昨天", "上周"],
    }
    shown = await published.leader.get("/v1/me/activities")
    assert shown["counts"] == {"draft": 0, "open": 2, "running": 1, "ended": 2, "cancelled": 0}
    first = shown["items"][0]
    assert [(shift["taken"], shift["capacity"], shift["waiting"]) for shift in first["shifts"]] == [(0, 20, 0)] * 2


async def test_a_manager_sees_their_station_s_and_the_district_sees_all(published: Activities) -> None:
    elsewhere = published.account(Role.STATION_MANAGER, units=[published.stations[1]])
    assert await by_state(elsewhere) == {"open": [], "running": ["正在进行"], "ended": []}
    counts = (await elsewhere.get("/v1/me/activities"))["counts"]
    assert counts == {"draft": 0, "open": 0, "running": 1, "ended": 0, "cancelled": 0}

    admin = published.account(Role.DISTRICT_ADMIN)
    assert await by_state(admin) == await by_state(published.leader)
    assert (await by_state(admin, f"&station_id={published.stations[1]}"))["open"] == []

    stranger = published.account(Role.TEAM_LEADER, units=published.stations)
    assert await by_state(stranger) == {"open": [], "running": [], "ended": []}
    assert (await published.account(Role.VOLUNTEER).send("GET", "/v1/me/activities")).status_code == 403


@pytest.mark.parametrize(("state", "in_order"), [("open", ["明天", "后天"]), ("ended", ["昨天", "上周"])])
async def test_a_state_has_pages(published: Activities, state: str, in_order: list[str]) -> None:
    first = await published.leader.get(f"/v1/me/activities?limit=1&state={state}")
    second = await published.leader.get(f"/v1/me/activities?limit=1&state={state}&cursor={first['next_cursor']}")
    assert titles(first["items"]) + titles(second["items"]) == in_order
    assert second["next_cursor"] is None


async def test_counts_and_a_page_are_a_statement_each(published: Activities) -> None:
    with metered_requests(published.stores[0]) as cost:
        await published.leader.get("/v1/me/activities")
    assert cost == Cost(statements=3, commits=1), "the district, counts, page"

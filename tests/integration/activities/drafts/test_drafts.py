"""An activity is kept as a draft, unseen, until it is published in one step or thrown away (domain.md row 21)."""

from datetime import UTC, datetime, timedelta
from typing import Any

from services.activities.publishing.domain import ActivityState
from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.activities.conftest import DISTRICT, OTHER_DISTRICT, STATION, Account, Activities, activity

UNFINISHED = {"title": "=社区\n读书会", "shifts": [{"day": "", "starts": "九点", "ends": "11:00"}], "weeks": "4"}


async def keep(account: Account, **content: Any) -> dict[str, Any]:
    """Keep a draft; return its id and version."""
    response = await account.send("POST", "/v1/drafts", json=content)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer


async def publish(account: Account, kept: dict[str, Any], **options: Any) -> Any:
    """Publish what was kept, complete now."""
    body = activity(kept_as={"id": kept["id"], "version": kept["version"]})
    return await account.send("POST", "/v1/activities", json=body, **options)


async def test_whatever_is_typed_is_kept_and_nobody_is_told(activities: Activities) -> None:
    kept = await keep(activities.leader, **UNFINISHED)
    shown = await activities.leader.get(f"/v1/drafts/{kept['id']}")
    assert (shown["title"], shown["weeks"]) == (UNFINISHED["title"], "4")
    assert shown["shifts"] == [{"day": "", "starts": "九点", "ends": "11:00", "capacity": ""}]
    assert await activities.events() == []


async def test_a_draft_is_written_on_and_a_second_editor_is_told(activities: Activities) -> None:
    await activities.know_station()
    kept = await keep(activities.leader, **UNFINISHED)
    path, changed = f"/v1/drafts/{kept['id']}", {"title": "社区读书会", "station": STATION, "version": 1}
    first = await activities.leader.send("PUT", path, json=changed)
    second = await activities.leader.send("PUT", path, json={**changed, "title": "别的"})
    assert (first.status_code, first.json()["version"]) == (200, 2)
    assert (second.status_code, second.json()["faults"][0]["code"]) == (409, "changed_meanwhile")
    shown = await activities.leader.get(path)
    assert (shown["title"], shown["shifts"], shown["version"]) == ("社区读书会", [], 2)


async def test_a_station_that_is_not_there_is_refused(activities: Activities) -> None:
    response = await activities.leader.send("POST", "/v1/drafts", json={"station": "510115-STA-99"})
    assert (response.status_code, response.json()["faults"][0]["field"]) == (422, "station")


async def test_only_who_may_edit_it_sees_a_draft(activities: Activities) -> None:
    station = await activities.know_station()
    kept = await keep(activities.leader, title="秘密", station=STATION)
    without_station = await keep(activities.leader, title="还没有站点")
    manager = activities.account(Role.STATION_MANAGER, units=[station])
    admin = activities.account(Role.DISTRICT_ADMIN)
    assert await titles(activities.leader) == ["还没有站点", "秘密"]
    assert await titles(manager) == ["秘密"]
    assert await titles(admin) == ["还没有站点", "秘密"]

    strangers = [
        activities.account(Role.TEAM_LEADER, units=[station]),
        activities.account(Role.STATION_MANAGER, units=[new_id()]),
        activities.account(Role.DISTRICT_ADMIN, district=OTHER_DISTRICT),
    ]
    body = {"title": "改了", "version": 1}
    for stranger in strangers:
        assert await titles(stranger) == []
        for draft in (kept, without_station):
            path = f"/v1/drafts/{draft['id']}"
            answers = [
                await stranger.send("GET", path),
                await stranger.send("PUT", path, json=body),
                await stranger.send("DELETE", path),
            ]
            assert [answer.status_code for answer in answers] == [404] * 3
    for nobody in (activities.account(Role.VOLUNTEER), activities.account(Role.AUDITOR)):
        assert (await nobody.send("GET", f"/v1/drafts/{kept['id']}")).status_code == 403
    everywhere = await activities.clients[0].get(f"/v1/public/activities?district={DISTRICT}")
    assert everywhere.json()["items"] == []


async def test_publishing_a_draft_is_one_step_and_happens_once(activities: Activities) -> None:
    await activities.know_station()
    kept = await keep(activities.leader, title="社区读书会")
    published = await publish(activities.leader, kept, key="k1")
    again = await publish(activities.leader, kept, key="k2")
    assert published.status_code == 201
    assert (again.status_code, again.json()["faults"][0]["field"]) == (404, "draft_id")
    assert [event["activity_id"] for event in await activities.events("ActivityPublished")] == [published.json()["id"]]
    assert await titles(activities.leader) == []


async def test_what_is_refused_stays_a_draft(activities: Activities) -> None:
    await activities.know_station()
    kept = await keep(activities.leader, **UNFINISHED)
    body = activity(risk_text="", kept_as={"id": kept["id"], "version": 1})
    refused = await activities.leader.send("POST", "/v1/activities", json=body)
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [("risk_text", "missing")]
    assert await titles(activities.leader) == [UNFINISHED["title"]]
    assert await activities.events() == []


async def test_a_draft_that_says_something_else_by_now_is_not_published(activities: Activities) -> None:
    station = await activities.know_station()
    kept = await keep(activities.leader, title="社区读书会", station=STATION)
    manager = activities.account(Role.STATION_MANAGER, units=[station])
    await manager.send("PUT", f"/v1/drafts/{kept['id']}", json={"title": "改了", "station": STATION, "version": 1})
    response = await publish(activities.leader, kept)
    assert (response.status_code, response.json()["faults"][0]["code"]) == (409, "changed_meanwhile")


async def test_nobody_publishes_the_draft_of_another(activities: Activities) -> None:
    await activities.know_station()
    kept = await keep(activities.leader, title="社区读书会", station=STATION)
    assert (await publish(activities.account(Role.TEAM_LEADER), kept)).status_code == 404
    assert await titles(activities.leader) == ["社区读书会"]


async def test_a_draft_is_thrown_away(activities: Activities) -> None:
    kept = await keep(activities.leader, title="社区读书会")
    path = f"/v1/drafts/{kept['id']}"
    assert (await activities.leader.send("DELETE", path)).status_code == 204
    assert (await activities.leader.send("GET", path)).status_code == 404
    assert await titles(activities.leader) == []


async def test_drafts_are_counted_beside_the_states_and_listed_by_pages(activities: Activities) -> None:
    for title in ("一", "二", "三"):
        await keep(activities.leader, title=title)
    counts = (await activities.leader.get("/v1/me/activities"))["counts"]
    assert counts == {"draft": 3, **{state.value: 0 for state in ActivityState}}
    assert (await activities.account(Role.TEAM_LEADER).get("/v1/me/activities"))["counts"]["draft"] == 0
    first = await activities.leader.get("/v1/drafts?limit=2")
    second = await activities.leader.get(f"/v1/drafts?limit=2&cursor={first['next_cursor']}")
    assert [row["title"] for row in first["items"] + second["items"]] == ["三", "二", "一"]
    assert datetime.now(UTC) - datetime.fromisoformat(first["items"][0]["changed_at"]) < timedelta(hours=1)


async def test_a_character_that_no_text_can_hold_is_refused(activities: Activities) -> None:
    assert (await activities.leader.send("POST", "/v1/drafts", json={"title": "a\0b"})).status_code == 422


async def titles(account: Account) -> list[str]:
    """Return the titles of the drafts that somebody sees."""
    return [row["title"] for row in (await account.get("/v1/drafts"))["items"]]

"""Row 18: who is of no team is looked after: listed, contacted, and asked to join a team that suits, with why."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from services.registry.consents.texts import TEXTS, ConsentPurpose
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
XINHUA = "510115001040"
"""A community with a station and teams of its own."""
TODAY = district_day(now())
SECRET = "家里老人住院，下个月再说"
PEOPLE = 6


@pytest.fixture(scope="module")
async def people(registry: Registry) -> list[dict[str, Any]]:
    """Six individuals of one community who can log in, and somebody who is of a team."""
    office = registry.admins[DISTRICT]
    lines = [
        roster_line(
            serial,
            id_number=id_number(50_000 + serial),
            phone=f"173{serial:08d}",
            name="王小明",
            community=XINHUA,
            skills="tutoring;english" if serial else "music",
            services="tutoring",
            team="510115-TEAM-017" if serial == PEOPLE else "",
        )
        for serial in range(PEOPLE + 1)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == PEOPLE + 1
    found = []
    for line in lines[:PEOPLE]:
        account = {"volunteer_number": line["number"], "password": PASSWORD}
        opened = await registry.http.post("/v1/accounts", json=account, headers=office)
        assert opened.status_code == 201, opened.text
        [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
        found.append({"id": str(row.id), "as": await registry.log_in(line["number"], PASSWORD), **line})
    return found


async def read(registry: Registry, path: str, language: str = "zh-CN", **asked: Any) -> Any:
    headers = {**registry.admins[DISTRICT], "Accept-Language": language}
    answer = await registry.http.get(path, params=asked, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def listed(registry: Registry, **asked: Any) -> dict[str, dict[str, Any]]:
    return {one["id"]: one for one in (await read(registry, "/v1/individuals", **asked))["items"]}


async def contact(registry: Registry, who: dict[str, Any], **changes: Any) -> Any:
    said = {"contacted_on": TODAY.isoformat(), "way": "phone", "outcome": "wants_team", "note": SECRET} | changes
    path = f"/v1/individuals/{who['id']}/contacts"
    return await registry.http.post(path, json=said, headers=registry.admins[DISTRICT])


async def invite(registry: Registry, who: dict[str, Any], team: str = "510115-TEAM-017", days: int = 7) -> Any:
    body = {"team": team, "answer_by": (now() + timedelta(days=days)).isoformat()}
    path = f"/v1/individuals/{who['id']}/invitations"
    return await registry.http.post(path, json=body, headers=registry.admins[DISTRICT])


async def answer(registry: Registry, who: dict[str, Any], invitation: str, *, accepted: bool) -> tuple[int, str]:
    path = f"/v1/team-invitations/{invitation}/answer"
    given = await registry.http.post(path, json={"accepted": accepted}, headers=who["as"])
    body = given.json()
    return given.status_code, body["faults"][0]["code"] if "faults" in body else body["state"]


async def own(registry: Registry, who: dict[str, Any]) -> list[dict[str, Any]]:
    shown: list[dict[str, Any]] = (await registry.http.get("/v1/me/team-invitations", headers=who["as"])).json()
    return shown


async def events_of(registry: Registry, invitation: str) -> list[str]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name FROM event_log WHERE aggregate_id = :id ORDER BY position",
        id=UUID(invitation),
    )
    return [row.name.removeprefix("TeamInvitation") for row in rows]


async def team_of(registry: Registry, who: dict[str, Any]) -> str | None:
    [row] = await registry.rows(
        "SELECT t.code FROM volunteer v LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id "
        "WHERE v.id = :id",
        id=UUID(who["id"]),
    )
    code: str | None = row.code
    return code


@pytest.mark.row(18)
async def test_the_list_is_of_those_without_a_team_masked_and_by_place_skill_and_last_contact(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    everybody = await listed(registry, community=XINHUA)
    assert set(everybody) == {who["id"] for who in people}  # who is of a team is not among them
    first = everybody[people[0]["id"]]
    assert (first["name_masked"], first["phone_masked"]) == ("王**", "173****0000")
    assert "王小明" not in str(everybody)
    assert first["community_name"]
    assert set(await listed(registry, skill="music")) == {people[0]["id"]}
    assert await listed(registry, community="510115002081") == {}

    assert (await contact(registry, people[0])).status_code == 201
    long_ago = (TODAY - timedelta(days=100)).isoformat()
    assert (await contact(registry, people[1], contacted_on=long_ago, outcome="not_reached")).status_code == 201
    shown = await listed(registry)
    assert shown[people[0]["id"]]["last_contacted_on"] == TODAY.isoformat()
    assert shown[people[1]["id"]]["last_outcome"] == "not_reached"
    assert set(await listed(registry, months=3)) == {who["id"] for who in people[1:]}
    assert set(await listed(registry, months=4)) == {who["id"] for who in people[2:]}

    page = await read(registry, "/v1/individuals", limit=4)
    rest = await read(registry, "/v1/individuals", limit=4, cursor=page["next_cursor"])
    assert [one["id"] for one in page["items"] + rest["items"]] == [who["id"] for who in people]
    assert rest["next_cursor"] is None


@pytest.mark.row(18)
async def test_what_was_talked_about_is_sealed_and_its_reading_is_in_the_access_log(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    who = people[0]
    [noted] = (await read(registry, f"/v1/individuals/{who['id']}"))["contacts"]
    assert (noted["note"], noted["way"], noted["outcome"]) == (SECRET, "phone", "wants_team")
    log = await registry.rows("SELECT subject_id FROM access_log WHERE action = 'contacts_read'")
    assert {str(row.subject_id) for row in log} == {who["id"]}
    async with registry.api.transaction(DISTRICT) as tx:
        [stored] = await tx.scalars(
            text("SELECT note FROM individual_contact WHERE volunteer_id = :id"), {"id": UUID(who["id"])}
        )
    assert SECRET.encode() not in stored
    mine = (await registry.http.get("/v1/me/data", headers=who["as"])).json()
    assert [each["note"] for each in mine["contacts"]] == [SECRET]


@pytest.mark.row(18)
async def test_every_fault_of_a_contact_is_named_by_its_field(registry: Registry, people: list[dict[str, Any]]) -> None:
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    refused = await contact(registry, people[0], contacted_on=tomorrow, way="pigeon", outcome="", note=" ")
    assert refused.status_code == 422
    assert {fault["field"]: fault["code"] for fault in refused.json()["faults"]} == {
        "contacted_on": "in_future",
        "way": "unknown_value",
        "outcome": "missing",
        "note": "missing",
    }


@pytest.mark.row(18)
async def test_teams_are_suggested_with_the_reason_the_nearest_that_does_what_one_likes_first(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    shown = await read(registry, f"/v1/individuals/{people[1]['id']}")
    first = shown["suggestions"][0]
    assert (first["team"], first["points"]) == ("510115-TEAM-017", 0)
    assert first["why"] == "就在居住的社区；服务意向里有助学助教；用得上的特长：英语、辅导。"
    points = [one["points"] for one in shown["suggestions"]]
    assert points == sorted(points)
    assert not any("university" in str(one) for one in shown["suggestions"])
    again = await read(registry, f"/v1/individuals/{people[1]['id']}", "en")
    assert [one["team"] for one in again["suggestions"]] == [one["team"] for one in shown["suggestions"]]
    assert again["suggestions"][0]["why"].startswith("In the community of residence")


@pytest.mark.row(18)
async def test_who_does_not_consent_to_proposals_is_suggested_nothing(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    who = people[5]
    body = {"text_version": TEXTS[ConsentPurpose.PROPOSALS].version, "given": False}
    said = await registry.http.put("/v1/me/consents/proposals", json=body, headers=who["as"])
    assert said.status_code == 200, said.text
    shown = await read(registry, f"/v1/individuals/{who['id']}")
    assert (shown["suggestions"], shown["is_left_out"]) == ([], True)


@pytest.mark.row(18)
async def test_from_an_invitation_to_a_member(registry: Registry, people: list[dict[str, Any]]) -> None:
    who, somebody_else = people[1], people[2]
    first = await invite(registry, who)
    assert first.status_code == 201, first.text
    twice = await invite(registry, who, days=20)
    assert twice.json() == first.json()  # invited twice is invited once
    other = (await invite(registry, who, "510115-TEAM-027")).json()["id"]
    invitation = first.json()["id"]
    assert await events_of(registry, invitation) == ["Sent"]
    suggested = (await read(registry, f"/v1/individuals/{who['id']}"))["suggestions"]
    assert suggested[0]["is_invited"]
    assert {one["state"] for one in await own(registry, who)} == {"invited"}
    assert "就在居住的社区" in (await own(registry, who))[-1]["why"]
    assert (await listed(registry))[who["id"]]["invitation_state"] == "invited"

    assert await answer(registry, somebody_else, invitation, accepted=True) == (404, "not_found")
    assert await answer(registry, who, invitation, accepted=True) == (200, "accepted")
    assert await answer(registry, who, invitation, accepted=False) == (409, "not_open")
    assert await team_of(registry, who) == "510115-TEAM-017"
    assert await events_of(registry, invitation) == ["Sent", "Accepted"]
    assert await events_of(registry, other) == ["Sent", "Withdrawn"]
    [changed] = await registry.rows(
        "SELECT data FROM event_log WHERE type LIKE '%VolunteerProfileChanged%' AND aggregate_id = :id",
        id=UUID(who["id"]),
    )
    [team] = await registry.rows("SELECT id FROM team WHERE district = :d AND code = '510115-TEAM-017'", d=DISTRICT)
    assert changed.data["team_id"] == str(team.id)  # so the other services know
    assert who["id"] not in await listed(registry)
    accepted = (await read(registry, "/v1/team-invitations", state="accepted"))["items"]
    assert [(one["volunteer_id"], one["name_masked"], one["team"]) for one in accepted] == [
        (who["id"], "王**", "510115-TEAM-017")
    ]
    late = await invite(registry, who, "510115-TEAM-037")
    assert (late.status_code, late.json()["faults"][0]["code"]) == (422, "already_so")


@pytest.mark.row(18)
async def test_who_declines_is_not_asked_for_that_team_again(registry: Registry, people: list[dict[str, Any]]) -> None:
    who = people[2]
    invitation = (await invite(registry, who)).json()["id"]
    assert await answer(registry, who, invitation, accepted=False) == (200, "declined")
    assert await team_of(registry, who) is None
    shown = await read(registry, f"/v1/individuals/{who['id']}")
    assert "510115-TEAM-017" not in [one["team"] for one in shown["suggestions"]]
    again = await invite(registry, who)
    assert (again.status_code, again.json()["faults"][0]["code"]) == (409, "not_open")
    assert (await listed(registry))[who["id"]]["invitation_state"] == "declined"


@pytest.mark.row(18)
async def test_what_nobody_answers_ends_at_its_date(registry: Registry, people: list[dict[str, Any]]) -> None:
    who = people[3]
    invitation = (await invite(registry, who)).json()["id"]
    async with registry.worker.transaction() as tx:
        await tx.execute(
            text("UPDATE team_invitation SET answer_by = :at WHERE id = :id"), {"at": now(), "id": UUID(invitation)}
        )
    assert await answer(registry, who, invitation, accepted=True) == (422, "too_late")
    async with registry.worker.transaction() as tx:
        await tx.execute(
            text("UPDATE work SET due_at = :at WHERE payload->>'invitation_id' = :id"), {"at": now(), "id": invitation}
        )

    async def is_over() -> bool:
        return bool((await own(registry, who))[0]["state"] == "expired")

    assert await eventually(is_over)
    assert await events_of(registry, invitation) == ["Sent", "Expired"]
    assert await answer(registry, who, invitation, accepted=True) == (422, "too_late")
    assert (await invite(registry, who)).status_code == 201  # who was busy may be asked again


@pytest.mark.row(18)
async def test_a_team_that_has_closed_meanwhile_takes_nobody(registry: Registry, people: list[dict[str, Any]]) -> None:
    who = people[4]
    invitation = (await invite(registry, who, "510115-TEAM-057")).json()["id"]
    [team] = await registry.rows("SELECT id FROM team WHERE district = :d AND code = '510115-TEAM-057'", d=DISTRICT)
    closed = await registry.http.post(f"/v1/teams/{team.id}/closing", json={}, headers=registry.admins[DISTRICT])
    assert closed.status_code == 200, closed.text
    assert await answer(registry, who, invitation, accepted=True) == (409, "closed")
    assert await answer(registry, who, invitation, accepted=False) == (200, "declined")


@pytest.mark.row(18)
@pytest.mark.parametrize(
    ("team", "days", "fault"),
    [
        ("510115-TEAM-017", -1, ("answer_by", "in_past")),
        ("510115-TEAM-017", 100, ("answer_by", "out_of_range")),
        ("510115-TEAM-999", 7, ("team", "unknown_reference")),
        ("510115-TEAM-001", 7, ("team", "unknown_reference")),  # a university's head team takes its own people
        ("", 7, ("team", "missing")),
    ],
)
async def test_what_is_wrong_with_an_invitation_is_named(
    registry: Registry, people: list[dict[str, Any]], team: str, days: int, fault: tuple[str, str]
) -> None:
    refused = await invite(registry, people[0], team, days)
    assert refused.status_code == 422
    assert [(each["field"], each["code"]) for each in refused.json()["faults"]] == [fault]


@pytest.mark.row(18)
async def test_who_leaves_leaves_no_invitation_open_and_no_note(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    who = people[0]
    invitation = (await invite(registry, who)).json()["id"]
    ended = await registry.http.post("/v1/me/closing", headers=who["as"] | {"Idempotency-Key": str(uuid4())})
    assert ended.status_code in {200, 202}, ended.text
    assert await events_of(registry, invitation) == ["Sent", "Withdrawn"]
    assert who["id"] not in await listed(registry)
    shown = await registry.http.get(f"/v1/individuals/{who['id']}", headers=registry.admins[DISTRICT])
    assert shown.status_code == 404


@pytest.mark.row(18)
async def test_volunteers_and_other_districts_see_nothing_of_it(
    registry: Registry, people: list[dict[str, Any]]
) -> None:
    for path in ("/v1/individuals", f"/v1/individuals/{people[3]['id']}", "/v1/team-invitations"):
        assert (await registry.http.get(path, headers=people[3]["as"])).status_code == 403
    other = await registry.open(OTHER, reference=False)
    assert (await registry.http.get("/v1/individuals", headers=other)).json()["items"] == []
    assert (await registry.http.get(f"/v1/individuals/{people[3]['id']}", headers=other)).status_code == 404

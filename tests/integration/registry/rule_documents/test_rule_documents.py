"""Row 17: rule documents are published by version, read by anybody, accepted by each volunteer, and followed up."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.rule_documents.repository import in_force_of
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import ADMIN_PASSWORD, Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
TODAY = district_day(now())
CODE: dict[str, Any] = {"title": "志愿者守则", "text": "# 总则\n\n按约定的时间参加服务。\n\n不收取报酬。"}


@pytest.fixture(scope="module")
def office(registry: Registry) -> dict[str, str]:
    """The office, who has just logged in."""
    return registry.admins[DISTRICT]


@pytest.fixture(scope="module")
async def people(registry: Registry) -> list[dict[str, str]]:
    """Three volunteers of a roster who can log in."""
    lines = [
        roster_line(serial, id_number=id_number(60_000 + serial), phone=f"173{serial:08d}", name="王小明")
        for serial in range(3)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 3
    found = []
    for line in lines:
        account = {"volunteer_number": line["number"], "password": PASSWORD}
        opened = await registry.http.post("/v1/accounts", json=account, headers=registry.admins[DISTRICT])
        assert opened.status_code == 201, opened.text
        found.append(await registry.log_in(line["number"], PASSWORD))
    return found


async def publish(registry: Registry, office: dict[str, str], **changes: Any) -> str:
    answer = await registry.http.post("/v1/rule-documents", json=CODE | changes, headers=office)
    assert answer.status_code == 201, answer.text
    assert answer.json()["version"] == 1
    return str(answer.json()["document_id"])


async def publish_next(registry: Registry, office: dict[str, str], document: str, before: int, **changes: Any) -> Any:
    body = CODE | {"version": before} | changes
    return await registry.http.post(f"/v1/rule-documents/{document}/versions", json=body, headers=office)


async def accept(registry: Registry, who: dict[str, str], document: str, version: int, **more: str) -> tuple[int, Any]:
    path = f"/v1/me/rule-documents/{document}/acceptance"
    answer = await registry.http.post(path, json={"version": version} | more, headers=who)
    body = answer.json()
    return answer.status_code, body["faults"][0]["code"] if "faults" in body else body["accepted_at"]


async def own(registry: Registry, who: dict[str, str], document: str) -> dict[str, Any]:
    shown = await registry.http.get("/v1/me/rule-documents", headers=who)
    assert shown.status_code == 200, shown.text
    return next(one for one in shown.json() if one["document_id"] == document)


async def events_of(registry: Registry, document: str) -> list[tuple[str, int, dict[str, Any]]]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, aggregate_version AS number, data FROM event_log "
        "WHERE topic LIKE 'registry.rule-%' AND data ->> 'document_id' = :id ORDER BY position",
        id=document,
    )
    return [(row.name, row.number, row.data) for row in rows]


async def missing(registry: Registry, office: dict[str, str], document: str, version: int = 1) -> list[dict[str, Any]]:
    """Return who has not accepted a version, page by page."""
    found: list[dict[str, Any]] = []
    cursor = ""
    while True:
        path = f"/v1/rule-documents/{document}/versions/{version}/missing?limit=2{cursor}"
        page = (await registry.http.get(path, headers=office)).json()
        found += page["items"]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.row(17)
async def test_it_is_published_read_by_anybody_and_accepted_once(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office)
    listed = await registry.http.get(f"/v1/public/rule-documents?district={DISTRICT}")
    assert (document, 1, "志愿者守则") in [
        (one["document_id"], one["version"], one["title"]) for one in listed.json()["items"]
    ]
    shown = (await registry.http.get(f"/v1/public/rule-documents/{document}?district={DISTRICT}")).json()
    assert (shown["text"], shown["version_in_force"]) == (CODE["text"], 1)

    before = await own(registry, people[0], document)
    assert (before["accepted_at"], before["is_required"]) == (None, True)
    status, accepted_at = await accept(registry, people[0], document, 1, channel="log_in")
    assert status == 200
    assert await accept(registry, people[0], document, 1) == (200, accepted_at)  # a second click changes nothing
    after = await own(registry, people[0], document)
    assert (after["accepted_version"], after["is_required"]) == (1, False)
    assert (await own(registry, people[1], document))["accepted_at"] is None
    [row] = await registry.rows("SELECT * FROM rule_acceptance WHERE document_id = :id", id=UUID(document))
    assert (row.document_version, row.channel) == (1, "log_in")
    held = (await registry.http.get("/v1/me/data", headers=people[0])).json()["rules"]
    assert [(one["title"], one["version"], one["channel"]) for one in held] == [("志愿者守则", 1, "log_in")]

    [published, accepted] = await events_of(registry, document)
    assert published[:2] == ("RulePublished", 1)
    assert published[2] == {
        "document_id": document,
        "document_version": 1,
        "title": "志愿者守则",
        "in_force_from": TODAY.isoformat(),
        "required_from": TODAY.isoformat(),
    }
    assert accepted[:2] == ("RuleAccepted", 1)
    assert accepted[2].keys() == {"acceptance_id", "volunteer_id", "document_id", "document_version"}


@pytest.mark.row(17)
async def test_the_next_version_asks_again_from_its_day_on_and_older_ones_stay_readable(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office, title="考勤办法")
    assert (await accept(registry, people[0], document, 1))[0] == 200
    later = (TODAY + timedelta(days=30)).isoformat()
    second = await publish_next(registry, office, document, 1, text="改过的条款", required_from=later)
    assert (second.status_code, second.json()) == (201, {"document_id": document, "version": 2})
    third = await publish_next(registry, office, document, 2, text="下个月起的条款", in_force_from=later)
    assert third.status_code == 201

    mine = await own(registry, people[0], document)
    assert (mine["version"], mine["accepted_version"], mine["accepted_at"]) == (2, 1, None)
    assert mine["is_required"] is False  # not before its day
    assert (await own(registry, people[1], document))["is_required"] is True  # neither this nor the one before
    for version in (1, 3):
        assert await accept(registry, people[1], document, version) == (409, "changed_meanwhile")
    assert (await accept(registry, people[1], document, 2))[0] == 200
    assert (await own(registry, people[1], document))["is_required"] is False

    path = f"/v1/public/rule-documents/{document}"
    in_force = (await registry.http.get(f"{path}?district={DISTRICT}")).json()
    assert (in_force["version"], in_force["text"]) == (2, "改过的条款")
    assert [one["version"] for one in in_force["versions"]] == [3, 2, 1]
    old = (await registry.http.get(f"{path}/versions/1?district={DISTRICT}")).json()
    assert (old["version"], old["text"]) == (1, CODE["text"])
    assert (await registry.http.get(f"{path}/versions/4?district={DISTRICT}")).status_code == 404
    counted = (await registry.http.get(f"/v1/rule-documents/{document}", headers=office)).json()
    assert {one["version"]: one["accepted"] for one in counted["versions"]} == {3: 0, 2: 1, 1: 1}


@pytest.mark.row(17)
async def test_who_is_based_on_an_older_version_publishes_nothing(registry: Registry, office: dict[str, str]) -> None:
    document = await publish(registry, office)
    assert (await publish_next(registry, office, document, 1)).status_code == 201
    refused = await publish_next(registry, office, document, 1)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (409, "changed_meanwhile")


@pytest.mark.row(17)
async def test_every_fault_is_named_by_its_field(registry: Registry, office: dict[str, str]) -> None:
    wrong = {
        "title": "",
        "text": "x" * 20_001,
        "in_force_from": (TODAY - timedelta(days=1)).isoformat(),
        "required_from": (TODAY - timedelta(days=2)).isoformat(),
    }
    refused = await registry.http.post("/v1/rule-documents", json=wrong, headers=office)
    assert {fault["field"]: fault["code"] for fault in refused.json()["faults"]} == {
        "title": "missing",
        "text": "too_long",
        "in_force_from": "in_past",
        "required_from": "before_in_force",
    }


@pytest.mark.row(17)
async def test_only_the_office_publishes_and_only_after_it_has_shown_who_it_is(
    registry: Registry, people: list[dict[str, str]]
) -> None:
    tokens = {"user_name": f"admin.{DISTRICT}", "password": ADMIN_PASSWORD}
    refresh = (await registry.http.post("/v1/tokens", json=tokens)).json()["refresh_token"]
    async with registry.api.transaction(DISTRICT) as tx:
        await tx.execute(text("UPDATE session SET stepped_up_at = stepped_up_at - interval '11 minutes'"))
    later = (await registry.http.post("/v1/tokens/refresh", json={"refresh_token": refresh})).json()
    headers = {"Authorization": f"Bearer {later['access_token']}"}
    refused = await registry.http.post("/v1/rule-documents", json=CODE, headers=headers)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (403, "step_up")
    assert (await registry.http.post("/v1/rule-documents", json=CODE, headers=people[0])).status_code == 403
    assert (await registry.http.get("/v1/rule-documents", headers=people[0])).status_code == 403


@pytest.mark.row(17)
async def test_the_office_sees_who_has_not_accepted_and_has_each_reminded_once(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office, title="安全须知")
    assert (await accept(registry, people[0], document, 1))[0] == 200
    [listed] = [
        one
        for one in (await registry.http.get("/v1/rule-documents", headers=office)).json()["items"]
        if one["document_id"] == document
    ]
    assert (listed["accepted"], listed["volunteers"]) == (1, 3)
    lacking = await missing(registry, office, document)
    assert [(one["name_masked"], one["asked_at"]) for one in lacking] == [("王**", None)] * 2

    path = f"/v1/rule-documents/{document}/reminders"
    begun = await registry.http.post(path, json={"version": 1}, headers=office)
    assert (begun.status_code, begun.json()["to_ask"]) == (202, 2)

    async def all_are_asked() -> bool:
        return all(one["asked_at"] for one in await missing(registry, office, document))

    assert await eventually(all_are_asked)
    again = await registry.http.post(path, json={"version": 1}, headers=office)
    assert again.json()["to_ask"] == 0
    assert (await accept(registry, people[1], document, 1))[0] == 200
    told = [(name, number) for name, number, _ in await events_of(registry, document)]
    assert sorted(told) == [
        *[("RuleAcceptanceAsked", 1)] * 2,
        ("RuleAccepted", 1),
        ("RuleAccepted", 2),
        ("RulePublished", 1),
    ]
    wrong = await registry.http.post(path, json={"version": 2}, headers=office)
    assert (wrong.status_code, wrong.json()["faults"][0]["code"]) == (409, "changed_meanwhile")


@pytest.mark.row(17)
async def test_another_district_sees_none_of_it(registry: Registry, office: dict[str, str]) -> None:
    document = await publish(registry, office)
    other = await registry.open(OTHER, reference=False)
    assert (await registry.http.get(f"/v1/rule-documents/{document}", headers=other)).status_code == 404
    assert (await registry.http.get(f"/v1/public/rule-documents/{document}?district={OTHER}")).status_code == 404
    assert (await registry.http.get(f"/v1/public/rule-documents?district={OTHER}")).json()["items"] == []


@pytest.mark.row(17)
async def test_who_has_left_is_neither_counted_nor_reminded(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office)
    before = await missing(registry, office, document)
    async with registry.worker.transaction() as tx:
        await tx.execute(
            text("UPDATE volunteer SET restricted_at = now() WHERE id = :id"), {"id": UUID(before[-1]["volunteer_id"])}
        )
    assert [one["volunteer_id"] for one in await missing(registry, office, document)] == [
        one["volunteer_id"] for one in before[:-1]
    ]
    assert await accept(registry, people[2], document, 1) == (403, "forbidden")


async def end(registry: Registry, office: dict[str, str], document: str, version: int, reason: str = "文字有误") -> Any:
    path = f"/v1/rule-documents/{document}/versions/{version}/ending"
    return await registry.http.post(path, json={"reason": reason}, headers=office)


async def is_asked(registry: Registry, who: dict[str, str], document: str) -> bool:
    shown = await registry.http.get("/v1/me/rule-documents", headers=who)
    return document in [one["document_id"] for one in shown.json()]


@pytest.mark.row(17)
async def test_a_version_is_withdrawn_before_its_day_and_the_one_in_force_stays(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office)
    tomorrow = (TODAY + timedelta(days=1)).isoformat()
    assert (await publish_next(registry, office, document, 1, in_force_from=tomorrow)).status_code == 201
    status, refused = (answer := await end(registry, office, document, 2, " ")).status_code, answer.json()
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (422, "reason", "missing")
    ended = await end(registry, office, document, 2)
    assert (ended.status_code, ended.json()["ended_versions"]) == (200, [2])
    assert (await own(registry, people[0], document))["version"] == 1
    async with registry.api.transaction(DISTRICT) as tx:  # its day comes
        held = await in_force_of(tx, DISTRICT, UUID(document), TODAY + timedelta(days=1))
    assert held is not None
    assert held.version == 1
    assert (await accept(registry, people[0], document, 1))[0] == 200
    assert (await own(registry, people[0], document))["is_required"] is False
    assert (await end(registry, office, document, 2)).json()["faults"][0]["code"] == "not_open"
    *_, ending, _ = await events_of(registry, document)
    assert ending == (
        "RuleEnded",
        3,
        {"document_id": document, "document_version": 2, "title": CODE["title"], "ended_versions": [2]},
    )
    following = await publish_next(registry, office, document, 2)
    assert following.json()["version"] == 3
    assert ("RulePublished", 4) in [one[:2] for one in await events_of(registry, document)]


@pytest.mark.row(17)
async def test_the_centre_ends_the_version_in_force_and_nobody_is_asked_for_any_but_acceptances_stay_on_record(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office)
    assert (await publish_next(registry, office, document, 1)).status_code == 201
    assert (await accept(registry, people[0], document, 2))[0] == 200
    assert (await end(registry, office, document, 1)).json()["faults"][0]["code"] == "not_open"
    ended = await end(registry, office, document, 2)
    assert (ended.status_code, ended.json()["ended_versions"]) == (200, [1, 2])

    assert not await is_asked(registry, people[1], document)
    assert await accept(registry, people[1], document, 2) == (404, "not_found")
    reminded = await registry.http.post(f"/v1/rule-documents/{document}/reminders", json={"version": 2}, headers=office)
    assert reminded.status_code == 404
    listed = await registry.http.get(f"/v1/public/rule-documents?district={DISTRICT}")
    assert document not in [one["document_id"] for one in listed.json()["items"]]
    shown = (await registry.http.get(f"/v1/public/rule-documents/{document}/versions/2?district={DISTRICT}")).json()
    assert (shown["version_in_force"], shown["ended_at"] is None) == (None, False)
    held = (await registry.http.get("/v1/me/data", headers=people[0])).json()["rules"]
    assert (CODE["title"], 2) in [(one["title"], one["version"]) for one in held]
    counted = (await registry.http.get(f"/v1/rule-documents/{document}", headers=office)).json()
    assert (counted["version_in_force"], counted["versions"][0]["accepted"]) == (None, 1)
    assert counted["versions"][0]["end_reason"] == "文字有误"

    assert (await publish_next(registry, office, document, 2)).json()["version"] == 3
    assert (await own(registry, people[0], document))["is_required"] is True


@pytest.mark.row(17)
async def test_the_centre_alone_ends_a_version_of_its_own_district(
    registry: Registry, office: dict[str, str], people: list[dict[str, str]]
) -> None:
    document = await publish(registry, office)
    assert (await end(registry, people[0], document, 1)).status_code == 403
    assert (await end(registry, office, document, 7)).json()["faults"][0]["field"] == "version"
    assert (await is_asked(registry, people[0], document)) is True

"""Rows 1 and 6: the ledger of consents, and what an organisation states of those whom it registers."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.consents.texts import TEXTS, ConsentPurpose
from shared.store.event_log import new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.integration.registry.conftest import CONSENTS, Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

PASSWORD = "long enough to keep"


def version(purpose: str) -> str:
    return TEXTS[ConsentPurpose(purpose)].version


def person(serial: int) -> dict[str, Any]:
    line = roster_line(serial)
    kept = {field: line[field] for field in ("name", "gender", "id_number", "phone", "category")}
    return kept | {"district": "510115", "password": PASSWORD}


async def own(registry: Registry, who: dict[str, str], language: str = "zh-CN") -> dict[str, dict[str, Any]]:
    shown = await registry.http.get("/v1/me/consents", headers={**who, "Accept-Language": language})
    assert shown.status_code == 200, shown.text
    return {each["purpose"]: each for each in shown.json()["items"]}


async def say(registry: Registry, who: dict[str, str], purpose: str, *, given: bool, **changes: str) -> Any:
    body = {"text_version": version(purpose), "given": given} | changes
    return await registry.http.put(f"/v1/me/consents/{purpose}", json=body, headers=who)


async def events(registry: Registry, volunteer_id: str) -> list[tuple[str, str, int]]:
    rows = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, data ->> 'purpose' AS purpose, aggregate_version AS number "
        "FROM event_log WHERE topic = 'registry.consent' AND data ->> 'volunteer_id' = :id ORDER BY position",
        id=volunteer_id,
    )
    return [(row.name, row.purpose, row.number) for row in rows]


@pytest.mark.row(1, 6)
async def test_a_consent_is_given_and_taken_back_in_one_tap_and_nothing_is_overwritten(registry: Registry) -> None:
    notices = {"purpose": "notices", "text_version": version("notices"), "given": True}
    registered = (await registry.register_self(person(301) | {"consents": [*CONSENTS, notices]})).json()
    who = await registry.log_in(registered["user_name"], PASSWORD)
    shown = await own(registry, who)
    assert {purpose: each["given"] for purpose, each in shown.items()} == {
        "service": True,
        "id_number": True,
        "notices": True,
        "proposals": False,
        "publicity": False,
    }
    assert {each["channel"] for each in shown.values()} == {"self_registration"}
    assert "A choice" in (await own(registry, who, "en"))["notices"]["title"]

    for _ in range(2):  # a second tap says nothing new
        taken_back = await say(registry, who, "notices", given=False)
        assert (taken_back.status_code, taken_back.json()) == (200, {"purpose": "notices", "given": False})
    assert (await say(registry, who, "notices", given=True)).status_code == 200
    ledger = (await own(registry, who))["notices"]["statements"]
    assert [(each["given"], each["channel"]) for each in ledger] == [
        (True, "own_page"),
        (False, "own_page"),
        (True, "self_registration"),
    ]
    assert [each["stated_at"] for each in ledger] == sorted((each["stated_at"] for each in ledger), reverse=True)
    told = await events(registry, registered["volunteer_id"])
    assert [each for each in told if each[1] == "notices"] == [
        ("ConsentGiven", "notices", 1),
        ("ConsentWithdrawn", "notices", 2),
        ("ConsentGiven", "notices", 3),
    ]
    assert ("ConsentWithdrawn", "publicity", 1) in told  # asked, and not agreed to
    [logged] = await registry.rows(
        "SELECT data FROM event_log WHERE topic = 'registry.consent' AND aggregate_version = 3"
    )
    assert logged.data.keys() == {"consent_id", "volunteer_id", "purpose", "text_version"}


@pytest.mark.row(6)
async def test_what_nobody_can_be_registered_without_is_not_taken_back_alone_and_an_old_text_is_not_agreed_to(
    registry: Registry,
) -> None:
    registered = (await registry.register_self(person(302))).json()
    who = await registry.log_in(registered["user_name"], PASSWORD)
    refused = await say(registry, who, "id_number", given=False)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (422, "needed_to_serve")
    refused = await say(registry, who, "notices", given=True, text_version="2020-1")
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [
        ("text_version", "changed_meanwhile")
    ]
    of_version = await registry.http.get(f"/v1/consent-texts/notices/{version('notices')}")
    assert of_version.json()["title"] == TEXTS[ConsentPurpose.NOTICES].title[0]
    assert (await registry.http.get("/v1/consent-texts/notices/2020-1")).status_code == 404
    assert (await registry.http.get("/v1/me/consents", headers=registry.admins["510115"])).status_code == 403


@pytest.mark.row(1, 6)
async def test_of_a_roster_its_organisation_says_that_it_has_the_consents_and_each_of_them_may_say_otherwise(
    registry: Registry,
) -> None:
    line = roster_line(9301)
    status = await registry.take_in("510115", "roster", roster([line]))
    import_id = status["location"].rpartition("/")[2]
    office = registry.admins["510115"]
    who = await student(registry, office, line["number"])
    shown = (await registry.http.get("/v1/me/consents", headers=who)).json()
    assert shown["organisation_source"] is None  # a file without a statement is taken in all the same
    assert {each["purpose"]: each["given"] for each in shown["items"]} == {
        **dict.fromkeys(("service", "id_number", "notices", "proposals"), True),
        "publicity": False,
    }
    assert {each["channel"] for each in shown["items"] if each["given"]} == {"organisation"}
    assert [each["channel"] for each in shown["items"] if not each["given"]] == [""]

    body = {"subject_id": import_id, "source": "signed_form", "statement": "已逐人取得书面同意，签字表存校团委。"}
    said = await registry.http.post("/v1/organisation-statements", json=body, headers=office)
    assert said.status_code == 201, said.text
    shown = (await registry.http.get("/v1/me/consents", headers=who)).json()
    assert shown["organisation_source"] == "signed_form"
    async with registry.api.transaction("510115") as tx:
        [kept] = (await tx.execute(text("SELECT stated_by, statement FROM organisation_statement"))).all()
    where = f"/v1/organisation-statements/{import_id}"
    [listed] = (await registry.http.get(where, headers=office)).json()
    assert (listed["source"], listed["statement"]) == (body["source"], body["statement"])
    assert (listed["stated_by"] or "").startswith("admin")
    assert (await registry.http.get(where, headers=who)).status_code == 403
    assert kept.stated_by.startswith("account:")
    assert kept.statement == body["statement"]

    for wrong, fault in (
        ({"subject_id": str(new_id())}, ("subject_id", "unknown_reference")),
        ({"statement": " "}, ("statement", "missing")),
    ):
        refused = await registry.http.post("/v1/organisation-statements", json=body | wrong, headers=office)
        assert [(each["field"], each["code"]) for each in refused.json()["faults"]] == [fault]
    assert (await registry.http.post("/v1/organisation-statements", json=body, headers=who)).status_code == 403

    assert (await say(registry, who, "notices", given=False)).status_code == 200
    assert (await own(registry, who))["notices"]["given"] is False


@pytest.mark.row(6)
async def test_what_was_stated_before_there_were_events_is_told_and_what_was_said_since_stays_the_last(
    registry: Registry,
) -> None:
    line = roster_line(9302)
    await registry.take_in("510115", "roster", roster([line]))
    who = await student(registry, registry.admins["510115"], line["number"])
    volunteer = (await registry.http.get("/v1/me", headers=who)).json()["volunteer"]["id"]
    async with registry.api.transaction("510115") as tx:  # as they were put on file before
        await tx.execute(
            text(
                "INSERT INTO consent (district, id, volunteer_id, purpose, text_version, given, channel, stated_at) "
                "SELECT '510115', gen_random_uuid(), :id, purpose, '2026-11-1', false, 'self_registration', "
                "       now() - interval '1 day' FROM unnest(ARRAY['notices', 'publicity']) AS o(purpose)"
            ),
            {"id": volunteer},
        )
    assert (await say(registry, who, "notices", given=True)).status_code == 200
    assert await events(registry, volunteer) == [("ConsentGiven", "notices", 2)]
    async with registry.worker.transaction() as tx:  # as the migration does
        await schedule(tx, [NewWork(district="510115", kind="consent_events")])

    async def all_are_told() -> bool:
        return not await registry.rows("SELECT 1 FROM consent WHERE version IS NULL")

    assert await eventually(all_are_told)
    assert sorted(await events(registry, volunteer)) == [
        ("ConsentGiven", "notices", 2),
        ("ConsentWithdrawn", "notices", 1),
        ("ConsentWithdrawn", "publicity", 1),
    ]


@pytest.mark.row(6, 14)
async def test_whoever_takes_back_that_stations_are_proposed_to_them_is_in_no_plan_and_told_of_none(
    registry: Registry,
) -> None:
    district = "510117"
    office = await registry.open(district)
    lines = [
        roster_line(
            serial,
            district=district,
            category="university_student",
            organisation=f"{district}-ORG-01",
            id_number=id_number(30_000 + serial),
            phone=f"172{serial:08d}",
        )
        for serial in range(12)
    ]
    assert (await registry.take_in(district, "roster", roster(lines)))["accepted"] == len(lines)
    at_once, later, willing = [await student(registry, office, line["number"]) for line in lines[:3]]
    assert (await say(registry, at_once, "proposals", given=False)).status_code == 200
    plan = await planned(registry, office)
    assert (plan["people"], plan["places"]) == (11, 11)
    assert (await say(registry, later, "proposals", given=False)).status_code == 200
    approved = await registry.http.post(f"/v1/allocations/{plan['id']}/approval", headers=office)
    assert approved.status_code == 200, approved.text

    async def all_are_told() -> bool:
        return not await registry.rows("SELECT 1 FROM placement WHERE state = 'planned'")

    assert await eventually(all_are_told)
    for who, proposed in ((at_once, 0), (later, 0), (willing, 1)):
        shown = await registry.http.get("/v1/me/placements", headers=who)
        assert len(shown.json()) == proposed
    [told] = await registry.rows(
        "SELECT count(*) AS n FROM event_log WHERE district = :d AND type LIKE '%PlacementProposed%'", d=district
    )
    assert told.n == len(lines) - 2


async def student(registry: Registry, office: dict[str, str], number: str) -> dict[str, str]:
    """Open a student's account and log in to it."""
    opened = await registry.http.post(
        "/v1/accounts", json={"volunteer_number": number, "password": PASSWORD}, headers=office
    )
    assert opened.status_code == 201, opened.text
    return await registry.log_in(number, PASSWORD)


async def planned(registry: Registry, office: dict[str, str]) -> dict[str, Any]:
    """Have a plan made and return it."""
    terms = {"answer_by": (now() + timedelta(days=7)).isoformat()}
    asked = await registry.http.post("/v1/allocations", json=terms, headers=office)
    assert asked.status_code == 202, asked.text
    where = f"/v1/allocations/{asked.json()['id']}"

    async def is_there() -> bool:
        return bool((await registry.http.get(where, headers=office)).json()["state"] == "proposed")

    assert await eventually(is_there)
    shown: dict[str, Any] = (await registry.http.get(where, headers=office)).json()
    return shown

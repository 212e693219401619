"""Registering oneself: by a code to the phone, with consents apart, and without telling who is registered.

Cases X4 (what is the form's to choose) and C30 (whose an idempotency key is).
"""

from typing import Any

import pytest
from sqlalchemy import text

from services.registry.consents.texts import TEXTS, ConsentPurpose
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import CONSENTS, Registry, roster, roster_line

PASSWORD = "long enough to keep"
SELF_A = {
    "district": "510115",
    "gender": "女",
    "category": "居民",
    "password": PASSWORD,
    "name": "自报甲",
    "id_number": "519900200406078849",
    "phone": "17190090092",
}
SELF_B = SELF_A | {"gender": "男", "name": "自报乙", "id_number": "519900200409128872", "phone": "17190090093"}
BACK_DATED = SELF_A | {
    "name": "自报丙",
    "id_number": "519900200412188884",
    "phone": "17190090094",
    "registered_on": "1950-01-01",
    "team": "510115-TEAM-007",
}


def person(serial: int, **changes: str) -> dict[str, Any]:
    line = roster_line(serial)
    kept = {field: line[field] for field in ("name", "gender", "id_number", "phone", "email", "category")}
    return kept | {"district": "510115", "password": PASSWORD} | changes


async def volunteers(registry: Registry) -> int:
    [row] = await registry.rows("SELECT count(*) AS n FROM volunteer")
    return int(row.n)


@pytest.mark.row(1)
async def test_a_student_registers_on_a_phone_and_logs_in_by_number(registry: Registry) -> None:
    created = await registry.register_self(person(130, language="en"))
    assert created.status_code == 201, created.text
    body = created.json()
    assert body["user_name"] == body["volunteer_number"]
    headers = await registry.log_in(body["user_name"], PASSWORD)
    me = (await registry.http.get("/v1/me", headers=headers)).json()
    assert (me["roles"], me["district"], me["volunteer"]["phone"]) == (["volunteer"], "510115", "170****0130")
    [registered] = await registry.rows(
        "SELECT data, caused_by FROM event_log WHERE aggregate_id = :id", id=body["volunteer_id"]
    )
    assert (registered.data["source"], registered.data["language"]) == ("self", "en")
    assert registered.caused_by == f"account:{me['account_id']}"
    assert (await registry.http.get("/v1/volunteers", headers=headers)).status_code == 403


async def test_strangers_who_choose_the_same_idempotency_key_do_not_meet(registry: Registry) -> None:
    code_a, code_b = await registry.code(SELF_A["phone"]), await registry.code(SELF_B["phone"])
    first = await registry.register_self(SELF_A, key="1", code=code_a)
    second = await registry.register_self(SELF_B, key="1", code=code_b)
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json()["volunteer_number"] != second.json()["volunteer_number"]
    changed = SELF_A | {"phone": "+86 171-9009-0092"}  # the same phone, written differently
    again = await registry.register_self(changed, key="1", code=code_a)
    assert (again.status_code, again.json()["type"]) == (422, "/problems/idempotency-key-reused")
    repeated = await registry.register_self(SELF_B, key="1", code=code_b)
    assert (repeated.status_code, repeated.content) == (201, second.content)
    assert repeated.headers["Idempotent-Replayed"] == "true"


async def test_day_and_team_are_not_the_form_s_to_choose(registry: Registry) -> None:
    created = await registry.register_self(BACK_DATED)
    assert created.status_code == 201, created.text
    assert created.json()["registered_on"] == district_day(now()).isoformat()
    path = f"/v1/volunteers/{created.json()['volunteer_id']}"
    shown = (await registry.http.get(path, headers=registry.admins["510115"])).json()
    assert (shown["registered_on"], shown["team"]) == (district_day(now()).isoformat(), None)


async def test_nobody_is_registered_by_an_organisation_before_they_were_born(registry: Registry) -> None:
    body = {field: value for field, value in BACK_DATED.items() if field not in ("district", "password", "team")}
    refused = await registry.http.post("/v1/volunteers", json=body, headers=registry.admins["510115"])
    assert ("registered_on", "contradicts_id") in [(f["field"], f["code"]) for f in refused.json()["faults"]]


async def test_without_the_code_that_went_to_the_phone_nobody_is_registered(registry: Registry) -> None:
    code = await registry.code(person(131)["phone"])
    before = await volunteers(registry)
    wrong = f"{(int(code) + 1) % 1_000_000:06d}"
    for body, given in ((person(131), wrong), (person(131, phone="17000009999"), code)):
        refused = await registry.register_self(body, code=given)
        assert (refused.status_code, refused.json()["faults"][0]["code"]) == (422, "wrong_code")
    assert await volunteers(registry) == before
    assert (await registry.register_self(person(131), code=code)).status_code == 201
    used = await registry.register_self(person(132, phone=person(131)["phone"]), code=code)
    assert used.json()["faults"][0]["code"] == "wrong_code"


async def test_a_form_with_a_fault_leaves_the_code_good(registry: Registry) -> None:
    code = await registry.code(person(133)["phone"])
    refused = await registry.register_self(person(133, name="=1+1", category=""), code=code)
    assert [(f["field"], f["code"]) for f in refused.json()["faults"]] == [("name", "formula"), ("category", "missing")]
    assert (await registry.register_self(person(133), code=code)).status_code == 201


@pytest.mark.row(1, 6)
async def test_consents_are_asked_for_apart_and_kept_with_text_version_time_and_channel(registry: Registry) -> None:
    texts = (await registry.http.get("/v1/consent-texts", headers={"Accept-Language": "en"})).json()
    chinese = (await registry.http.get("/v1/consent-texts")).json()
    assert [text["purpose"] for text in texts if text["needed"]] == ["service", "id_number"]
    assert all(one["text"] != other["text"] for one, other in zip(texts, chinese, strict=True))
    code = await registry.code(person(134)["phone"])
    first_version = {"text_version": "2025-01-1", "given": True, "purpose": "notices"}
    for consents, fault in (
        ([], ("consents.service", "missing")),
        ([CONSENTS[0], CONSENTS[1] | {"given": False}], ("consents.id_number", "missing")),
        ([*CONSENTS, first_version], ("consents.notices", "changed_meanwhile")),
    ):
        refused = await registry.register_self(person(134) | {"consents": consents}, code=code)
        assert fault in [(f["field"], f["code"]) for f in refused.json()["faults"]]
    declined = {"purpose": "publicity", "text_version": TEXTS[ConsentPurpose.PUBLICITY].version, "given": False}
    created = await registry.register_self(person(134) | {"consents": [*CONSENTS, declined]}, code=code)
    async with registry.api.transaction("510115") as tx:
        rows = await tx.execute(
            text("SELECT purpose, text_version, given, channel, stated_at FROM consent WHERE volunteer_id = :id"),
            {"id": created.json()["volunteer_id"]},
        )
        kept = {row.purpose: row for row in rows}
    assert {purpose: row.given for purpose, row in kept.items()} == {
        "service": True,
        "id_number": True,
        "publicity": False,
        "notices": False,  # what was left out was not agreed to
        "proposals": False,
    }
    assert {row.channel for row in kept.values()} == {"self_registration"}
    assert all(row.stated_at <= now() for row in kept.values())


async def test_somebody_of_the_roster_comes_in_by_their_own_phone(registry: Registry) -> None:
    line = roster_line(9001)
    await registry.take_in("510115", "roster", roster([line]))
    before = await volunteers(registry)
    created = await registry.register_self(person(9001))
    assert (created.status_code, created.json()["volunteer_number"]) == (201, line["number"])
    assert created.json()["registered_on"] == line["registered_on"]
    headers = await registry.log_in(line["number"], PASSWORD)
    assert (await registry.http.get("/v1/me", headers=headers)).json()["volunteer"]["number"] == line["number"]
    assert await volunteers(registry) == before


async def test_a_stranger_is_not_told_who_is_registered_and_the_person_on_file_is(registry: Registry) -> None:
    owner, stranger = person(135), "17000019999"
    registered = (await registry.register_self(owner)).json()
    before, texts = await volunteers(registry), len(registry.texts_to(owner["phone"]))
    probe = await registry.register_self(owner | {"phone": stranger, "name": "冒名者", "password": "a stranger's own"})
    fresh = await registry.register_self(person(136))
    assert (probe.status_code, probe.json().keys()) == (fresh.status_code, fresh.json().keys())
    numbers = [int(answer.json()["volunteer_number"]) for answer in (probe, fresh)]
    assert numbers == [int(registered["volunteer_number"]) + 1, int(registered["volunteer_number"]) + 2]
    assert probe.json()["volunteer_id"] != registered["volunteer_id"]
    assert await volunteers(registry) == before + 1
    told = await registry.next_text(owner["phone"], texts)
    assert "有人用您的身份证号登记" in told
    assert registered["volunteer_number"] in told
    assert len(registry.texts_to(stranger)) == 1  # the code, and nothing else
    await registry.log_in(registered["user_name"], PASSWORD)
    refused = await registry.http.post(
        "/v1/tokens", json={"user_name": probe.json()["user_name"], "password": "a stranger's own"}
    )
    assert refused.status_code == 401


@pytest.mark.parametrize("fields", [["name", "id_number"], ["phone"], ["consents"], ["password"], []])
async def test_a_step_is_checked_without_writing_and_without_a_look_at_who_is_registered(
    registry: Registry, fields: list[str]
) -> None:
    registered = person(137)
    if not registry.texts_to(registered["phone"]):
        assert (await registry.register_self(registered)).status_code == 201
    before = [await volunteers(registry), await registry.rows("SELECT last_serial FROM district")]
    right = {**registered, "consents": CONSENTS, "fields": fields}
    assert (await registry.http.post("/v1/volunteers/self/check", json=right)).status_code == 204
    wrong = {"district": "510115", "name": "=1", "phone": "1", "password": "x", "fields": fields}
    refused = await registry.http.post("/v1/volunteers/self/check", json=wrong)
    told = {fault["field"].partition(".")[0] for fault in refused.json()["faults"]}
    assert refused.status_code == 422
    assert told == (set(fields) or {"name", "gender", "id_number", "phone", "category", "password", "consents"})
    assert [await volunteers(registry), await registry.rows("SELECT last_serial FROM district")] == before

"""Registering oneself: what is the form's to choose (case X4), and whose an idempotency key is (case C30)."""

from typing import Any

import httpx

from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry

SELF_A = {
    "district": "510115",
    "gender": "女",
    "category": "居民",
    "password": "long enough to keep",
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


async def post(registry: Registry, body: dict[str, Any], key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await registry.http.post("/v1/volunteers/self", json=body, headers=headers)


async def test_strangers_who_choose_the_same_idempotency_key_do_not_meet(registry: Registry) -> None:
    first, second = await post(registry, SELF_A, "1"), await post(registry, SELF_B, "1")
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json()["number"] != second.json()["number"]
    again = await post(registry, SELF_A | {"phone": "+86 171-9009-0092"}, "1")  # the same number, written differently
    assert (again.status_code, again.json()["type"]) == (422, "/problems/idempotency-key-reused")
    repeated = await post(registry, SELF_B, "1")
    assert (repeated.status_code, repeated.content) == (201, second.content)
    assert repeated.headers["Idempotent-Replayed"] == "true"


async def test_day_and_team_are_not_the_form_s_to_choose(registry: Registry) -> None:
    created = await post(registry, BACK_DATED)
    assert created.status_code == 201, created.text
    shown = await registry.http.get(f"/v1/volunteers/{created.json()['id']}", headers=registry.admins["510115"])
    assert shown.json()["registered_on"] == district_day(now()).isoformat()
    assert shown.json()["team"] is None


async def test_nobody_is_registered_by_an_organisation_before_they_were_born(registry: Registry) -> None:
    body = {field: value for field, value in BACK_DATED.items() if field not in ("district", "password", "team")}
    refused = await registry.http.post("/v1/volunteers", json=body, headers=registry.admins["510115"])
    assert ("registered_on", "contradicts_id") in [(f["field"], f["code"]) for f in refused.json()["faults"]]

"""An operator opens a district with its first administrator, who then needs nobody to log in and import."""

from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.integration.registry.conftest import Registry, sample

ONE_TIME = "k3m9-good-for-once"
CHOSEN = "a password of one's own"


async def open_it(registry: Registry, code: str, key: str = "", **administrator: str) -> httpx.Response:
    headers = await registry.operator(code) | ({"Idempotency-Key": key} if key else {})
    body: dict[str, Any] = {"code": code, "name": f"区{code}"}
    if administrator:
        body["administrator"] = {"password": ONE_TIME} | administrator
    return await registry.http.post("/v1/districts", json=body, headers=headers)


async def state(registry: Registry, code: str) -> dict[str, Any]:
    """Return how far a district has come, as its operator sees it."""
    answer = await registry.http.get("/v1/operations/districts", headers=await registry.operator("000000"))
    assert answer.status_code == 200, answer.text
    (found,) = (district for district in answer.json()["items"] if district["code"] == code)
    return {name: value for name, value in found.items() if name not in ("code", "name", "opened_at")}


def faults(answer: httpx.Response) -> list[str]:
    return [f"{fault['field']}: {fault['code']}" for fault in answer.json()["faults"]]


@pytest.mark.row(59)
async def test_a_district_is_opened_with_its_administrator_who_logs_in_once_and_imports(registry: Registry) -> None:
    answer = await open_it(registry, "510121", user_name="Admin.510121")
    assert (answer.status_code, answer.json()["administrator"]) == (201, "admin.510121")
    assert await state(registry, "510121") == {
        "administrators": 1,
        "waiting": 1,
        "has_places": False,
        "has_roster": False,
    }
    first = await registry.log_in("admin.510121", ONE_TIME)
    refused = await registry.http.post("/v1/imports/divisions", content=sample("divisions.csv"), headers=first)
    assert (refused.status_code, faults(refused)) == (403, [": password_to_change"])
    change = {"old_password": ONE_TIME, "new_password": CHOSEN}
    assert (await registry.http.post("/v1/me/password", json=change, headers=first)).status_code == 204
    registry.admins["510121"] = await registry.log_in("admin.510121", CHOSEN)
    for kind in ("divisions", "organisations", "stations"):
        content = sample(f"{kind}.csv").replace(b"510115", b"510121")
        taken = await registry.take_in("510121", kind, content)
        assert (taken["state"], taken["rejected"]) == ("completed", 0), taken
    assert await state(registry, "510121") == {
        "administrators": 1,
        "waiting": 0,
        "has_places": True,
        "has_roster": False,
    }


async def test_district_account_and_event_are_there_together_or_not_at_all(registry: Registry) -> None:
    taken = await open_it(registry, "510122", user_name="admin.510115")
    assert (taken.status_code, faults(taken)) == (409, ["user_name: name_taken"])
    assert await registry.rows("SELECT code FROM district WHERE code = '510122'") == []
    assert (await open_it(registry, "510122", user_name="admin.510122")).status_code == 201
    rows = await registry.rows(
        """
        SELECT split_part(type, '.', 4) AS name, data->>'code' AS code, split_part(caused_by, ':', 1) AS by
        FROM event_log WHERE district = '510122' ORDER BY position
        """
    )
    assert [tuple(row) for row in rows] == [
        ("AccountOpened", None, "account"),
        ("DistrictOpened", "510122", "account"),
    ]


async def test_every_fault_is_told_at_once_and_a_district_is_opened_once(registry: Registry) -> None:
    body = {"code": "510123", "name": " ", "administrator": {"user_name": "1", "password": ONE_TIME}}
    refused = await registry.http.post("/v1/districts", json=body, headers=await registry.operator("510123"))
    assert faults(refused) == ["name: missing", "user_name: format"]
    answers = [await open_it(registry, "510123", "same key", user_name="admin.510123") for _ in range(2)]
    assert [(answer.status_code, answer.content) for answer in answers] == [(201, answers[0].content)] * 2
    again = await open_it(registry, "510123", user_name="another.510123")
    assert (again.status_code, faults(again)) == (409, ["code: already_registered"])


async def test_who_has_not_shown_lately_who_they_are_opens_no_district_and_makes_no_key(registry: Registry) -> None:
    logged_in = await registry.http.post(
        "/v1/tokens", json={"user_name": "operator", "password": registry.environment["REGISTRY_OPERATOR_PASSWORD"]}
    )
    async with registry.api.transaction("*") as tx:
        await tx.execute(text("UPDATE session SET stepped_up_at = stepped_up_at - interval '11 minutes'"))
    renewed = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": logged_in.json()["refresh_token"]})
    headers = {"Authorization": f"Bearer {renewed.json()['access_token']}", "X-District": "510124"}
    for path in ("/v1/districts", "/v1/signing-keys"):
        refused = await registry.http.post(path, json={"code": "510124", "name": "区"}, headers=headers)
        assert (refused.status_code, faults(refused)) == (403, [": step_up"])


async def test_an_operator_sees_since_when_a_key_signs_and_until_when_the_one_before_is_good(
    registry: Registry,
) -> None:
    operator = await registry.operator("510115")
    made = (await registry.http.post("/v1/signing-keys", headers=operator)).json()["id"]
    signs, before, *_ = (await registry.http.get("/v1/signing-keys", headers=operator)).json()
    assert (signs["id"], signs["replaced_at"], signs["verifies_until"]) == (made, None, None)
    assert before["replaced_at"] < before["verifies_until"]
    (row,) = await registry.rows("SELECT district, caused_by FROM event_log WHERE data->>'key_id' = :made", made=made)
    assert (row.district, row.caused_by.partition(":")[0]) == ("000000", "account")

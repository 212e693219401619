"""Registering, lists, masks and the fence between districts, over HTTP."""

import asyncio
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tests.integration.registry.conftest import Registry, id_number, roster, roster_line


def form(serial: int, **changes: Any) -> dict[str, Any]:
    line = roster_line(serial)
    return {
        field: line[field] for field in ("name", "gender", "id_number", "phone", "email", "category", "organisation")
    } | changes


async def register(registry: Registry, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await registry.http.post("/v1/volunteers", json=body, headers=registry.admins["510115"] | headers)


async def test_a_registered_volunteer_is_shown_masked(registry: Registry) -> None:
    created = await register(registry, form(100, skills=["law", "税务"], team="510115-TEAM-007"))
    assert created.status_code == 201
    shown = await registry.http.get(f"/v1/volunteers/{created.json()['id']}", headers=registry.admins["510115"])
    body = shown.json()
    assert body["number"] == created.json()["number"]
    assert (body["name"], body["phone"], body["email"]) == ("张**", "170****0100", "v***@example.org")
    assert body["id_number"] == f"519900********{id_number(100)[-4:]}"
    assert (body["skills"], body["organisation"], body["team"]) == (["law", "tax"], "510115-ORG-07", "510115-TEAM-007")
    [event] = await registry.rows("SELECT data FROM event_log WHERE aggregate_id = :id", id=body["id"])
    assert (event.data["source"], event.data["import_id"]) == ("organisation", None)


async def test_every_fault_is_told_at_once_with_the_codes_of_the_roster(registry: Registry) -> None:
    answer = await register(registry, {"name": "=1+1", "gender": "女", "id_number": id_number(101), "phone": "12"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(fault["field"], fault["code"]) for fault in answer.json()["faults"]] == [
        ("name", "formula"),
        ("gender", "contradicts_id"),
        ("phone", "format"),
        ("category", "missing"),
    ]
    assert id_number(101) not in answer.text


async def test_nobody_is_registered_twice(registry: Registry) -> None:
    assert (await register(registry, form(102))).status_code == 201
    again = await register(registry, form(102, name="另一个名字"))
    assert again.status_code == 409
    assert again.json()["faults"][0]["code"] == "already_registered"


async def test_one_of_many_at_once_registers_a_person_and_numbers_are_unique(registry: Registry) -> None:
    same = await asyncio.gather(*(register(registry, form(103)) for _ in range(8)))
    assert sorted(answer.status_code for answer in same) == [201] + [409] * 7
    others = await asyncio.gather(*(register(registry, form(serial)) for serial in range(110, 126)))
    assert {answer.status_code for answer in others} == {201}
    assert len({answer.json()["number"] for answer in others}) == 16


async def test_the_same_key_gives_the_same_answer(registry: Registry) -> None:
    first = await register(registry, form(104), **{"Idempotency-Key": "a"})
    again = await register(registry, form(104), **{"Idempotency-Key": "a"})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await register(registry, form(105), **{"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    for path, body in (
        ("/v1/accounts", {"volunteer_number": first.json()["number"], "password": "a password to begin with"}),
        ("/v1/volunteers/self", form(106) | {"district": "510115", "password": "a password to begin with"}),
    ):
        headers = registry.admins["510115"] | {"Idempotency-Key": path}
        answers = [await registry.http.post(path, json=body, headers=headers) for _ in range(2)]
        assert answers[0].status_code == 201, answers[0].text
        assert answers[0].content == answers[1].content
    operator = await registry.operator("510117") | {"Idempotency-Key": "b"}
    body = {"code": "510117", "name": "郫都区"}
    answers = [await registry.http.post("/v1/districts", json=body, headers=operator) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (await registry.http.post("/v1/districts", json=body | {"name": "x"}, headers=operator)).status_code == 422


async def test_a_student_registers_on_a_phone_and_logs_in_by_number(registry: Registry) -> None:
    body = form(130, district="510115", password="a password to begin with", language="en")
    created = await registry.http.post("/v1/volunteers/self", json=body)
    assert created.status_code == 201, created.text
    headers = await registry.log_in(created.json()["number"], "a password to begin with")
    me = (await registry.http.get("/v1/me", headers=headers)).json()
    assert (me["roles"], me["district"]) == (["volunteer"], "510115")
    assert me["volunteer"]["phone"] == "170****0130"
    [event] = await registry.rows(
        "SELECT data, caused_by FROM event_log WHERE aggregate_id = :id", id=created.json()["id"]
    )
    assert (event.data["source"], event.data["language"]) == ("self", "en")
    assert event.caused_by == f"account:{me['account_id']}"
    other = await register(registry, form(131))
    assert (await registry.http.get(f"/v1/volunteers/{other.json()['id']}", headers=headers)).status_code == 404
    assert (await registry.http.get("/v1/volunteers", headers=headers)).status_code == 403
    weak = await registry.http.post("/v1/volunteers/self", json=form(132, district="510115", password="short"))
    assert weak.json()["faults"][0] == {"field": "password", "code": "weak", "message": weak.json()["detail"]}


async def test_pages_go_through_everybody_once(registry: Registry) -> None:
    lines = [roster_line(serial, number=f"77{serial:06d}") for serial in range(200, 225)]
    await registry.take_in("510115", "roster", roster(lines))
    numbers: list[str] = []
    query: dict[str, str] = {"q": "77", "limit": "10"}
    while True:
        page = await registry.http.get("/v1/volunteers", params=query, headers=registry.admins["510115"])
        numbers += [item["number"] for item in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            break
        query["cursor"] = page.json()["next_cursor"]
    assert numbers == [line["number"] for line in lines]
    nobody = await registry.http.get(
        "/v1/volunteers", params={"q": "77", "category": "minor"}, headers=registry.admins["510115"]
    )
    assert nobody.json()["items"] == []


@pytest.mark.parametrize(("path", "rows"), [("divisions", 105), ("organisations", 7), ("stations", 11), ("teams", 84)])
async def test_reference_data_is_public(registry: Registry, path: str, rows: int) -> None:
    page = await registry.http.get(f"/v1/{path}", params={"district": "510115", "limit": 1000})
    assert len(page.json()["items"]) == rows
    assert (await registry.http.get(f"/v1/{path}", params={"district": "110101"})).json()["items"] == []


async def test_another_district_sees_nothing_and_may_have_the_same_person(registry: Registry) -> None:
    created = await register(registry, form(140))
    other = await registry.open("510118")
    assert (await registry.http.get("/v1/volunteers", headers=other)).json()["items"] == []
    assert (await registry.http.get(f"/v1/volunteers/{created.json()['id']}", headers=other)).status_code == 404
    assert (await registry.http.get("/v1/volunteers/counts", headers=other)).json()["total"] == 0
    same_person = form(140, organisation="510118-ORG-07")
    assert (await registry.http.post("/v1/volunteers", json=same_person, headers=other)).status_code == 201
    assert (await registry.http.get("/v1/volunteers", headers=other | {"X-District": "510115"})).status_code == 403


async def test_the_database_itself_keeps_districts_apart(registry: Registry) -> None:
    async with registry.api.transaction("510119") as tx:
        for table in ("volunteer", "account", "team", "station", "organisation", "division"):
            assert (await tx.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
    with pytest.raises(DBAPIError, match="no district is set"):
        async with registry.api.transaction() as tx:
            await tx.execute(text("SELECT 1 FROM volunteer"))
    with pytest.raises(DBAPIError, match="row-level security"):
        async with registry.api.transaction("510119") as tx:
            await tx.execute(
                text("INSERT INTO account VALUES ('510115', gen_random_uuid(), 'x', 'x', '{}', '{}', NULL, now())")
            )


async def test_anybody_may_know_how_many_volunteers_a_district_has(registry: Registry) -> None:
    path = "/v1/public/figures?district=510115"
    before = await registry.http.get(path)
    assert before.headers["cache-control"] == "public, max-age=30"
    same = await registry.http.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert (same.status_code, same.content) == (304, b"")
    await register(registry, form(160))
    after = await registry.http.get(path, headers={"If-None-Match": before.headers["etag"]})
    assert after.json()["volunteers"] == before.json()["volunteers"] + 1
    counted = await registry.http.get("/v1/volunteers/counts", headers=registry.admins["510115"])
    assert after.json()["volunteers"] == counted.json()["total"]

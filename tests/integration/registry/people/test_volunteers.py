"""Registering, lists, masks and the fence between districts, over HTTP."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, event, text
from sqlalchemy.exc import DBAPIError

from shared.contracts.calendar import district_day
from shared.http.small_numbers import FEWEST
from shared.store.event_log import now
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

PASSWORD = "a password to begin with"


def form(serial: int, **changes: Any) -> dict[str, Any]:
    line = roster_line(serial)
    return {
        field: line[field] for field in ("name", "gender", "id_number", "phone", "email", "category", "organisation")
    } | changes


async def register(registry: Registry, body: dict[str, Any], **headers: str) -> httpx.Response:
    return await registry.http.post("/v1/volunteers", json=body, headers=registry.admins["510115"] | headers)


@pytest.mark.row(1)
async def test_a_registered_volunteer_is_shown_masked(registry: Registry) -> None:
    created = await register(registry, form(100, skills=["law", "税务"], team="510115-TEAM-007"))
    assert created.status_code == 201
    shown = await registry.http.get(f"/v1/volunteers/{created.json()['id']}", headers=registry.admins["510115"])
    body = shown.json()
    assert body["number"] == created.json()["number"]
    assert (body["name"], body["phone"], body["email"]) == ("张**", "170****0100", "v***@example.org")
    assert body["id_number"] == f"519900********{id_number(100)[-4:]}"
    assert (body["skills"], body["organisation"], body["team"]) == (["law", "tax"], "510115-ORG-07", "510115-TEAM-007")
    [registered] = await registry.rows("SELECT data FROM event_log WHERE aggregate_id = :id", id=body["id"])
    assert (registered.data["source"], registered.data["import_id"]) == ("organisation", None)


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


@pytest.mark.row(3)
async def test_nobody_is_registered_twice(registry: Registry) -> None:
    assert (await register(registry, form(102))).status_code == 201
    again = await register(registry, form(102, name="另一个名字"))
    assert again.status_code == 409
    assert again.json()["faults"][0]["code"] == "already_registered"


@pytest.mark.row(2)
async def test_one_of_many_at_once_registers_a_person_and_numbers_are_unique(registry: Registry) -> None:
    same = await asyncio.gather(*(register(registry, form(103)) for _ in range(8)))
    assert sorted(answer.status_code for answer in same) == [201] + [409] * 7
    others = await asyncio.gather(*(register(registry, form(serial)) for serial in range(110, 126)))
    assert {answer.status_code for answer in others} == {201}
    assert len({answer.json()["number"] for answer in others}) == 16


async def test_a_file_cannot_use_up_the_numbers_that_the_district_issues(registry: Registry) -> None:
    """A roster with the very last number, and with those that would be issued next, shuts nobody out."""
    numbers = [
        "51011589999999",
        *(f"510115{90_000_000 + more}" for more in range(3)),
        "51011599999998",
        "51011599999999",
    ]
    lines = [roster_line(8200 + serial, number=number) for serial, number in enumerate(numbers)]
    assert (await registry.take_in("510115", "roster", roster(lines)))["accepted"] == len(numbers)
    assert (await register(registry, form(108))).json()["number"] == "51011590000003"
    own = form(109) | {"district": "510115", "password": "long enough to keep"}
    assert (await registry.register_self(own)).json()["volunteer_number"] == "51011590000004"
    assert (await register(registry, form(108))).json()["faults"][0]["code"] == "already_registered"


async def test_the_same_key_gives_the_same_answer(registry: Registry) -> None:
    first = await register(registry, form(104), **{"Idempotency-Key": "a"})
    again = await register(registry, form(104), **{"Idempotency-Key": "a"})
    assert (first.status_code, first.content) == (again.status_code, again.content)
    other = await register(registry, form(105), **{"Idempotency-Key": "a"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    body = {"volunteer_number": first.json()["number"], "password": "a password to begin with"}
    headers = registry.admins["510115"] | {"Idempotency-Key": "account"}
    answers = [await registry.http.post("/v1/accounts", json=body, headers=headers) for _ in range(2)]
    assert answers[0].status_code == 201, answers[0].text
    assert answers[0].content == answers[1].content
    operator = await registry.operator("510117") | {"Idempotency-Key": "b"}
    body = {"code": "510117", "name": "郫都区"}
    answers = [await registry.http.post("/v1/districts", json=body, headers=operator) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert (await registry.http.post("/v1/districts", json=body | {"name": "x"}, headers=operator)).status_code == 422


async def test_pages_go_through_everybody_once(registry: Registry) -> None:
    lines = [roster_line(serial, number=f"510115-77-{serial:06d}") for serial in range(200, 225)]
    await registry.take_in("510115", "roster", roster(lines))
    numbers: list[str] = []
    query: dict[str, str] = {"query": "510115-77-", "limit": "10"}
    while True:
        page = await registry.http.get("/v1/volunteers", params=query, headers=registry.admins["510115"])
        numbers += [item["number"] for item in page.json()["items"]]
        if page.json()["next_cursor"] is None:
            break
        query["cursor"] = page.json()["next_cursor"]
    assert numbers == [line["number"] for line in lines]
    nobody = await registry.http.get(
        "/v1/volunteers", params={"query": "510115-77-", "category": "minor"}, headers=registry.admins["510115"]
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


async def found(registry: Registry, headers: dict[str, str], query: str) -> list[str]:
    answer = await registry.http.get("/v1/volunteers", params={"query": query}, headers=headers)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


async def test_staff_find_somebody_by_number_whole_name_phone_and_last_digits(registry: Registry) -> None:
    admin = registry.admins["510115"]
    created = (await register(registry, form(4321, name="欧阳若兮", phone="17090099876"))).json()
    number = created["number"]
    for query in (
        number,
        number[:-1],
        number[-4:],
        "欧阳若兮",
        " 欧阳 若兮",
        "170-9009-9876",
        "+8617090099876",
        "9876",
    ):
        assert number in await found(registry, admin, query), query
    await register(registry, form(4322, phone="17090199876"))
    assert await found(registry, admin, "17090099876") == [number]  # and nobody whose phone only ends alike
    for query in ("欧阳", "17090099875", "nobody", "510115-V-"):
        assert await found(registry, admin, query) == []
    other = await registry.open("510120")
    assert await found(registry, other, "欧阳若兮") == []


async def test_a_roster_gets_masked_names_of_whoever_signed_up_by_one_statement(registry: Registry) -> None:
    created = [(await register(registry, form(serial))).json() for serial in range(4400, 4403)]
    elsewhere = await registry.open("510121")
    stranger = await registry.http.post(
        "/v1/volunteers", json=form(4403, organisation="510121-ORG-07"), headers=elsewhere
    )
    leader = await leader_of(registry, "lead.names", "510115-TEAM-007")
    ids = [one["id"] for one in created] + [stranger.json()["id"], "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77"]
    for headers in (registry.admins["510115"], leader):
        with count_statements() as statements:
            answer = await registry.http.get("/v1/volunteers", params={"ids": ",".join(ids)}, headers=headers)
        assert answer.json()["items"] == [
            {
                "id": one["id"],
                "volunteer_number": one["number"],
                "name_masked": "张**",
                "number_last_four": one["number"][-4:],
                "phone_masked": f"170****{serial:04d}",
            }
            for serial, one in zip(range(4400, 4403), created, strict=True)
        ]
        assert len([each for each in statements if "volunteer v" in each]) == 1
    too_many = ",".join([ids[0]] * 201)
    for wrong, code in ((too_many, "too_many"), ("1,2", "format"), ("", "format")):
        refused = await registry.http.get("/v1/volunteers", params={"ids": wrong}, headers=registry.admins["510115"])
        assert (refused.status_code, refused.json()["faults"][0]["code"]) == (422, code)


async def test_reading_somebody_in_clear_needs_a_reason_and_is_logged(registry: Registry) -> None:
    created = (await register(registry, form(4500, team="510115-TEAM-007"))).json()
    path = f"/v1/volunteers/{created['id']}/reveal"
    leader = await leader_of(registry, "lead.reveals", "510115-TEAM-007")
    other = await leader_of(registry, "lead.other", "510115-TEAM-008")
    without = await registry.http.post(path, json={"reason": " "}, headers=leader)
    assert (without.status_code, without.json()["faults"][0]["field"]) == (422, "reason")
    assert (await registry.http.post(path, json={"reason": "电话通知改期"}, headers=other)).status_code == 404
    shown = await registry.http.post(path, json={"reason": "电话通知改期"}, headers=leader)
    assert shown.json() == {
        "id": created["id"],
        "volunteer_number": created["number"],
        "name": roster_line(4500)["name"],
        "phone": roster_line(4500)["phone"],
    }
    me = (await registry.http.get("/v1/me", headers=leader)).json()
    async with registry.api.transaction("510115") as tx:
        logged = await tx.execute(
            text("SELECT actor, action, reason FROM access_log WHERE subject_id = :id"), {"id": created["id"]}
        )
    assert [tuple(entry) for entry in logged] == [(f"account:{me['account_id']}", "volunteer_revealed", "电话通知改期")]
    async with registry.api.transaction("510115") as tx:
        with pytest.raises(DBAPIError, match="permission denied"):
            await tx.execute(text("DELETE FROM access_log"))


async def test_who_was_on_file_before_names_could_be_searched_for_is_found_after_the_upgrade(
    registry: Registry,
) -> None:
    created = (await register(registry, form(4600, name="司马旧档"))).json()
    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE volunteer SET name_index = NULL, phone_tail_index = NULL"))
        await schedule(tx, [NewWork(district="510115", kind="search_index")])

    async def is_found() -> bool:
        return await found(registry, registry.admins["510115"], "司马旧档") == [created["number"]]

    assert await eventually(is_found)


async def leader_of(registry: Registry, user_name: str, team: str) -> dict[str, str]:
    account = {"user_name": user_name, "password": PASSWORD, "roles": ["team_leader"], "units": [team]}
    opened = await registry.http.post("/v1/accounts", json=account, headers=registry.admins["510115"])
    assert opened.status_code == 201, opened.text
    return await registry.log_in(user_name, PASSWORD)


@contextmanager
def count_statements() -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield statements
    event.remove(Engine, "before_cursor_execute", note)


async def test_anybody_may_know_who_registered_by_month_and_community_but_no_small_numbers(registry: Registry) -> None:
    """P5; the rule of small numbers has a test of its own (tests/unit/kit/test_small_numbers.py)."""
    first, second = await registry.rows(
        "SELECT code, name FROM division WHERE district = '510115' AND level = 'community' ORDER BY code LIMIT 2"
    )
    for serial in range(9300, 9306):
        assert (await register(registry, form(serial, community=first.code))).status_code == 201
    assert (await register(registry, form(9310, community=second.code))).status_code == 201
    today = district_day(now())
    path = f"/v1/public/statistics?district=510115&year={today.year}"
    answer = await registry.http.get(path)
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "public, max-age=30")
    told = answer.json()
    total = (await registry.http.get("/v1/public/figures?district=510115")).json()["volunteers"]
    assert (told["volunteers"], told["few"]) == (total, False)
    communities = {one["code"]: one for one in told["communities"]}
    assert communities[second.code] == {"code": second.code, "name": second.name, "volunteers": None, "few": True}
    assert (communities[first.code]["volunteers"], communities[first.code]["few"]) == (None, False), "the next smallest"
    assert communities[None]["volunteers"] >= FEWEST
    shown = [one["volunteers"] for one in told["communities"] if one["volunteers"] is not None]
    assert total - sum(shown) >= FEWEST, "nobody can work out the one"
    [month] = [one for one in told["months"] if one["code"] == f"{today:%Y-%m}"]
    assert month["volunteers"] >= FEWEST
    held = await registry.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (held.status_code, held.content) == (304, b"")

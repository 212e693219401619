"""Row 5: a minor registers with a guardian's consent, by a code to the guardian's phone; the desk sees who has none."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.registry.consents.texts import GUARDIAN_TEXT
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

PASSWORD = "long enough to keep"
GUARDIAN = {"guardian_name": "张建国", "guardian_phone": "17011110001"}


def minor(serial: int, years: int = 15) -> dict[str, Any]:
    line = roster_line(serial)
    born = district_day(now()) - timedelta(days=365 * years + 90)
    kept = {field: line[field] for field in ("name", "gender", "phone", "category")}
    return kept | {"id_number": id_number(serial % 500, born=born), "district": "510115", "password": PASSWORD}


def faults(response: Any) -> list[tuple[str, str]]:
    return [(fault["field"], fault["code"]) for fault in response.json()["faults"]]


async def profiles(registry: Registry, volunteer_id: str) -> list[tuple[bool, bool]]:
    rows = await registry.rows(
        "SELECT data FROM event_log WHERE aggregate_id = :id ORDER BY aggregate_version", id=volunteer_id
    )
    return [(row.data["minor"], row.data["guardian_agreed"]) for row in rows]


@pytest.mark.row(1, 5)
async def test_a_minor_registers_once_a_guardian_has_told_the_code_that_went_to_their_phone(
    registry: Registry,
) -> None:
    person = minor(401)
    step = person | {"fields": ["guardian_phone"]}
    assert faults(await registry.http.post("/v1/volunteers/self/check", json=step)) == [
        ("guardian_phone", "guardian_needed")
    ]
    own = await registry.code(person["phone"])
    assert faults(await registry.register_self(person, code=own)) == [("guardian_phone", "guardian_needed")]
    own_phone = person | {"guardian_name": "张", "guardian_phone": person["phone"], "guardian_code": "000000"}
    assert faults(await registry.register_self(own_phone | {"guardian_code": ""}, code=own)) == [
        ("guardian_phone", "own_phone")
    ]
    asked = await registry.code(GUARDIAN["guardian_phone"], "guardian")
    assert "监护人" in registry.texts_to(GUARDIAN["guardian_phone"])[0]
    wrong = f"{(int(asked) + 1) % 1_000_000:06d}"
    refused = await registry.register_self(person | GUARDIAN | {"guardian_code": wrong}, code=own)
    assert faults(refused) == [("guardian_code", "wrong_code")]
    created = await registry.register_self(person | GUARDIAN | {"guardian_code": asked}, code=own)
    assert created.status_code == 201, created.text
    assert await profiles(registry, created.json()["volunteer_id"]) == [(True, False), (True, True)]
    who = await registry.log_in(created.json()["user_name"], PASSWORD)
    shown = (await registry.http.get("/v1/me/guardian", headers=who)).json()
    assert (shown["minor"], shown["agreed"], shown["name"], shown["phone"]) == (True, True, "张**", "170****0001")
    async with registry.api.transaction("510115") as tx:
        [kept] = (await tx.execute(text("SELECT sealed, text_version FROM guardian"))).all()
    assert "张建国".encode() not in kept.sealed
    assert GUARDIAN["guardian_phone"].encode() not in kept.sealed
    assert kept.text_version == GUARDIAN_TEXT.version
    adult = await registry.register_self(minor(402, 30))
    assert adult.status_code == 201, adult.text  # nobody asks an adult


@pytest.mark.row(5)
async def test_of_a_roster_s_minors_the_desk_sees_who_has_no_consent_and_each_gets_it_by_code(
    registry: Registry,
) -> None:
    office = registry.admins["510115"]
    people = [minor(410 + number, years) for number, years in enumerate((13, 14, 17))]
    lines = [roster_line(410 + number, id_number=one["id_number"]) for number, one in enumerate(people)]
    status = await registry.take_in("510115", "roster", roster(lines))
    assert status["accepted"] == len(lines)  # a roster is taken in as before
    first = (await registry.http.get("/v1/minors?agreed=false&limit=2", headers=office)).json()
    rest = (await registry.http.get(f"/v1/minors?agreed=false&cursor={first['next_cursor']}", headers=office)).json()
    listed = first["items"] + rest["items"]
    assert [each["volunteer_number"] for each in listed] == [line["number"] for line in lines]
    assert all(each["name"].endswith("**") and "****" in each["phone"] for each in listed)

    opened = await registry.http.post(
        "/v1/accounts", json={"volunteer_number": lines[1]["number"], "password": PASSWORD}, headers=office
    )
    assert opened.status_code == 201, opened.text
    who = await registry.log_in(lines[1]["number"], PASSWORD)
    assert (await registry.http.get("/v1/me/guardian", headers=who)).json()["agreed"] is False
    phone = "17011110002"
    code = await registry.code(phone, "guardian")
    body = {
        "guardian_name": "李梅",
        "guardian_phone": phone,
        "guardian_code": code,
        "guardian_text_version": GUARDIAN_TEXT.version,
    }
    old = await registry.http.post("/v1/me/guardian", json=body | {"guardian_text_version": "1"}, headers=who)
    assert faults(old) == [("guardian_text_version", "changed_meanwhile")]
    headers = {**who, "Idempotency-Key": "once"}
    for _ in range(2):
        agreed = await registry.http.post("/v1/me/guardian", json=body, headers=headers)
        assert (agreed.status_code, agreed.json()) == (200, {"agreed": True})
    left = (await registry.http.get("/v1/minors?agreed=false", headers=office)).json()["items"]
    assert [each["volunteer_number"] for each in left] == [lines[0]["number"], lines[2]["number"]]
    assert (await registry.http.get("/v1/minors", headers=who)).status_code == 403


@pytest.mark.row(5)
async def test_who_is_a_minor_is_found_out_of_those_on_file_and_each_day_of_who_comes_of_age(
    registry: Registry,
) -> None:
    young, old = roster_line(420, id_number=minor(420)["id_number"]), roster_line(421)
    await registry.take_in("510115", "roster", roster([young, old]))
    volunteer, grown = [
        (await registry.rows("SELECT id, minor FROM volunteer WHERE number = :number", number=line["number"]))[0]
        for line in (young, old)
    ]
    assert (volunteer.minor, grown.minor) == (True, False)
    async with registry.worker.transaction() as tx:  # as if one were not found out yet, and one had a birthday
        await tx.execute(
            text("UPDATE volunteer SET minor = NOT minor WHERE id = ANY(:ids)"), {"ids": [volunteer.id, grown.id]}
        )
        await schedule(tx, [NewWork(district="510115", kind="minors")])

    async def are_right() -> bool:
        rows = await registry.rows(
            "SELECT id FROM volunteer WHERE minor AND id = ANY(:ids)", ids=[volunteer.id, grown.id]
        )
        return [row.id for row in rows] == [volunteer.id]

    assert await eventually(are_right)
    assert (await profiles(registry, volunteer.id))[-1][0] is True
    assert (await profiles(registry, grown.id))[-1][0] is False

    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE volunteer SET minor = true WHERE id = :id"), {"id": grown.id})
        await tx.execute(text("UPDATE work SET due_at = now() WHERE kind = 'coming_of_age'"))
    assert await eventually(are_right)

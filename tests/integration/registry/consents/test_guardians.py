"""Row 5: a minor registers with a guardian's consent, by a code to the guardian's phone; the desk sees who has none."""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.consents.texts import GUARDIAN_TEXT
from services.registry.people.enrolment import guardian_not_reached
from shared.contracts.calendar import district_day
from shared.contracts.received import StateRecord
from shared.contracts.topics import CONTACT, guardian_key
from shared.store import event_log
from shared.store.event_log import now
from shared.store.sealing import open_sealed
from shared.work.kind import NewWork
from shared.work.queue import schedule
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.integration.registry.self_service.test_codes import let_time_pass
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


async def registered_minor(registry: Registry, serial: int, phone: str) -> tuple[str, str, dict[str, str]]:
    """Have a minor registered whose guardian agrees; return the volunteer's id, number and log-in."""
    code = await registry.code(phone, "guardian")
    guardian = {"guardian_name": "张建国", "guardian_phone": phone, "guardian_code": code}
    created = await registry.register_self(minor(serial) | guardian)
    assert created.status_code == 201, created.text
    answer = created.json()
    who = await registry.log_in(answer["user_name"], PASSWORD)
    await let_time_pass(registry, timedelta(minutes=2))  # so that another code may go to the same phone
    return answer["volunteer_id"], answer["volunteer_number"], who


async def guardian_reached(registry: Registry, volunteer_id: str) -> dict[str, str] | None:
    """Return where notifications is told to reach a minor's guardian; None where it is told not to any more."""

    async def is_published() -> bool:
        return not await registry.rows("SELECT 1 FROM outbox")

    assert await eventually(is_published)
    key = str(guardian_key(UUID(volunteer_id)))
    sealed = (await registry.last_values("registry.contact"))[key]
    if sealed is None:
        return None
    opened: dict[str, str] = json.loads(open_sealed(registry.contact_private_key, key, sealed))
    return opened


@pytest.mark.row(5, 58)
async def test_a_guardian_takes_their_consent_back_by_a_code_and_without_an_account(registry: Registry) -> None:
    phone = "17011110003"
    volunteer_id, number, who = await registered_minor(registry, 430, phone)
    other, other_number, _ = await registered_minor(registry, 431, "17011110004")
    assert await guardian_reached(registry, volunteer_id) == {"phone": phone, "number": number, "language": "zh-CN"}
    body = {"district": "510115", "volunteer_number": number, "guardian_phone": phone}
    wrong = await registry.http.post("/v1/guardian-withdrawals", json=body | {"code": "000000"})
    assert faults(wrong) == [("code", "wrong_code")]
    code = await registry.code(phone, "guardian_takes_back")
    assert "撤回" in registry.texts_to(phone)[-1]
    for stranger in (other_number, "51011579999999"):  # whose guardian it is not, and who is nobody
        refused = await registry.http.post(
            "/v1/guardian-withdrawals", json=body | {"volunteer_number": stranger, "code": code}
        )
        assert faults(refused) == [("volunteer_number", "unknown_reference")]
    for _ in range(2):  # a second click is the same answer
        done = await registry.http.post(
            "/v1/guardian-withdrawals", json=body | {"code": code}, headers={"Idempotency-Key": "back"}
        )
        assert (done.status_code, done.json()) == (200, {"agreed": False})
    assert (await registry.http.get("/v1/me/guardian", headers=who)).json()["agreed"] is False
    assert (await profiles(registry, volunteer_id))[-2:] == [(True, True), (True, False)]
    assert await guardian_reached(registry, volunteer_id) is None
    assert (await guardian_reached(registry, other)) is not None
    own = (await registry.http.get("/v1/me/access-log", headers=who)).json()["items"]
    assert own[0]["action"] == "guardian_took_back"
    left = (await registry.http.get("/v1/minors?agreed=false", headers=registry.admins["510115"])).json()["items"]
    assert number in [each["volunteer_number"] for each in left]

    again = await registry.code("17011110005", "guardian")  # another guardian may agree
    agreed = {"guardian_name": "李梅", "guardian_phone": "17011110005", "guardian_code": again}
    answer = await registry.http.post(
        "/v1/me/guardian", json=agreed | {"guardian_text_version": GUARDIAN_TEXT.version}, headers=who
    )
    assert answer.status_code == 200, answer.text
    reached = await guardian_reached(registry, volunteer_id)
    assert reached is not None
    assert reached["phone"] == "17011110005"


@pytest.mark.row(58)
async def test_a_guardian_is_reached_no_more_when_the_minor_comes_of_age_or_leaves(registry: Registry) -> None:
    grown = (await registry.register_self(minor(432, 30))).json()["volunteer_id"]
    async with registry.worker.transaction() as tx:  # as if they had been a minor until today
        await tx.execute(
            text("UPDATE volunteer SET minor = true, guardian_agreed = true WHERE id = :id"), {"id": grown}
        )
        known = StateRecord("510115", str(guardian_key(UUID(grown))), b"sealed")
        await event_log.put_state(tx, CONTACT.name, [known])
        await tx.execute(text("UPDATE work SET due_at = now() WHERE kind = 'coming_of_age'"))
    leaving, _, who = await registered_minor(registry, 433, "17011110007")

    async def is_of_age() -> bool:
        return not (await registry.rows("SELECT minor FROM volunteer WHERE id = :id", id=grown))[0].minor

    assert await eventually(is_of_age)
    assert await guardian_reached(registry, grown) is None
    assert await guardian_reached(registry, leaving) is not None
    ended = await registry.http.post("/v1/me/closing", headers=who | {"Idempotency-Key": "end"})
    assert ended.status_code == 200, ended.text
    assert await guardian_reached(registry, leaving) is None


@pytest.mark.row(58)
async def test_guardians_who_agreed_before_they_were_told_are_told_from_now_on_but_not_whoever_took_it_back(
    registry: Registry,
) -> None:
    kept, number, _ = await registered_minor(registry, 434, "17011110008")
    taken_back, other, _ = await registered_minor(registry, 435, "17011110009")
    code = await registry.code("17011110009", "guardian_takes_back")
    body = {"district": "510115", "volunteer_number": other, "guardian_phone": "17011110009", "code": code}
    assert (await registry.http.post("/v1/guardian-withdrawals", json=body)).status_code == 200
    async with registry.worker.transaction() as tx:  # as the migration does, on an installation that has been there
        await event_log.put_state(tx, CONTACT.name, [guardian_not_reached("510115", UUID(kept))])
        await schedule(tx, [NewWork(district="510115", kind="guardian_contacts")])

    async def is_done() -> bool:
        return not await registry.rows("SELECT 1 FROM work WHERE kind = 'guardian_contacts'")

    assert await eventually(is_done)
    assert (await guardian_reached(registry, kept) or {}).get("number") == number
    assert await guardian_reached(registry, taken_back) is None

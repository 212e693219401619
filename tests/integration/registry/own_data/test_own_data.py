"""Rows 7 and 64: people see what is held of them, have it put right, and end their registration."""

import json
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from services.registry.own_data.reactions import set_erasure
from shared.contracts import ServiceHistoryStated
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.registry.conftest import Registry
from tests.integration.registry.self_service.test_codes import let_time_pass
from tests.integration.registry.self_service.test_registration import PASSWORD, person
from tests.support.eventually import eventually

DISTRICT = "510115"


async def registered(registry: Registry, serial: int) -> tuple[str, str, dict[str, str]]:
    """Register somebody; return their id, number and headers."""
    created = (await registry.register_self(person(serial))).json()
    headers = await registry.log_in(created["volunteer_number"], PASSWORD)
    await let_time_pass(registry, timedelta(minutes=2))
    return created["volunteer_id"], created["volunteer_number"], headers


async def stated(registry: Registry, volunteer_id: str, last_served_on: date | None) -> None:
    """Tell registry what activities keeps of somebody."""
    data = ServiceHistoryStated(
        volunteer_id=UUID(volunteer_id), records=bool(last_served_on), last_served_on=last_served_on
    )
    attributes = Attributes(new_id(), data.event_type(), now(), volunteer_id, 1, DISTRICT)
    async with registry.worker.transaction() as tx:
        await set_erasure(tx, [Received(attributes, data)], None)


async def end(registry: Registry, headers: dict[str, str], key: str = "end") -> Any:
    return await registry.http.post("/v1/me/closing", headers=headers | {"Idempotency-Key": key})


async def row_of(registry: Registry, volunteer_id: str) -> Any:
    [row] = await registry.rows("SELECT * FROM volunteer WHERE id = :id", id=volunteer_id)
    return row


@pytest.mark.row(7)
async def test_all_that_is_held_is_shown_masked_and_copied_in_clear(registry: Registry) -> None:
    volunteer_id, number, headers = await registered(registry, 1100)
    shown = (await registry.http.get("/v1/me/data", headers=headers)).json()
    assert (shown["number"], shown["phone"], shown["id_number"][6:14]) == (number, "170****1100", "********")
    assert [consent["purpose"] for consent in shown["consents"] if consent["given"]] == ["service", "id_number"]
    assert (shown["account"]["user_name"], shown["account"]["sessions"]) == (number, 1)
    copied = (await registry.http.post("/v1/me/data/copies", headers=headers)).json()
    assert {copied[field] for field in ("name", "id_number", "phone", "email")} == {
        person(1100)[field] for field in ("name", "id_number", "phone", "email")
    }
    async with registry.api.transaction(DISTRICT) as tx:
        logged = await tx.scalars(text("SELECT action FROM access_log WHERE subject_id = :id"), {"id": volunteer_id})
        assert logged.all() == ["own_data_copied"]


@pytest.mark.row(7)
async def test_skills_and_interests_are_one_s_own_to_change_and_a_fault_names_its_field(registry: Registry) -> None:
    _, _, headers = await registered(registry, 1101)
    changed = {"skills": ["english"], "services": ["tutoring", "culture"], "community": ""}
    assert (await registry.http.put("/v1/me/profile", json=changed, headers=headers)).status_code == 204
    shown = (await registry.http.get("/v1/me/data", headers=headers)).json()
    assert (shown["skills"], shown["services"]) == (["english"], ["tutoring", "culture"])
    wrong = {"skills": ["flying"], "services": [], "community": "1"}
    refused = await registry.http.put("/v1/me/profile", json=wrong, headers=headers)
    assert {fault["field"] for fault in refused.json()["faults"]} == {"skills", "community"}


@pytest.mark.row(7)
async def test_a_name_is_put_right_by_the_office_which_reads_it_in_clear_for_the_log(registry: Registry) -> None:
    volunteer_id, number, headers = await registered(registry, 1102)
    office = registry.admins[DISTRICT]
    form = {"field": "name", "value": "张更正", "reason": "登记时写错了"}
    asked = await registry.http.post("/v1/me/corrections", json=form, headers=headers)
    assert asked.status_code == 201, asked.text
    again = await registry.http.post("/v1/me/corrections", json=form, headers=headers)
    assert again.json()["faults"][0]["code"] == "not_open"
    path = f"/v1/corrections/{asked.json()['id']}"
    listed = (await registry.http.get("/v1/corrections", headers=office)).json()["items"]
    assert [one["field"] for one in listed if one["volunteer_number"] == number] == ["name"]
    assert "张更正" not in json.dumps(listed, ensure_ascii=False)
    opened = (await registry.http.post(f"{path}/opening", headers=office)).json()
    assert (opened["on_file"], opened["value"]) == (person(1102)["name"], "张更正")
    answer = {"accepted": True, "answer": "已核对"}
    for _ in range(2):  # a second click gets the same answer
        done = await registry.http.post(f"{path}/answer", json=answer, headers=office | {"Idempotency-Key": "yes"})
        assert (done.status_code, done.json()["state"]) == (200, "accepted")
    assert (await registry.http.post(f"{path}/answer", json=answer, headers=office)).status_code == 409
    assert (await registry.http.get("/v1/me", headers=headers)).json()["volunteer"]["name"] == "张**"
    copied = (await registry.http.post("/v1/me/data/copies", headers=headers)).json()
    assert copied["name"] == "张更正"
    assert [(one["state"], one["answer"]) for one in copied["corrections"]] == [("accepted", "已核对")]
    logged = await registry.rows("SELECT action FROM access_log WHERE subject_id = :id ORDER BY id", id=volunteer_id)
    assert [row.action for row in logged] == ["correction_read", "correction_accepted", "own_data_copied"]
    [kept] = await registry.rows("SELECT asked FROM correction WHERE volunteer_id = :id", id=volunteer_id)
    assert kept.asked is None
    told = await registry.rows("SELECT data::text AS data FROM event_log WHERE topic = 'registry.correction'")
    assert all("张更正" not in row.data for row in told)


@pytest.mark.row(7)
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("name", "", "missing"),
        ("id_number", "519900200409128873", "check_digit"),
        ("organisation", "X", "unknown_reference"),
    ],
)
async def test_what_breaks_a_rule_is_refused_before_the_office_sees_it(
    registry: Registry, field: str, value: str, code: str
) -> None:
    _, _, headers = await registered(registry, {"name": 1103, "id_number": 1104, "organisation": 1105}[field])
    form = {"field": field, "value": value, "reason": "写错了"}
    refused = await registry.http.post("/v1/me/corrections", json=form, headers=headers)
    assert [(fault["field"], fault["code"]) for fault in refused.json()["faults"]] == [("value", code)]


async def ask(registry: Registry, headers: dict[str, str], **form: str) -> Any:
    return await registry.http.post("/v1/me/corrections", json={"reason": "换了证件"} | form, headers=headers)


async def accept(registry: Registry, asked: Any) -> tuple[dict[str, Any], Any]:
    """Open and accept a correction; return what the office saw, and the answer."""
    office, path = registry.admins[DISTRICT], f"/v1/corrections/{asked.json()['id']}"
    opened = (await registry.http.post(f"{path}/opening", headers=office)).json()
    body = {"accepted": True, "answer": "已核对原件"}
    return opened, await registry.http.post(f"{path}/answer", json=body, headers=office)


@pytest.mark.row(7)
async def test_a_resident_id_is_replaced_by_another_paper_and_back(registry: Registry) -> None:
    _, _, headers = await registered(registry, 1130)
    was = person(1130)["id_number"]
    asked = await ask(registry, headers, field="id_number", value="E11300001", document="passport")
    assert asked.status_code == 201, asked.text
    opened, done = await accept(registry, asked)
    assert done.status_code == 200, done.text
    assert (opened["document_on_file"], opened["document"], opened["on_file"]) == ("resident_id", "passport", was)
    held = (await registry.http.post("/v1/me/data/copies", headers=headers)).json()
    assert (held["document"], held["id_number"]) == ("passport", "E11300001")
    assert held["born_on"] == f"{was[6:10]}-{was[10:12]}-{was[12:14]}"
    _, done = await accept(registry, await ask(registry, headers, field="id_number", value=was))
    assert done.status_code == 200, done.text
    held = (await registry.http.post("/v1/me/data/copies", headers=headers)).json()
    assert (held["document"], held["id_number"], held["born_on"]) == ("resident_id", was, None)


@pytest.mark.row(7)
async def test_another_paper_s_number_is_checked_as_a_registration_s_and_is_nobody_else_s(registry: Registry) -> None:
    _, _, headers = await registered(registry, 1131)
    wrong = await ask(registry, headers, field="id_number", value="1234", document="passport", born_on="31.12.1999")
    assert wrong.status_code == 422
    assert {(one["field"], one["code"]) for one in wrong.json()["faults"]} == {
        ("value", "document_number"),
        ("born_on", "date"),
    }
    unknown = await ask(registry, headers, field="id_number", value="E11310001", document="library_card")
    assert ("document", "unknown_value") in [(one["field"], one["code"]) for one in unknown.json()["faults"]]
    permit = {"field": "id_number", "value": "H1131000101", "document": "hong_kong_macau_permit"}
    _, done = await accept(registry, await ask(registry, headers, **permit))
    assert done.status_code == 200, done.text
    _, _, other = await registered(registry, 1132)
    _, refused = await accept(registry, await ask(registry, other, **permit | {"value": "H11310001"}))
    assert [(one["field"], one["code"]) for one in refused.json()["faults"]] == [("value", "already_registered")]


@pytest.mark.row(7)
@pytest.mark.row(64)
async def test_who_leaves_is_found_by_nobody_and_erased_at_once_where_nothing_binds(registry: Registry) -> None:
    volunteer_id, number, headers = await registered(registry, 1106)
    phone, office = person(1106)["phone"], registry.admins[DISTRICT]
    form = {"field": "name", "value": "张离开", "reason": "写错了"}
    assert (await registry.http.post("/v1/me/corrections", json=form, headers=headers)).status_code == 201
    before = len(registry.texts_to(phone))
    ended = await end(registry, headers)
    assert (ended.status_code, ended.json()["volunteer_number"]) == (200, number)
    assert "已注销" in await registry.next_text(phone, before)
    await let_time_pass(registry, timedelta(minutes=2))
    for query in (number, phone, person(1106)["name"]):
        found = await registry.http.get("/v1/volunteers", params={"query": query}, headers=office)
        assert found.json()["items"] == []
    assert (await registry.http.get(f"/v1/volunteers/{volunteer_id}", headers=office)).status_code == 404
    log_in = await registry.http.post("/v1/tokens", json={"user_name": number, "password": PASSWORD})
    assert log_in.json()["faults"][0]["code"] == "locked"
    row = await row_of(registry, volunteer_id)
    assert (row.blind_index, row.digest, row.name_index, row.phone_tail_index) == (None,) * 4
    assert row.wrapped_key is not None  # stored, and no more
    account = (await registry.rows("SELECT id FROM account WHERE volunteer_id = :id", id=volunteer_id))[0].id
    unlocked = await registry.http.post(f"/v1/accounts/{account}/unlock", json={"reason": "回来"}, headers=office)
    assert unlocked.json()["faults"][0]["code"] == "closed"
    await stated(registry, volunteer_id, None)

    async def is_erased() -> bool:
        return (await row_of(registry, volunteer_id)).erased_at is not None

    assert await eventually(is_erased)
    row = await row_of(registry, volunteer_id)
    assert (row.wrapped_key, row.personal_data, row.skills, row.community) == (None, None, [], None)
    assert row.number == number
    for table in ("account", "correction"):
        assert not await registry.rows(f"SELECT 1 FROM {table} WHERE volunteer_id = :id", id=volunteer_id)
    assert not await registry.rows("SELECT 1 FROM session WHERE account_id = :id", id=account)
    told = await registry.rows("SELECT type FROM event_log WHERE aggregate_id = :id ORDER BY position", id=volunteer_id)
    assert [one.type.split(".")[3] for one in told] == ["VolunteerRegistered", "VolunteerRestricted", "VolunteerErased"]

    async def is_published() -> bool:
        return not await registry.rows("SELECT 1 FROM outbox")

    assert await eventually(is_published)
    assert (await registry.last_values("registry.contact"))[volunteer_id] is None


@pytest.mark.row(7)
@pytest.mark.row(64)
async def test_who_has_served_stays_sealed_for_ten_years_and_may_register_anew_meanwhile(registry: Registry) -> None:
    volunteer_id, number, headers = await registered(registry, 1107)
    before = len(registry.texts_to(person(1107)["phone"]))
    assert (await end(registry, headers)).status_code == 200
    await registry.next_text(person(1107)["phone"], before)
    await stated(registry, volunteer_id, date(2026, 2, 28))
    row = await row_of(registry, volunteer_id)
    assert (row.bound_until, row.erased_at) == (date(2036, 2, 28), None)
    [due] = await registry.rows(
        "SELECT due_at FROM work WHERE kind = 'erasure' AND payload ->> 'volunteer_id' = :id", id=volunteer_id
    )
    assert due.due_at.isoformat() == "2036-02-27T16:00:00+00:00"  # midnight in China
    await let_time_pass(registry, timedelta(days=1))
    again = await registry.register_self(person(1107))
    assert again.status_code == 201, again.text
    assert again.json()["volunteer_number"] != number


@pytest.mark.row(7)
async def test_a_second_click_ends_it_once_and_who_has_duties_is_sent_to_the_office(registry: Registry) -> None:
    volunteer_id, _, headers = await registered(registry, 1108)
    office = registry.admins[DISTRICT]
    account = (await registry.rows("SELECT id FROM account WHERE volunteer_id = :id", id=volunteer_id))[0].id
    given = {"roles": ["case_worker"], "units": [], "reason": "x"}
    changed = await registry.http.put(f"/v1/accounts/{account}/roles", json=given, headers=office)
    assert changed.status_code < 300, changed.text
    number = (await row_of(registry, volunteer_id)).number
    headers = await registry.log_in(number, PASSWORD)
    refused = await end(registry, headers)
    assert refused.json()["faults"][0]["code"] == "has_duties"
    _, _, other = await registered(registry, 1109)
    first, second = await end(registry, other), await end(registry, other)
    assert first.status_code == 200
    assert second.status_code in (200, 401)  # the token has ended with the account, as soon as it is looked at again

"""Row 8: staff read a minor's data in clear with another person's approval alone, and it is in the access log."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.contracts.calendar import district_day
from shared.store.event_log import new_id, now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line

DISTRICT, TEAM = "510115", "510115-TEAM-001"
PASSWORD = "long enough to keep"
_ASKED_THREE_DAYS_AGO = text("""
    INSERT INTO minor_reading (district, id, volunteer_id, purpose, reason, asked_by, asked_at)
    SELECT '510115', :id, :volunteer_id, 'contact', '电话通知改期', asked_by, now() - interval '3 days'
    FROM minor_reading WHERE volunteer_id = :volunteer_id LIMIT 1
""")
_READ_BEFORE = text("""
    INSERT INTO access_log (district, id, actor, action, subject_id, reason)
    VALUES ('510115', :id, 'work:before', 'volunteer_revealed', :subject_id, '回访')
""")


def faults(response: Any) -> list[tuple[str, str]]:
    return [(fault["field"], fault["code"]) for fault in response.json()["faults"]]


def number_of(serial: int) -> str:
    return roster_line(serial)["number"]


async def minor(registry: Registry, serial: int, **changes: str) -> str:
    """Take in a minor by roster; return the volunteer's id. Their number is ``number_of(serial)``."""
    born = district_day(now()) - timedelta(days=365 * 15 + 90)
    line = roster_line(serial, id_number=id_number(serial % 500, born=born), **changes)
    status = await registry.take_in(DISTRICT, "roster", roster([line]))
    assert status["rejected"] == 0, status
    [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
    return str(row.id)


async def account(registry: Registry, user_name: str, role: str, **more: Any) -> dict[str, str]:
    """Open an account of staff, and return how it is logged in."""
    body = {"user_name": user_name, "password": PASSWORD, "roles": [role]} | more
    opener = registry.admins[DISTRICT] if "units" in more else await registry.operator(DISTRICT)
    opened = await registry.http.post("/v1/accounts", json=body, headers=opener)
    assert opened.status_code in (201, 409), opened.text
    return await registry.log_in(user_name, PASSWORD)


async def ask(
    registry: Registry, who: dict[str, str], serial: int, purpose: str = "contact", reason: str = "电话通知改期"
) -> Any:
    body = {"volunteer_number": number_of(serial), "purpose": purpose, "reason": reason}
    return await registry.http.post("/v1/minor-readings", json=body, headers=who)


async def answer(
    registry: Registry, who: dict[str, str], reading_id: str, *, approved: bool, words: str = "", key: str = ""
) -> Any:
    headers = {**who, "Idempotency-Key": key} if key else who
    body = {"approved": approved, "answer": words}
    return await registry.http.post(f"/v1/minor-readings/{reading_id}/answer", json=body, headers=headers)


async def reveal(registry: Registry, who: dict[str, str], volunteer_id: str) -> Any:
    return await registry.http.post(
        f"/v1/volunteers/{volunteer_id}/reveal", json={"reason": "电话通知改期"}, headers=who
    )


@pytest.mark.row(8)
async def test_a_minor_s_name_and_phone_are_read_once_another_administrator_has_approved_it(
    registry: Registry,
) -> None:
    first = registry.admins[DISTRICT]
    second = await account(registry, "second.admin", "district_admin")
    volunteer_id = await minor(registry, 800)
    assert faults(await reveal(registry, first, volunteer_id)) == [("volunteer_id", "approval_needed")]
    assert faults(await ask(registry, first, 800, reason=" ")) == [("reason", "missing")]
    asked = await ask(registry, first, 800)
    assert asked.status_code == 201, asked.text
    reading_id = asked.json()["id"]
    assert faults(await ask(registry, first, 800)) == [("purpose", "already_asked")]
    assert faults(await reveal(registry, first, volunteer_id)) == [("volunteer_id", "approval_needed")]
    own = await answer(registry, first, reading_id, approved=True)
    assert faults(own) == [("reading_id", "own_request")]

    waiting = (await registry.http.get("/v1/minor-readings?waiting=true", headers=second)).json()["items"]
    [shown] = [one for one in waiting if one["id"] == reading_id]
    assert (shown["asked_by"], shown["own"], shown["reason"], shown["state"]) == (
        f"admin.{DISTRICT}",
        False,
        "电话通知改期",
        "open",
    )
    assert shown["name"].endswith("**")
    for _ in range(2):  # a second click is the same answer
        approved = await answer(registry, second, reading_id, approved=True, key="approve")
        assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    assert faults(await answer(registry, second, reading_id, approved=True)) == [("reading_id", "not_open")]

    read = await reveal(registry, first, volunteer_id)
    assert read.status_code == 200, read.text
    assert read.json()["phone"] == "17000000800"
    assert faults(await reveal(registry, second, volunteer_id)) == [("volunteer_id", "approval_needed")]  # hers alone
    auditor = await account(registry, "auditor.readings", "auditor")
    entries = (await registry.http.get(f"/v1/access-log?subject_id={volunteer_id}", headers=auditor)).json()["items"]
    assert [(one["action"], one["user_name"], one["approved_by"]) for one in reversed(entries)] == [
        ("minor_reading_asked", f"admin.{DISTRICT}", "second.admin"),
        ("minor_reading_approved", "second.admin", "second.admin"),
        ("volunteer_revealed", f"admin.{DISTRICT}", "second.admin"),
    ]


@pytest.mark.row(8)
async def test_the_other_administrators_are_told_of_a_request_and_not_whose_data_it_is_about(
    registry: Registry,
) -> None:
    asking, volunteer_ids = [], []
    for serial in (840, 841):
        line = roster_line(serial, id_number=id_number(serial))
        assert (await registry.take_in(DISTRICT, "roster", roster([line])))["rejected"] == 0
        [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=line["number"])
        volunteer_ids.append(str(row.id))
        more = {"volunteer_number": line["number"]}
        asking.append(await account(registry, f"told.admin.{serial}", "district_admin", **more))
    volunteer_id = await minor(registry, 842)
    asked = await ask(registry, asking[0], 842)
    assert asked.status_code == 201, asked.text
    reading_id = asked.json()["id"]
    [event] = await registry.rows(
        "SELECT type, data, data::text AS written FROM event_log WHERE aggregate_id = :id", id=reading_id
    )
    assert event.type.split(".")[3] == "MinorReadingAsked"
    assert event.data["recipient_ids"] == [volunteer_ids[1]]  # who asks does not answer
    assert set(event.data) == {"reading_id", "answer_by", "recipient_ids"}
    assert volunteer_id not in event.written
    await answer(registry, asking[1], reading_id, approved=False, words="可用站内消息")


@pytest.mark.row(8)
async def test_an_approval_is_for_one_purpose_and_a_few_hours_and_an_adult_needs_none(registry: Registry) -> None:
    first, second = registry.admins[DISTRICT], await account(registry, "second.admin", "district_admin")
    volunteer_id = await minor(registry, 801)
    asked = (await ask(registry, first, 801, "correction")).json()["id"]
    assert (await answer(registry, second, asked, approved=True)).status_code == 200
    assert faults(await reveal(registry, first, volunteer_id)) == [("volunteer_id", "approval_needed")]
    contact = (await ask(registry, first, 801)).json()["id"]
    assert (await answer(registry, second, contact, approved=True)).status_code == 200
    assert (await reveal(registry, first, volunteer_id)).status_code == 200
    async with registry.api.transaction(DISTRICT) as tx:
        await tx.execute(text("UPDATE minor_reading SET good_until = now()"))
    assert faults(await reveal(registry, first, volunteer_id)) == [("volunteer_id", "approval_needed")]
    found = await registry.http.get(f"/v1/minor-readings?volunteer_id={volunteer_id}", headers=first)
    assert {one["state"] for one in found.json()["items"]} == {"over"}
    assert (await ask(registry, first, 801)).status_code == 201  # asked for again

    adult = roster_line(802)
    await registry.take_in(DISTRICT, "roster", roster([adult]))
    [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=adult["number"])
    assert (await reveal(registry, first, str(row.id))).status_code == 200
    assert faults(await ask(registry, first, 802)) == [("volunteer_number", "not_minor")]


@pytest.mark.row(8)
async def test_a_refusal_says_why_and_a_request_that_nobody_answers_lapses(registry: Registry) -> None:
    first, second = registry.admins[DISTRICT], await account(registry, "second.admin", "district_admin")
    volunteer_id = await minor(registry, 803)
    reading_id = (await ask(registry, first, 803)).json()["id"]
    assert faults(await answer(registry, second, reading_id, approved=False)) == [("answer", "missing")]
    refused = await answer(registry, second, reading_id, approved=False, words="可用站内消息")
    assert refused.json()["state"] == "refused"
    assert faults(await reveal(registry, first, volunteer_id)) == [("volunteer_id", "approval_needed")]
    later = (await ask(registry, first, 803)).json()["id"]
    assert (await answer(registry, second, later, approved=False, words="再想想")).status_code == 200
    old = new_id()
    async with registry.api.transaction(DISTRICT) as tx:
        await tx.execute(_ASKED_THREE_DAYS_AGO, {"id": old, "volunteer_id": volunteer_id})
    assert faults(await answer(registry, second, str(old), approved=True)) == [("reading_id", "not_open")]
    listed = await registry.http.get(f"/v1/minor-readings?volunteer_id={volunteer_id}", headers=first)
    assert [one["state"] for one in listed.json()["items"]] == ["lapsed", "refused", "refused"]
    assert listed.json()["items"][2]["answer"] == "可用站内消息"
    assert (await ask(registry, first, 803)).status_code == 201


@pytest.mark.row(8)
async def test_a_team_leader_asks_about_the_own_team_alone_and_answers_nothing(registry: Registry) -> None:
    leader = await account(registry, "leader.readings", "team_leader", units=[TEAM])
    own, _ = await minor(registry, 804, team=TEAM), await minor(registry, 805)
    assert faults(await ask(registry, leader, 805)) == [("volunteer_number", "unknown_reference")]
    reading_id = (await ask(registry, leader, 804)).json()["id"]
    assert (await answer(registry, leader, reading_id, approved=True)).status_code == 403
    others = (await ask(registry, registry.admins[DISTRICT], 804)).json()["id"]
    listed = (await registry.http.get("/v1/minor-readings", headers=leader)).json()["items"]
    assert reading_id in [one["id"] for one in listed]
    assert others not in [one["id"] for one in listed]
    assert (await answer(registry, registry.admins[DISTRICT], reading_id, approved=True)).status_code == 200
    assert (await reveal(registry, leader, own)).status_code == 200


@pytest.mark.row(8)
async def test_the_auditor_has_a_year_s_list_of_requests_answers_and_readings(registry: Registry) -> None:
    first, second = registry.admins[DISTRICT], await account(registry, "second.admin", "district_admin")
    auditor = await account(registry, "auditor.readings", "auditor")
    volunteer_id = await minor(registry, 806)
    reading_id = (await ask(registry, first, 806)).json()["id"]
    await answer(registry, second, reading_id, approved=True)
    for _ in range(2):
        await reveal(registry, first, volunteer_id)
    async with registry.worker.transaction() as tx:  # as it was read before an approval was asked for
        await tx.execute(_READ_BEFORE, {"id": new_id(), "subject_id": volunteer_id})
    year = district_day(now()).year
    found = (await registry.http.get(f"/v1/minor-readings/years/{year}?limit=100", headers=auditor)).json()["items"]
    about = [one for one in found if one["volunteer_number"] == "51011570000806"]
    assert [(one["state"], one["asked_by"], one["answered_by"], one["readings"]) for one in about] == [
        ("without_approval", None, None, 1),
        ("approved", f"admin.{DISTRICT}", "second.admin", 2),
    ]
    first_page = (await registry.http.get(f"/v1/minor-readings/years/{year}?limit=1", headers=auditor)).json()
    assert first_page["items"] == found[:1]
    cursor = first_page["next_cursor"]
    rest = await registry.http.get(f"/v1/minor-readings/years/{year}?cursor={cursor}&limit=100", headers=auditor)
    assert rest.json()["items"] == found[1:]
    before = await registry.http.get(f"/v1/minor-readings/years/{year - 1}", headers=auditor)
    assert before.json()["items"] == []
    assert (await registry.http.get(f"/v1/minor-readings/years/{year}", headers=first)).status_code == 403

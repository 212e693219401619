"""A list is kept on a device without a network; what it brings back counts once, at the right times."""

import json
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from joserfc import jws
from joserfc.jwk import ECKey

from shared.contracts.actor import Role
from shared.store.event_log import new_id, now
from tests.integration.activities.attendance.test_attendance import HOUR, MINUTE, Place
from tests.integration.activities.conftest import OTHER_DISTRICT, Account, Activities, in_turn


@dataclass
class Phone:
    """A device of the staff, whose clock is ahead by ``ahead``."""

    staff: Account
    shift_id: UUID
    ahead: timedelta = timedelta()
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256"))
    given: dict[str, Any] = field(default_factory=dict)
    entries: list[str] = field(default_factory=list)

    async def download(self, **names: str) -> dict[str, Any]:
        body = {
            "device_key_jwk": self.key.as_dict(private=False),
            "device_time": (now() + self.ahead).isoformat(),
            "names_masked": names,
        }
        answer = await self.staff.send("POST", f"/v1/shifts/{self.shift_id}/offline-list", json=body)
        assert answer.status_code == 201, answer.text
        self.given = answer.json()
        opened = jws.deserialize_compact(
            self.given["signed_list"], ECKey.import_key(self.given["key"]), algorithms=["ES256"]
        )
        content: dict[str, Any] = json.loads(opened.payload)
        return content

    def note(self, kind: str, at: datetime, sign_up_id: str | None = None, **more: str) -> str:
        """Sign an entry; return its id."""
        entry_id = str(new_id())
        payload = {
            "id": entry_id,
            "sequence": len(self.entries) + 1,
            "previous": sha256((self.entries[-1] if self.entries else self.given["signed_list"]).encode()).hexdigest(),
            "kind": kind,
            "sign_up_id": sign_up_id,
            "device_time": (at + self.ahead).isoformat(),
            **more,
        }
        self.entries.append(jws.serialize_compact({"alg": "ES256"}, json.dumps(payload), self.key))
        return entry_id

    async def bring(self, entries: list[str] | None = None, status: int = 200) -> list[dict[str, Any]]:
        """Read the clock and bring everything, or these entries alone; return the verdicts."""
        if entries is None:
            at = now()
            self.note("clock", at, server_time=at.isoformat())
        body = {"device_id": self.given["device_id"], "entries": self.entries if entries is None else entries}
        answer = await self.staff.send("POST", f"/v1/shifts/{self.shift_id}/offline-entries", json=body)
        assert answer.status_code == status, answer.text
        items: list[dict[str, Any]] = answer.json().get("items", [])
        return items


async def shift_of(activities: Activities, count: int) -> tuple[UUID, list[Place]]:
    """Have so many volunteers on a shift of two hours that began an hour ago."""
    await activities.know_station()
    volunteers = [activities.volunteer(each) for each in await activities.know_volunteers(count)]
    shift_id = await activities.shift()
    answers = await in_turn(volunteers, f"/v1/shifts/{shift_id}/sign-ups")
    await activities.move_shift(shift_id, -HOUR)
    return shift_id, [Place(shift_id, answer["sign_up_id"]) for answer in answers]


@pytest.mark.row(32)
async def test_three_check_ins_on_a_clock_seven_minutes_wrong_count_once_at_the_right_times(
    activities: Activities,
) -> None:
    shift_id, places = await shift_of(activities, 3)
    phone = Phone(activities.leader, shift_id, ahead=7 * MINUTE)
    content = await phone.download(**{places[0].sign_up_id: "张**"})
    assert [each["name_masked"] for each in content["sign_ups"]] == ["张**", None, None]
    assert content["sign_ups"][0]["number_last_four"] == "V1"
    assert "volunteer_id" not in json.dumps(content)
    moments = [now() - (50 - number) * MINUTE for number in range(3)]
    for place, moment in zip(places, moments, strict=True):
        phone.note("check_in", moment, place.sign_up_id)
    phone.note("check_out", moments[0] + 40 * MINUTE, places[0].sign_up_id)

    verdicts = await phone.bring()
    assert [each["verdict"] for each in verdicts] == ["accepted"] * 5
    assert [each["to_confirm"] for each in verdicts] == [True] * 4 + [False]
    rows = await activities.rows("SELECT id, state, checked_in_at, checked_in_by FROM sign_up ORDER BY queue_number")
    assert [row.state for row in rows] == ["completed", "attending", "attending"]
    for row, moment in zip(rows, moments, strict=True):
        assert abs(row.checked_in_at - moment) < timedelta(seconds=5)
        assert row.checked_in_by == "offline"
    (record,) = await activities.events("ServiceLogged")
    assert (record["minutes"], record["provenance"]) == (40, "leader")

    doubts = (await activities.leader.send("GET", f"/v1/shifts/{shift_id}/offline-doubts")).json()["items"]
    assert [(each["kind"], each["sign_up_id"], each["verdict"]) for each in doubts] == [
        *(("check_in", place.sign_up_id, "accepted") for place in places),
        ("check_out", places[0].sign_up_id, "accepted"),
    ]

    before = len(await activities.events())
    again = await phone.bring(phone.entries)
    assert [each["verdict"] for each in again] == ["accepted"] * 5
    assert len(await activities.events()) == before


async def test_batches_that_overtake_one_another_wait_for_the_first(activities: Activities) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    phone = Phone(activities.manager, shift_id)
    await phone.download()
    moment = now() - 30 * MINUTE
    phone.note("check_in", moment, place.sign_up_id)
    phone.note("check_out", moment + 20 * MINUTE, place.sign_up_id)
    phone.note("clock", now(), server_time=now().isoformat())
    late = await phone.bring(phone.entries[1:])
    assert [each["verdict"] for each in late] == ["waiting", "waiting"]
    assert await activities.events("VolunteerCheckedIn") == []
    assert [each["verdict"] for each in await phone.bring(phone.entries[:1])] == ["accepted"]
    (record,) = await activities.events("ServiceLogged")
    assert record["minutes"] == 20
    for row in await activities.rows(
        """SELECT u.version, array_agg(e.aggregate_version ORDER BY e.position) AS told
           FROM sign_up u JOIN event_log e ON e.aggregate_id = u.id GROUP BY u.id, u.version"""
    ):
        assert row.told == list(range(1, row.version + 1))


async def test_two_phones_and_a_tap_online_agree(activities: Activities) -> None:
    shift_id, (both, online) = await shift_of(activities, 2)
    one, two = Phone(activities.leader, shift_id), Phone(activities.manager, shift_id)
    for phone in (one, two):
        await phone.download()
    await in_turn([activities.leader], f"{online.path}/check-in")
    one.note("check_in", now() - 10 * MINUTE, both.sign_up_id)
    one.note("check_in", now() - 20 * MINUTE, online.sign_up_id)
    two.note("check_in", now() - 15 * MINUTE, both.sign_up_id)
    assert [each["verdict"] for each in await one.bring()] == ["accepted", "superseded", "accepted"]
    assert [each["verdict"] for each in await two.bring()] == ["accepted", "accepted"]
    assert [each["verdict"] for each in await one.bring(one.entries)] == ["superseded", "superseded", "accepted"]
    (row,) = await activities.rows("SELECT checked_in_at FROM sign_up WHERE id = :id", id=both.sign_up_id)
    assert abs(row.checked_in_at - (now() - 15 * MINUTE)) < timedelta(seconds=60)


async def test_what_the_device_did_not_sign_is_refused(activities: Activities) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    phone, thief = Phone(activities.leader, shift_id), Phone(activities.leader, shift_id)
    await phone.download()
    thief.given = phone.given
    thief.note("check_in", now(), place.sign_up_id)
    verdicts = await phone.bring([thief.entries[0], "no.signature.here", ""])
    assert [(each["verdict"], each["reason"]) for each in verdicts] == [("refused", "format")] * 3
    phone.note("check_in", now(), str(new_id()))
    verdicts = await phone.bring()
    assert [(each["verdict"], each["reason"]) for each in verdicts] == [("refused", "not_found"), ("accepted", None)]
    private = {"device_key_jwk": phone.key.as_dict(private=True), "device_time": now().isoformat()}
    answer = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/offline-list", json=private)
    assert answer.json()["faults"][0] == {**answer.json()["faults"][0], "field": "device_key_jwk", "code": "format"}
    clear = {**private, "device_key_jwk": phone.key.as_dict(private=False), "names_masked": {place.sign_up_id: "张三"}}
    answer = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/offline-list", json=clear)
    assert answer.json()["faults"][0]["field"] == "names_masked"


async def test_a_closed_shift_keeps_what_is_brought_until_it_is_opened_again(activities: Activities) -> None:
    shift_id, (place,) = await shift_of(activities, 1)
    phone = Phone(activities.leader, shift_id)
    await phone.download()
    phone.note("check_in", now() - 40 * MINUTE, place.sign_up_id)
    phone.note("check_out", now() - 10 * MINUTE, place.sign_up_id)
    await activities.move_shift(shift_id, -150 * MINUTE, lasts=145 * MINUTE)
    await activities.leader.send("POST", f"/v1/shifts/{shift_id}/close", json={"entries": []})
    assert [each["verdict"] for each in await phone.bring()] == ["waiting"] * 3
    await activities.leader.send("POST", f"/v1/shifts/{shift_id}/reopen", json={"reason": "离线名单迟到"})
    assert [each["verdict"] for each in await phone.bring(phone.entries)] == ["accepted"] * 3
    (excused,) = await activities.events("AbsenceExcused")
    assert excused["sign_up_id"] == place.sign_up_id
    closed = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/close", json={"entries": []})
    assert (closed.json()["served"], closed.json()["missed"], closed.json()["minutes"]) == (1, 0, 30)


async def test_the_key_of_lists_is_for_everybody_to_see(activities: Activities) -> None:
    shift_id, _ = await shift_of(activities, 1)
    phone = Phone(activities.leader, shift_id)
    await phone.download()
    assert (await activities.clients[0].get("/v1/offline-list-key")).json() == phone.given["key"]


async def test_another_district_and_who_staffs_another_activity_get_no_list(activities: Activities) -> None:
    shift_id, _ = await shift_of(activities, 1)
    phone = Phone(activities.leader, shift_id)
    await phone.download()
    strangers = [
        activities.account(Role.TEAM_LEADER),
        activities.account(Role.DISTRICT_ADMIN, district=OTHER_DISTRICT),
    ]
    for stranger in strangers:
        body = {"device_key_jwk": phone.key.as_dict(private=False), "device_time": now().isoformat()}
        answer = await stranger.send("POST", f"/v1/shifts/{shift_id}/offline-list", json=body)
        assert answer.status_code == 404
        assert (await stranger.send("GET", f"/v1/shifts/{shift_id}/offline-doubts")).status_code == 404
        phone.staff = stranger
        await phone.bring([], status=404)


async def test_a_saved_file_is_brought_by_somebody_else_and_again_by_the_device_itself(activities: Activities) -> None:
    shift_id, places = await shift_of(activities, 2)
    phone = Phone(activities.leader, shift_id)
    await phone.download()
    moments = [now() - 40 * MINUTE, now() - 30 * MINUTE]
    for place, moment in zip(places, moments, strict=True):
        phone.note("check_in", moment, place.sign_up_id)
    assert [each["verdict"] for each in await phone.bring(phone.entries)] == ["waiting"] * 2
    phone.note("clock", now())

    office = replace(phone, staff=activities.manager)
    brought = await office.bring(phone.entries)
    assert [(each["verdict"], each["to_confirm"]) for each in brought] == [("accepted", True)] * 2 + [
        ("accepted", False)
    ]
    assert await office.bring(phone.entries) == brought
    itself = await phone.bring()
    assert itself[:3] == brought, "whoever brings it, and however often, the times are the same"
    rows = await activities.rows("SELECT checked_in_at FROM sign_up ORDER BY queue_number")
    assert all(abs(row.checked_in_at - at) < timedelta(seconds=5) for row, at in zip(rows, moments, strict=True))
    assert len(await activities.events("VolunteerCheckedIn")) == 2

"""Row 59: a volunteer moves to another district of the installation and keeps number and log-in."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from services.registry.consents.texts import TEXTS, ConsentPurpose
from services.registry.moving.domain import due_on
from services.registry.moving.reactions import drop_moves
from services.registry.people.projections import enter_volunteers
from shared.contracts import EVENTS, ServiceHistoryStated
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.integration.registry.consents.test_consents import own, say
from tests.integration.registry.own_data.test_own_data import end, stated
from tests.integration.registry.self_service.test_codes import let_time_pass
from tests.integration.registry.self_service.test_registration import PASSWORD, person
from tests.support.eventually import eventually

HERE, THERE = "510115", "510114"
YES = {"accepted": True, "answer": ""}
NO = {"accepted": False, "answer": "请先到中心核对住址"}


@dataclass
class Mover:
    """Somebody who is registered in the first district and may want to move to the second."""

    registry: Registry
    serial: int
    id: str
    number: str
    headers: dict[str, str]

    async def ask(self, to_district: str = THERE, **changes: str) -> Any:
        body = {"to_district": to_district, "reason": "搬家了"} | changes
        return await self.registry.http.post("/v1/me/moves", json=body, headers=self.headers)

    async def moves(self) -> list[dict[str, Any]]:
        answer = await self.registry.http.get("/v1/me/moves", headers=self.headers)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()
        return found

    async def waiting(self) -> list[dict[str, Any]]:
        """Return what the second district's office sees of this one's requests."""
        listed = await self.registry.http.get("/v1/moves", headers=self.registry.admins[THERE], params={"limit": 100})
        assert listed.status_code == 200, listed.text
        return [one for one in listed.json()["items"] if one["volunteer_number"] == self.number]

    async def answer(self, body: dict[str, Any], **more: str) -> Any:
        [one] = await self.waiting()
        path = f"/v1/moves/{one['id']}/answer"
        return await self.registry.http.post(path, json=body, headers=self.registry.admins[THERE] | more)

    async def move(self) -> None:
        asked = await self.ask()
        assert asked.status_code == 201, asked.text
        done = await self.answer(YES)
        assert done.status_code == 200, done.text

    async def events(self, district: str) -> list[tuple[str, int]]:
        rows = await self.registry.rows(
            "SELECT split_part(type, '.', 4) AS name, aggregate_version AS version FROM event_log "
            "WHERE district = :district AND aggregate_id = :id ORDER BY position",
            district=district,
            id=self.id,
        )
        return [(row.name, row.version) for row in rows]


@pytest.fixture(scope="module")
async def neighbours(registry: Registry) -> Registry:
    await registry.open(THERE)
    return registry


async def registered(registry: Registry, serial: int, **changes: str) -> Mover:
    created = (await registry.register_self(person(serial, **changes))).json()
    await let_time_pass(registry, timedelta(minutes=2))
    headers = await registry.log_in(created["volunteer_number"], PASSWORD)
    return Mover(registry, serial, created["volunteer_id"], created["volunteer_number"], headers)


def codes(answer: Any) -> list[tuple[str, str]]:
    return [(fault["field"], fault["code"]) for fault in answer.json()["faults"]]


async def found(registry: Registry, district: str, number: str) -> list[str]:
    answer = await registry.http.get("/v1/volunteers", params={"query": number}, headers=registry.admins[district])
    return [one["number"] for one in answer.json()["items"]]


@pytest.mark.row(59)
async def test_who_moves_keeps_number_and_log_in_and_is_found_in_the_new_district_alone(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3100)
    before = len(neighbours.texts_to(person(3100)["phone"]))
    first_account = (await neighbours.http.get("/v1/me", headers=mover.headers)).json()["account_id"]

    asked = await mover.ask()
    assert (asked.status_code, asked.json()["due_on"]) == (201, due_on(now()).isoformat())
    [shown] = await mover.moves()
    assert (shown["to_district"], shown["to_name"], shown["state"]) == (THERE, f"区{THERE}", "waiting")
    [waiting] = await mover.waiting()
    assert (waiting["name"], waiting["from_district"], waiting["reason"]) == ("张**", HERE, "搬家了")
    assert waiting["overdue"] is False

    for _ in range(2):  # a second click gets the same answer
        path = f"/v1/moves/{waiting['id']}/answer"
        done = await neighbours.http.post(path, json=YES, headers=neighbours.admins[THERE] | {"Idempotency-Key": "yes"})
        assert (done.status_code, done.json()["state"]) == (200, "accepted"), done.text

    assert await found(neighbours, HERE, mover.number) == []
    assert await found(neighbours, THERE, mover.number) == [mover.number]

    async def is_logged_out() -> bool:
        return (await neighbours.http.get("/v1/me", headers=mover.headers)).status_code == 401

    assert await eventually(is_logged_out)
    assert "编号" in await neighbours.next_text(person(3100)["phone"], before)

    headers = await neighbours.log_in(mover.number, PASSWORD)
    me = (await neighbours.http.get("/v1/me", headers=headers)).json()
    assert (me["district"], me["account_id"], me["volunteer"]["number"]) == (THERE, first_account, mover.number)
    assert me["volunteer"]["phone"] == "170****3100"
    shown_there = await neighbours.http.get(f"/v1/volunteers/{mover.id}", headers=neighbours.admins[THERE])
    card = shown_there.json()
    assert (card["moved_from"], card["moved_from_name"], card["organisation"]) == (HERE, f"区{HERE}", None)
    [accepted] = await Mover(neighbours, 3100, mover.id, mover.number, headers).moves()
    assert accepted["state"] == "accepted"

    assert (await mover.events(HERE))[-2:] == [("VolunteerMovedAway", 2), ("VolunteerRestricted", 3)]
    assert await mover.events(THERE) == [("VolunteerRegistered", 1), ("VolunteerMovedIn", 2)]
    of_account = await neighbours.rows(
        "SELECT district, split_part(type, '.', 4) AS name FROM event_log WHERE aggregate_id = :id ORDER BY position",
        id=first_account,
    )
    assert [tuple(row) for row in of_account] == [
        (HERE, "AccountOpened"),
        (HERE, "AccountLocked"),
        (THERE, "AccountOpened"),
    ]
    for district, action in ((HERE, "volunteer_moved_away"), (THERE, "volunteer_moved_in")):
        async with neighbours.api.transaction(district) as tx:
            logged = await tx.scalars(
                text("SELECT action FROM access_log WHERE district = :d AND subject_id = :id"),
                {"d": district, "id": mover.id},
            )
            assert action in logged.all()
    [kept] = await neighbours.rows("SELECT sealed FROM move WHERE volunteer_id = :id", id=mover.id)
    assert kept.sealed is None


@pytest.mark.row(59)
async def test_what_was_consented_to_or_taken_back_holds_in_the_new_district(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3101)
    assert (await say(neighbours, mover.headers, ConsentPurpose.PROPOSALS, given=True)).status_code == 200
    said = {purpose: one["given"] for purpose, one in (await own(neighbours, mover.headers)).items()}
    await mover.move()
    headers = await neighbours.log_in(mover.number, PASSWORD)
    assert {purpose: one["given"] for purpose, one in (await own(neighbours, headers)).items()} == said
    rows = await neighbours.rows(
        "SELECT count(*) AS n FROM event_log WHERE district = :d AND topic = 'registry.consent' "
        "AND data ->> 'volunteer_id' = :id",
        d=THERE,
        id=mover.id,
    )
    assert rows[0].n == len(TEXTS)


@pytest.mark.row(59)
async def test_second_factor_and_recovery_codes_go_along(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3102)
    account_id = (await neighbours.http.get("/v1/me", headers=mover.headers)).json()["account_id"]
    async with neighbours.api.transaction(HERE) as tx:
        for statement in (
            "INSERT INTO second_factor (district, account_id, sealed_secret, confirmed_at, last_step) "
            "VALUES (:d, :id, 'secret', now(), 7)",
            "INSERT INTO recovery_code (district, account_id, hash) VALUES (:d, :id, 'one')",
            "INSERT INTO outside_identity (issuer, subject_hash, belongs_to, account_id) VALUES ('x', :h, :d, :id)",
        ):
            await tx.execute(text(statement), {"d": HERE, "id": account_id, "h": uuid4().bytes})
    await mover.move()
    async with neighbours.api.transaction(HERE, THERE) as tx:
        for table, column in (("second_factor", "district"), ("recovery_code", "district")):
            rows = await tx.scalars(text(f"SELECT {column} FROM {table} WHERE account_id = :id"), {"id": account_id})
            assert rows.all() == [THERE], table
        for table in ("log_in_name", "outside_identity"):
            rows = await tx.scalars(text(f"SELECT belongs_to FROM {table} WHERE account_id = :id"), {"id": account_id})
            assert rows.all() == [THERE], table
        left = (
            await tx.execute(
                text("SELECT password_hash, locked_at FROM account WHERE district = :d AND id = :id"),
                {"d": HERE, "id": account_id},
            )
        ).one()
        assert (left.password_hash, left.locked_at is not None) == ("", True)


@pytest.mark.row(59)
async def test_who_is_erased_where_they_came_from_goes_on_where_they_are(neighbours: Registry) -> None:
    """The old entry is erased when nothing binds it; the account, its names and the contact point are the new one's."""
    mover = await registered(neighbours, 3103)
    await mover.move()
    await stated(neighbours, mover.id, None)

    async def is_erased() -> bool:
        [row] = await neighbours.rows(
            "SELECT erased_at FROM volunteer WHERE district = :d AND id = :id", d=HERE, id=mover.id
        )
        return row.erased_at is not None

    assert await eventually(is_erased)
    headers = await neighbours.log_in(mover.number, PASSWORD)
    held = (await neighbours.http.get("/v1/me/data", headers=headers)).json()
    assert (held["number"], held["phone"]) == (mover.number, "170****3103")
    assert [one["to_district"] for one in await Mover(neighbours, 3103, mover.id, mover.number, headers).moves()] == [
        THERE
    ]

    async def is_reached() -> bool:
        return (await neighbours.last_values("registry.contact")).get(mover.id) is not None

    assert await eventually(is_reached)


@pytest.mark.row(59)
async def test_a_refusal_is_for_a_reason_that_the_person_reads_and_all_stays(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3104)
    assert (await mover.ask()).status_code == 201
    assert codes(await mover.answer(NO | {"answer": ""})) == [("answer", "missing")]
    refused = await mover.answer(NO)
    assert (refused.status_code, refused.json()["state"]) == (200, "refused")
    [shown] = await mover.moves()
    assert (shown["state"], shown["answer"]) == ("refused", NO["answer"])
    assert (await mover.events(HERE))[-1] == ("VolunteerMoveRefused", 2)
    told = await neighbours.rows(
        "SELECT data::text AS data FROM event_log WHERE aggregate_id = :id ORDER BY position DESC LIMIT 1", id=mover.id
    )
    assert NO["answer"] not in told[0].data
    assert await found(neighbours, HERE, mover.number) == [mover.number]
    again = await mover.ask()
    assert again.status_code == 201, again.text


@pytest.mark.row(59)
async def test_a_request_is_taken_back_while_it_waits_and_nobody_decides_it_then(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3105)
    move_id = (await mover.ask()).json()["id"]
    assert codes(await mover.ask()) == [("to_district", "not_open")]
    path = f"/v1/me/moves/{move_id}/taking-back"
    back = await neighbours.http.post(path, headers=mover.headers)
    assert (back.status_code, back.json()["state"]) == (200, "taken_back")
    assert codes(await neighbours.http.post(path, headers=mover.headers)) == [("move_id", "not_open")]
    assert await mover.waiting() == []
    late = await neighbours.http.post(f"/v1/moves/{move_id}/answer", json=YES, headers=neighbours.admins[THERE])
    assert codes(late) == [("move_id", "not_open")]
    assert (await mover.moves())[0]["state"] == "taken_back"


@pytest.mark.row(59)
@pytest.mark.parametrize(
    ("serial", "to", "code"),
    [
        (3106, HERE, "already_so"),
        (3107, "510199", "unknown_reference"),
        (3108, f"{THERE},510199", "unknown_reference"),
        (3109, "", "unknown_reference"),
    ],
)
async def test_a_district_that_is_none_or_one_s_own_is_refused(
    neighbours: Registry, serial: int, to: str, code: str
) -> None:
    mover = await registered(neighbours, serial)
    assert codes(await mover.ask(to)) == [("to_district", code)]


@pytest.mark.row(59)
async def test_duties_of_staff_are_given_up_first_before_asking_and_before_moving(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3110)
    assert (await mover.ask()).status_code == 201
    account_id = (await neighbours.http.get("/v1/me", headers=mover.headers)).json()["account_id"]
    roles = {"roles": ["auditor"], "units": [], "reason": "新岗位"}
    path = f"/v1/accounts/{account_id}/roles"
    changed = await neighbours.http.put(path, json=roles, headers=neighbours.admins[HERE])
    assert changed.status_code in (200, 204), changed.text
    assert codes(await mover.answer(YES)) == [("to_district", "has_duties")]
    assert await found(neighbours, THERE, mover.number) == []
    mover.headers = await neighbours.log_in(mover.number, PASSWORD)
    assert ("to_district", "has_duties") in codes(await mover.ask())


@pytest.mark.row(59)
async def test_a_minor_is_registered_in_the_new_district_by_a_guardian(neighbours: Registry) -> None:
    born = date(now().year - 15, 1, 1)
    line = roster_line(3111, id_number=id_number(3111 % 400, born=born), category="minor", organisation="")
    assert (await neighbours.take_in(HERE, "roster", roster([line])))["rejected"] == 0
    account = {"volunteer_number": line["number"], "password": PASSWORD}
    opened = await neighbours.http.post("/v1/accounts", json=account, headers=neighbours.admins[HERE])
    assert opened.status_code == 201, opened.text
    headers = await neighbours.log_in(line["number"], PASSWORD)
    body = {"to_district": THERE}
    refused = await neighbours.http.post("/v1/me/moves", json=body, headers=headers)
    assert codes(refused) == [("to_district", "guardian_needed")]


@pytest.mark.row(59)
async def test_who_is_on_file_in_the_new_district_already_is_not_registered_twice(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3112)
    there = roster_line(3112, district=THERE, id_number=person(3112)["id_number"])
    assert (await neighbours.take_in(THERE, "roster", roster([there])))["rejected"] == 0
    assert (await mover.ask()).status_code == 201
    assert codes(await mover.answer(YES)) == [("move_id", "already_registered")]
    assert await found(neighbours, HERE, mover.number) == [mover.number]
    await neighbours.log_in(mover.number, PASSWORD)


@pytest.mark.row(59)
async def test_nobody_returns_yet_to_a_district_where_they_were(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3113)
    await mover.move()
    mover.headers = await neighbours.log_in(mover.number, PASSWORD)
    asked = await mover.ask(HERE)
    assert asked.status_code == 201, asked.text
    path = f"/v1/moves/{asked.json()['id']}/answer"
    refused = await neighbours.http.post(path, json=YES, headers=neighbours.admins[HERE])
    assert codes(refused) == [("move_id", "already_registered")]
    assert await found(neighbours, THERE, mover.number) == [mover.number]


@pytest.mark.row(59)
async def test_entries_that_were_merged_into_the_mover_s_end_with_it(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3114)
    other = roster_line(3115)
    assert (await neighbours.take_in(HERE, "roster", roster([other])))["rejected"] == 0
    body = {"merged_number": other["number"], "reason": "本人到场"}
    merged = await neighbours.http.post(
        f"/v1/volunteers/{mover.id}/merging", json=body, headers=neighbours.admins[HERE]
    )
    assert merged.status_code == 200, merged.text
    await mover.move()
    rows = await neighbours.rows(
        "SELECT restricted_at FROM volunteer WHERE district = :d AND number IN (:one, :two)",
        d=HERE,
        one=mover.number,
        two=other["number"],
    )
    assert [row.restricted_at is not None for row in rows] == [True, True]


@pytest.mark.row(59)
async def test_a_registration_that_ends_meanwhile_is_decided_by_nobody(neighbours: Registry) -> None:
    mover = await registered(neighbours, 3116)
    move_id = (await mover.ask()).json()["id"]
    assert (await end(neighbours, mover.headers)).status_code == 200
    accepted = await neighbours.http.post(f"/v1/moves/{move_id}/answer", json=YES, headers=neighbours.admins[THERE])
    assert codes(accepted) == [("move_id", "closed")]
    data = ServiceHistoryStated(volunteer_id=mover.id, records=0, last_served_on=None)
    attributes = Attributes(new_id(), data.event_type(), now(), mover.id, 1, HERE)
    async with neighbours.worker.transaction() as tx:
        await drop_moves(tx, [Received(attributes, data)], None)
    assert await mover.waiting() == []


@pytest.mark.row(59)
async def test_one_sees_and_decides_nothing_of_another_district_s_requests(neighbours: Registry) -> None:
    mover, stranger = await registered(neighbours, 3117), await registered(neighbours, 3118)
    move_id = (await mover.ask()).json()["id"]
    office = neighbours.admins[HERE]
    listed = (await neighbours.http.get("/v1/moves", headers=office)).json()["items"]
    assert move_id not in [one["id"] for one in listed]
    assert (await neighbours.http.post(f"/v1/moves/{move_id}/answer", json=YES, headers=office)).status_code == 404
    assert await stranger.moves() == []
    path = f"/v1/me/moves/{move_id}/taking-back"
    assert (await neighbours.http.post(path, headers=stranger.headers)).status_code == 404
    async with neighbours.api.transaction(HERE) as tx:  # row-level security: the row is the deciding district's
        assert await tx.scalar(text("SELECT count(*) FROM move WHERE id = :id"), {"id": move_id}) == 0


@pytest.mark.row(59)
async def test_the_new_district_s_roster_takes_the_number_of_who_has_moved_in_and_nobody_else_s(
    neighbours: Registry,
) -> None:
    """Case C27: a number is its district's; that of somebody who has moved in is at home in both."""
    mover, stays = await registered(neighbours, 3119), await registered(neighbours, 3120)
    await mover.move()
    line = roster_line(3119, district=THERE, number=mover.number)
    changed = line | {"phone": "17000003121"}
    lines = [
        changed,
        roster_line(3120, district=THERE, number=stays.number),
        roster_line(3122, district=THERE, number="51011500099999"),
    ]
    status = await neighbours.take_in(THERE, "roster", roster(lines))
    report = await neighbours.report(THERE, status["location"])
    assert [(one["field"], one["code"]) for one in report] == [
        ("", ""),
        ("number", "other_district"),
        ("number", "other_district"),
    ]
    somebody_else = roster_line(3123, district=THERE, number=mover.number)
    status = await neighbours.take_in(THERE, "roster", roster([changed, somebody_else]))
    report = await neighbours.report(THERE, status["location"])
    assert [(one["field"], one["code"]) for one in report] == [("", ""), ("number", "duplicate_in_file")]
    status = await neighbours.take_in(THERE, "roster", roster([somebody_else]))
    [refused] = await neighbours.report(THERE, status["location"])
    assert (refused["field"], refused["code"]) == ("number", "number_taken")
    status = await neighbours.take_in(HERE, "roster", roster([roster_line(3119, number=mover.number)]))
    [closed] = await neighbours.report(HERE, status["location"])
    assert (closed["field"], closed["code"]) == ("number", "closed")
    headers = await neighbours.log_in(mover.number, PASSWORD)
    assert (await neighbours.http.get("/v1/me", headers=headers)).json()["volunteer"]["phone"] == "170****3121"


@pytest.mark.row(59)
async def test_who_moves_without_an_account_gets_one_for_their_number_in_the_new_district(
    neighbours: Registry,
) -> None:
    """Their account was erased, or there was none: the number logs in where they are now."""
    mover = await registered(neighbours, 3124)
    await mover.move()
    async with neighbours.worker.transaction() as tx:
        account_id = await tx.scalar(
            text("SELECT id FROM account WHERE district = :d AND volunteer_id = :id"), {"d": THERE, "id": mover.id}
        )
        for statement in (
            "DELETE FROM log_in_name WHERE account_id = :id",
            "DELETE FROM account WHERE district = :d AND id = :id",
        ):
            await tx.execute(text(statement), {"d": THERE, "id": account_id})
    account = {"volunteer_number": mover.number, "password": PASSWORD}
    opened = await neighbours.http.post("/v1/accounts", json=account, headers=neighbours.admins[THERE])
    assert (opened.status_code, opened.json().get("log_in_names")) == (201, [mover.number]), opened.text


@pytest.mark.row(59)
async def test_registry_s_own_events_tell_of_both_entries_as_they_are_on_file(neighbours: Registry) -> None:
    """What the comparison of registry's table with its log relies on."""
    mover = await registered(neighbours, 3125)
    await mover.move()
    columns = "district, number, moved_from, moved_to, restricted_at, version"
    statement = f"SELECT {columns} FROM volunteer WHERE id = :id ORDER BY district"
    before = await neighbours.rows(statement, id=mover.id)
    assert [(row.district, row.moved_from, row.moved_to, row.version) for row in before] == [
        (THERE, HERE, None, 2),
        (HERE, None, THERE, 3),
    ]
    logged = await neighbours.rows(
        "SELECT district, event_id, type, occurred_at, aggregate_version, data FROM event_log "
        "WHERE aggregate_id = :id ORDER BY position",
        id=mover.id,
    )
    events = [
        Received(
            Attributes(row.event_id, row.type, row.occurred_at, mover.id, row.aggregate_version, row.district),
            EVENTS[row.type].model_validate(row.data),
        )
        for row in logged
        if "Registered" not in row.type  # what else a registration writes is in no event
    ]
    async with neighbours.worker.transaction() as tx:
        forget = (
            "UPDATE volunteer SET moved_from = NULL, moved_to = NULL, restricted_at = NULL, version = 1 WHERE id = :id"
        )
        await tx.execute(text(forget), {"id": mover.id})
        await enter_volunteers(tx, events)
    assert await neighbours.rows(statement, id=mover.id) == before

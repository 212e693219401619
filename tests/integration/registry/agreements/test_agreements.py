"""Row 23 of domain.md, section 1: universities and stations agree to build a station together, for a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import Row, text

from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT, OTHER = "510115", "510117"
PASSWORD = "a password of some length"
TODAY = district_day(now())
FREE_TEXT = "每周末助学助教，由校团委带队"


@dataclass
class People:
    """The office, a station's manager and the leader of a university's head team, who are volunteers too."""

    office: dict[str, str]
    manager: dict[str, str]
    manager_id: str
    leader_id: str
    university: dict[str, Any]
    company: dict[str, Any]
    station: dict[str, Any]
    elsewhere: dict[str, Any]


@pytest.fixture(scope="module")
async def people(registry: Registry) -> People:
    await registry.open(OTHER, reference=False)
    lines = [
        roster_line(serial, district=DISTRICT, id_number=id_number(30_000 + serial), phone=f"172{serial:08d}")
        for serial in range(2)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == 2
    listed = (await registry.http.get(f"/v1/organisations?district={DISTRICT}&limit=1000")).json()["items"]
    teams = (await registry.http.get(f"/v1/teams?district={DISTRICT}&limit=1000")).json()["items"]
    head = next(team for team in teams if team["is_head"] and team["organisation"])
    university = next(one for one in listed if one["code"] == head["organisation"])
    stations = (await registry.http.get(f"/v1/stations?district={DISTRICT}")).json()["items"]
    accounts = (("station_manager", [stations[1]["code"]]), ("team_leader", [head["code"]]))
    headers, ids = [], []
    for serial, (role, units) in enumerate(accounts):
        number = f"{DISTRICT}{70_000_000 + serial}"
        account = {"volunteer_number": number, "password": PASSWORD, "roles": [role], "units": units}
        opened = await registry.http.post("/v1/accounts", json=account, headers=await registry.operator(DISTRICT))
        assert opened.status_code == 201, opened.text
        headers.append(await registry.log_in(number, PASSWORD))
        [row] = await registry.rows("SELECT id FROM volunteer WHERE number = :number", number=number)
        ids.append(str(row.id))
    return People(
        registry.admins[DISTRICT],
        headers[0],
        ids[0],
        ids[1],
        university=university,
        company=next(one for one in listed if not one["kind"].startswith("university")),
        station=stations[1],
        elsewhere=stations[2],
    )


async def post(
    registry: Registry, who: dict[str, str], path: str, body: object, key: str | None = None
) -> tuple[int, Any]:
    answer = await registry.http.post(path, json=body, headers={**who, "Idempotency-Key": key or str(uuid4())})
    return answer.status_code, answer.json()


def said(people: People, **changes: Any) -> dict[str, Any]:
    return {
        "organisation_id": people.university["id"],
        "station_id": people.station["id"],
        "starts_on": str(TODAY),
        "ends_on": str(TODAY + timedelta(days=365)),
        "students": 120,
        "purpose": FREE_TEXT,
    } | changes


async def enter(registry: Registry, people: People, **changes: Any) -> str:
    status, entered = await post(registry, people.office, "/v1/agreements", said(people, **changes))
    assert status == 201, entered
    agreement_id: str = entered["id"]
    return agreement_id


async def listed(registry: Registry, who: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    answer = await registry.http.get(f"/v1/agreements?{query}", headers=who)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def told(registry: Registry, agreement: str) -> Sequence[Row[Any]]:
    return await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, data FROM event_log WHERE aggregate_id = CAST(:id AS uuid) "
        "ORDER BY position",
        id=agreement,
    )


async def thirty_days_before_its_end(registry: Registry, agreement: str) -> None:
    """Let the moment come at which managers are told of an agreement, and wait until the work of it is done."""
    async with registry.worker.transaction() as tx:
        await tx.execute(
            text("UPDATE work SET due_at = clock_timestamp() WHERE payload ->> 'agreement_id' = :id"),
            {"id": agreement},
        )

    async def is_done() -> bool:
        return not await registry.rows(
            "SELECT 1 FROM work WHERE payload ->> 'agreement_id' = :id AND state = 'open'", id=agreement
        )

    assert await eventually(is_done)


async def test_an_agreement_is_shown_at_both_units_and_ended_early_with_a_reason(
    registry: Registry, people: People
) -> None:
    agreement = await enter(registry, people)
    for unit in (f"organisation_id={people.university['id']}", f"station_id={people.station['id']}"):
        [found] = await listed(registry, people.manager, unit)
        assert (found["id"], found["state"], found["students"], found["purpose"]) == (
            agreement,
            "in_force",
            120,
            FREE_TEXT,
        )
    assert await listed(registry, people.manager, f"station_id={people.elsewhere['id']}") == []
    assert (await post(registry, people.office, f"/v1/agreements/{agreement}/ending", {"reason": ""}))[0] == 422
    assert (await post(registry, people.manager, f"/v1/agreements/{agreement}/ending", {"reason": "搬迁"}))[0] == 403
    body = {"reason": "站点搬迁"}
    ended = await post(registry, people.office, f"/v1/agreements/{agreement}/ending", body, key="once")
    assert ended == await post(registry, people.office, f"/v1/agreements/{agreement}/ending", body, key="once")
    assert (await post(registry, people.office, f"/v1/agreements/{agreement}/ending", body))[0] == 409
    [found] = await listed(registry, people.office, f"station_id={people.station['id']}")
    assert (found["state"], found["ended_on"], found["reason"]) == ("ended", str(TODAY), "站点搬迁")
    assert await listed(registry, people.office, f"station_id={people.station['id']}&in_force=true") == []
    events = await told(registry, agreement)
    assert [row.name for row in events] == ["AgreementSigned", "AgreementEnded"]
    assert not any("搬迁" in str(row.data) or FREE_TEXT in str(row.data) for row in events)


async def test_a_pair_has_one_agreement_at_a_time_and_signs_the_next_for_the_day_after(
    registry: Registry, people: People
) -> None:
    last = TODAY + timedelta(days=20)
    pair = {"station_id": people.elsewhere["id"]}
    first = await enter(registry, people, **pair, ends_on=str(last))
    status, refused = await post(registry, people.office, "/v1/agreements", said(people, **pair, starts_on=str(last)))
    assert (status, refused["faults"][0]["field"], refused["faults"][0]["code"]) == (409, "starts_on", "already_agreed")
    after = await enter(registry, people, **pair, starts_on=str(last + timedelta(days=1)))
    found = {
        one["id"]: one["state"] for one in await listed(registry, people.office, f"station_id={pair['station_id']}")
    }
    assert found == {first: "expiring", after: "to_come"}


async def test_both_managers_are_told_thirty_days_before_its_last_day(registry: Registry, people: People) -> None:
    agreement = await enter(registry, people)
    await thirty_days_before_its_end(registry, agreement)
    _, expiring = await told(registry, agreement)
    assert expiring.name == "AgreementExpiring"
    assert set(expiring.data["recipient_ids"]) == {people.manager_id, people.leader_id}
    await post(registry, people.office, f"/v1/agreements/{agreement}/ending", {"reason": "换了合作"})


async def test_nobody_is_told_of_one_that_was_ended_or_that_a_later_one_has_taken_the_place_of(
    registry: Registry, people: People
) -> None:
    ended = await enter(registry, people, ends_on=str(TODAY + timedelta(days=100)))
    await post(registry, people.office, f"/v1/agreements/{ended}/ending", {"reason": "换了合作"})
    await thirty_days_before_its_end(registry, ended)
    assert [row.name for row in await told(registry, ended)] == ["AgreementSigned", "AgreementEnded"]
    first = await enter(registry, people, ends_on=str(TODAY + timedelta(days=100)))
    later = {"starts_on": str(TODAY + timedelta(days=101)), "ends_on": str(TODAY + timedelta(days=200))}
    await enter(registry, people, **later)
    await thirty_days_before_its_end(registry, first)
    assert [row.name for row in await told(registry, first)] == ["AgreementSigned"]


async def test_what_cannot_be_an_agreement_is_refused_with_every_fault(registry: Registry, people: People) -> None:
    wrong = {"organisation_id": people.company["id"], "station_id": str(uuid4()), "students": 0, "purpose": " "}
    status, refused = await post(registry, people.office, "/v1/agreements", said(people, **wrong))
    assert status == 422
    assert {(one["field"], one["code"]) for one in refused["faults"]} == {
        ("organisation_id", "not_a_university"),
        ("station_id", "unknown_reference"),
        ("students", "out_of_range"),
        ("purpose", "missing"),
    }
    assert (await post(registry, people.manager, "/v1/agreements", said(people)))[0] == 403


async def test_another_district_sees_and_ends_none_of_it(registry: Registry, people: People) -> None:
    [one, *_] = await listed(registry, people.office)
    assert await listed(registry, registry.admins[OTHER]) == []
    status, _ = await post(registry, registry.admins[OTHER], f"/v1/agreements/{one['id']}/ending", {"reason": "x"})
    assert status == 404


async def test_an_officer_of_a_guiding_body_sees_those_of_the_organisations_that_it_guides(
    registry: Registry, people: People
) -> None:
    for guided in (True, False):
        body = f"{DISTRICT}-LEAGUE-{int(guided)}"
        await post(registry, people.office, "/v1/guiding-bodies", {"code": body, "name": f"团委{int(guided)}"})
        account = {"user_name": f"guide.{int(guided)}", "password": PASSWORD, "roles": ["guide"], "units": [body]}
        opened = await registry.http.post("/v1/accounts", json=account, headers=people.office)
        assert opened.status_code == 201, opened.text
    seat = {"host_unit": "大学", "guiding_body_code": f"{DISTRICT}-LEAGUE-1"}
    path = f"/v1/organisations/{people.university['id']}/seat"
    assert (await registry.http.put(path, json=seat, headers=people.office)).status_code == 200
    everything = {one["id"] for one in await listed(registry, people.office)}
    assert everything
    assert {one["id"] for one in await listed(registry, await registry.log_in("guide.1", PASSWORD))} == everything
    assert await listed(registry, await registry.log_in("guide.0", PASSWORD)) == []

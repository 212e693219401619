"""Rows 14 and 15 of domain.md: the office proposes and approves, each student answers, and it is run again."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.integration.registry.conftest import Registry, id_number, roster, roster_line
from tests.support.eventually import eventually

DISTRICT = "510116"
STUDENTS = 40
PASSWORD = "a password of some length"
MINOR, YOUNG = 39, district_day(now()) - timedelta(days=16 * 365)
"""One of the students is under 18, and has no guardian's consent."""


@pytest.fixture(scope="module")
async def office(registry: Registry) -> dict[str, str]:
    """A district with forty students of two universities; its stations have more places than that."""
    headers = await registry.open(DISTRICT)
    lines = [
        roster_line(
            serial,
            district=DISTRICT,
            category="university_student",
            organisation=f"{DISTRICT}-ORG-0{serial % 2 + 1}",
            skills="law",
            services="law;youth" if serial % 3 else "culture",
            id_number=id_number(20_000 + serial) if serial != MINOR else id_number(1, born=YOUNG),
            phone=f"171{serial:08d}",
        )
        for serial in range(STUDENTS)
    ]
    assert (await registry.take_in(DISTRICT, "roster", roster(lines)))["accepted"] == STUDENTS
    return headers


async def propose(registry: Registry, office: dict[str, str], *, again: bool = False) -> dict[str, Any]:
    """Ask for a plan and return it as it is shown when it is there."""
    terms = {"answer_by": (now() + timedelta(days=7)).isoformat(), "again": again}
    asked = await registry.http.post("/v1/allocations", json=terms, headers=office)
    assert asked.status_code == 202, asked.text
    where = f"/v1/allocations/{asked.json()['id']}"

    async def is_there() -> bool:
        shown = (await registry.http.get(where, headers=office)).json()
        assert shown["state"] != "failed"
        return bool(shown["state"] == "proposed")

    assert await eventually(is_there)
    shown: dict[str, Any] = (await registry.http.get(where, headers=office)).json()
    return shown


async def approve(registry: Registry, office: dict[str, str], plan: dict[str, Any]) -> None:
    """Approve a plan and wait until everybody is told."""
    approved = await registry.http.post(f"/v1/allocations/{plan['id']}/approval", headers=office)
    assert approved.status_code == 200, approved.text

    async def all_are_told() -> bool:
        return not await registry.rows(
            "SELECT 1 FROM placement WHERE allocation_id = :id AND state = 'planned'", id=plan["id"]
        )

    assert await eventually(all_are_told)


async def student(registry: Registry, office: dict[str, str], serial: int) -> dict[str, str]:
    """Open a student's account and log in to it."""
    number = f"{DISTRICT}{70_000_000 + serial}"
    opened = await registry.http.post(
        "/v1/accounts", json={"volunteer_number": number, "password": PASSWORD}, headers=office
    )
    assert opened.status_code == 201, opened.text
    return await registry.log_in(number, PASSWORD)


async def own(registry: Registry, who: dict[str, str], language: str = "zh-CN") -> list[dict[str, Any]]:
    shown = await registry.http.get("/v1/me/placements", headers={**who, "Accept-Language": language})
    assert shown.status_code == 200, shown.text
    placements: list[dict[str, Any]] = shown.json()
    return placements


async def answer(registry: Registry, who: dict[str, str], placement: str, accepted: bool) -> tuple[int, str]:
    given = await registry.http.post(f"/v1/placements/{placement}/answer", json={"accepted": accepted}, headers=who)
    body = given.json()
    return given.status_code, body["faults"][0]["code"] if "faults" in body else body["state"]


async def let_the_date_come(registry: Registry) -> None:
    """Have all that is not answered ended, as if its date had come."""
    async with registry.worker.transaction() as tx:
        await tx.execute(text("UPDATE placement SET answer_by = :at WHERE state = 'proposed'"), {"at": now()})
        await tx.execute(text("UPDATE work SET due_at = :at WHERE kind = 'placement_expiry'"), {"at": now()})

    async def all_are_ended() -> bool:
        return not await registry.rows("SELECT 1 FROM placement WHERE state = 'proposed'")

    assert await eventually(all_are_ended)


@pytest.mark.row(14, 15)
async def test_rows_14_and_15_from_a_proposal_to_a_second_run(registry: Registry, office: dict[str, str]) -> None:
    plan = await propose(registry, office)
    assert (plan["people"], plan["places"]) == (STUDENTS, STUDENTS)
    assert sum(sum(station["given"].values()) for station in plan["stations"]) == STUDENTS
    assert [each["people"] for each in plan["universities"]] == [20, 20]
    assert plan["prices"]

    yes, no, silent = [await student(registry, office, serial) for serial in range(3)]
    assert await own(registry, yes) == []  # nobody is told before the plan is approved
    await approve(registry, office, plan)
    [proposed] = await own(registry, yes)
    assert proposed["state"] == "proposed"
    assert proposed["station_name"] in proposed["why"]
    assert "minutes away" in (await own(registry, yes, "en"))[0]["why"]

    [of_no] = await own(registry, no)
    assert await answer(registry, no, proposed["id"], accepted=True) == (404, "not_found")  # not theirs
    assert await answer(registry, yes, proposed["id"], accepted=True) == (200, "accepted")
    assert await answer(registry, no, of_no["id"], accepted=False) == (200, "declined")
    assert await answer(registry, no, of_no["id"], accepted=True) == (409, "not_open")

    minor = await student(registry, office, MINOR)
    [of_minor] = await own(registry, minor)
    assert await answer(registry, minor, of_minor["id"], accepted=True) == (422, "guardian_needed")

    refused = await registry.http.post(
        "/v1/allocations", json={"answer_by": (now() + timedelta(days=1)).isoformat()}, headers=office
    )
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (409, "not_open")
    again = await propose(registry, office, again=True)
    assert again["previous_id"] == plan["id"]
    assert again["people"] == STUDENTS - 1
    await approve(registry, office, again)
    assert (await own(registry, yes))[0]["state"] == "accepted"
    second = (await own(registry, no))[0]
    assert second["state"] == "proposed"
    assert second["station_id"] != of_no["station_id"]
    assert len(await own(registry, silent)) == 1

    await let_the_date_come(registry)
    [of_silent] = await own(registry, silent)
    assert of_silent["state"] == "expired"
    assert await answer(registry, silent, of_silent["id"], accepted=True) == (422, "too_late")

    events = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name, count(*) AS how_many FROM event_log "
        "WHERE topic IN ('registry.allocation', 'registry.placement') GROUP BY 1"
    )
    counted = {row.name: row.how_many for row in events}
    assert (counted["AllocationProposed"], counted["AllocationApproved"]) == (2, 2)
    assert counted["PlacementProposed"] == counted["PlacementExpired"] + 2 + await _replaced(registry)
    assert (counted["PlacementAccepted"], counted["PlacementDeclined"]) == (1, 1)


async def _replaced(registry: Registry) -> int:
    [row] = await registry.rows("SELECT count(*) AS how_many FROM placement WHERE state = 'replaced'")
    return int(row.how_many)


async def test_a_plan_that_another_one_has_overtaken_is_not_approved(
    registry: Registry, office: dict[str, str]
) -> None:
    first, second = await propose(registry, office), await propose(registry, office)
    await approve(registry, office, first)
    late = await registry.http.post(f"/v1/allocations/{second['id']}/approval", headers=office)
    assert (late.status_code, late.json()["faults"][0]["code"]) == (409, "changed_meanwhile")
    twice = await registry.http.post(f"/v1/allocations/{first['id']}/approval", headers=office)
    assert (twice.status_code, twice.json()["faults"][0]["code"]) == (409, "not_open")


@pytest.mark.row(15)
async def test_a_plan_that_would_move_somebody_who_has_answered_meanwhile_is_not_approved(
    registry: Registry, office: dict[str, str]
) -> None:
    await let_the_date_come(registry)
    await approve(registry, office, await propose(registry, office))
    who = await student(registry, office, 30)
    held = (await own(registry, who))[0]
    closed = await registry.http.post(f"/v1/stations/{held['station_id']}/closing", json={}, headers=office)
    assert closed.status_code == 200, closed.text
    again = await propose(registry, office, again=True)
    assert held["station_id"] not in {station["id"] for station in again["stations"]}
    assert await answer(registry, who, held["id"], accepted=True) == (200, "accepted")
    late = await registry.http.post(f"/v1/allocations/{again['id']}/approval", headers=office)
    assert (late.status_code, late.json()["faults"][0]["code"]) == (409, "changed_meanwhile")
    assert (await own(registry, who))[0]["state"] == "accepted"
    await approve(registry, office, await propose(registry, office, again=True))
    assert (await own(registry, who))[0]["state"] == "accepted"


@pytest.mark.parametrize(("days", "code"), [(-1, "in_past"), (100, "out_of_range")])
async def test_the_date_to_answer_by_is_to_come_and_not_far(
    registry: Registry, office: dict[str, str], days: int, code: str
) -> None:
    terms = {"answer_by": (now() + timedelta(days=days)).isoformat()}
    refused = await registry.http.post("/v1/allocations", json=terms, headers=office)
    assert (refused.status_code, refused.json()["faults"][0]["code"]) == (422, code)


async def test_another_district_s_office_sees_nothing_of_it(registry: Registry, office: dict[str, str]) -> None:
    [newest, *_] = (await registry.http.get("/v1/allocations", headers=office)).json()
    other = registry.admins["510115"]
    assert (await registry.http.get(f"/v1/allocations/{newest['id']}", headers=other)).status_code == 404
    assert (await registry.http.get("/v1/allocations", headers=other)).json() == []

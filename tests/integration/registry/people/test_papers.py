"""Case C17: people with other papers than the resident ID are on a roster, register, and are on file once."""

from typing import Any

import pytest

from tests.integration.registry.conftest import Registry, roster, roster_line

DISTRICT = "510115"
PASSPORT = {"document": "护照", "id_number": "E12345678", "born_on": "1990-05-17"}


def with_papers(*lines: dict[str, str]) -> bytes:
    """Return a roster that has the columns of other papers too."""
    plain = roster(list(lines)).decode().splitlines()
    more = [f"{line.get('document', '')},{line.get('born_on', '')}" for line in lines]
    return "\n".join(
        f"{line},{extra}" for line, extra in zip(plain, ["证件类型,出生日期", *more], strict=True)
    ).encode()


async def found(registry: Registry, number: str) -> dict[str, Any]:
    query = await registry.http.get("/v1/volunteers", params={"query": number}, headers=registry.admins[DISTRICT])
    [one] = query.json()["items"]
    shown: dict[str, Any] = one
    return shown


@pytest.mark.row(1, 3, 4)
async def test_a_roster_takes_other_papers_by_their_kind_and_refuses_the_same_one_twice(registry: Registry) -> None:
    lines = [
        roster_line(900, **PASSPORT),
        roster_line(901, document="回乡证", id_number="H1234567801", born_on="1990-05-17"),
        roster_line(902, document="台胞证", id_number="01234567", born_on="1990-05-17"),
        roster_line(903),
        roster_line(904, **PASSPORT),
        roster_line(905, document="护照", id_number="E87654321"),
    ]
    status = await registry.take_in(DISTRICT, "roster", with_papers(*lines))
    assert (status["accepted"] + status["normalised"], status["rejected"]) == (4, 2)
    report = await registry.report(DISTRICT, status["location"])
    assert [(line["field"], line["code"]) for line in report if line["verdict"] == "rejected"] == [
        ("id_number", "duplicate_in_file"),
        ("born_on", "missing"),
    ]
    shown = await found(registry, lines[0]["number"])
    assert (shown["document"], shown["id_number"]) == ("passport", "E******78")
    assert (await found(registry, lines[1]["number"]))["id_number"] == "H******78"
    assert (await found(registry, lines[3]["number"]))["document"] == "resident_id"
    again = await registry.take_in(DISTRICT, "roster", with_papers(*lines[:4]))
    assert (again["unchanged"], again["rejected"]) == (4, 0)
    moved = await registry.take_in(DISTRICT, "roster", with_papers(roster_line(906, **PASSPORT)))
    assert moved["rejected"] == 1
    for row in await registry.rows("SELECT personal_data FROM volunteer"):
        assert b"E12345678" not in row.personal_data


@pytest.mark.row(1)
async def test_a_roster_without_the_column_says_which_paper_a_number_looks_like(registry: Registry) -> None:
    status = await registry.take_in(DISTRICT, "roster", roster([roster_line(910, id_number="E11223344")]))
    [line] = [one for one in await registry.report(DISTRICT, status["location"]) if one["verdict"] == "rejected"]
    assert (line["field"], line["code"]) == ("id_number", "passport")


@pytest.mark.row(1, 5)
async def test_somebody_registers_by_passport_and_a_minor_among_them_needs_a_guardian(registry: Registry) -> None:
    person = {
        "name": "林小安",
        "gender": "male",
        "document": "passport",
        "id_number": "E55667788",
        "born_on": "1990-05-17",
        "phone": "17000000920",
        "category": "resident",
        "district": DISTRICT,
        "password": "long enough to keep",
    }
    lacking = await registry.http.post(
        "/v1/volunteers/self/check", json=person | {"born_on": "", "fields": ["born_on", "guardian_phone"]}
    )
    assert [(fault["field"], fault["code"]) for fault in lacking.json()["faults"]] == [("born_on", "missing")]
    young = await registry.http.post(
        "/v1/volunteers/self/check", json=person | {"born_on": "2011-05-17", "fields": ["guardian_phone"]}
    )
    assert [(fault["field"], fault["code"]) for fault in young.json()["faults"]] == [
        ("guardian_phone", "guardian_needed")
    ]
    created = await registry.register_self(person)
    assert created.status_code == 201, created.text
    who = await registry.log_in(created.json()["user_name"], "long enough to keep")
    held = (await registry.http.get("/v1/me/data", headers=who)).json()
    assert (held["document"], held["id_number"]) == ("passport", "E******88")
    profile = {"skills": ["law"], "services": ["tutoring"]}
    assert (await registry.http.put("/v1/me/profile", json=profile, headers=who)).status_code == 204
    assert (await registry.http.get("/v1/me/data", headers=who)).json()["document"] == "passport"
    copied = await registry.http.post("/v1/me/data/copies", headers=who)
    assert (copied.json()["id_number"], copied.json()["born_on"]) == ("E55667788", "1990-05-17")

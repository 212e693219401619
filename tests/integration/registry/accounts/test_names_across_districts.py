"""Case C27: a volunteer number belongs to the district whose code it begins with.

Another district can take neither the number nor its log-in name, and self-registration is never shut by one that did.
"""

import pytest
from sqlalchemy import text

from tests.integration.registry.conftest import ADMIN_PASSWORD, Registry, roster, roster_line

PASSWORD = "long enough to keep"


@pytest.fixture(scope="module")
async def neighbours(registry: Registry) -> Registry:
    """510115 has a volunteer with the number 51011500000001, and 510114 is open beside it."""
    line = roster_line(1, number="51011500000001")
    assert (await registry.take_in("510115", "roster", roster([line])))["accepted"] == 1
    await registry.open("510114")
    return registry


def person(serial: int) -> dict[str, str]:
    line = roster_line(serial)
    kept = {field: line[field] for field in ("name", "gender", "id_number", "phone", "category")}
    return kept | {"district": "510115", "password": PASSWORD}


@pytest.mark.row(2)
async def test_a_roster_with_another_district_s_numbers_is_refused_by_name(neighbours: Registry) -> None:
    lines = [
        roster_line(8001, number="51011500027301", organisation=""),  # the next that 510115 would issue
        roster_line(8002, number="51011500000001", organisation=""),
        roster_line(8003, number="510116-V-1", organisation=""),
        roster_line(8004, number="510114-V-1", organisation=""),
        roster_line(8005, number="00000000000001", organisation=""),  # of the form that districts issue
        roster_line(8006, number="2025C2-0080", organisation=""),
    ]
    status = await neighbours.take_in("510114", "roster", roster(lines))
    report = await neighbours.report("510114", status["location"])
    other, taken = ("number", "other_district"), ("", "")
    assert [(line["field"], line["code"]) for line in report] == [other, other, other, taken, other, taken]
    assert all("不属于本区" in line["message"] for line in report if line["code"])


async def test_a_number_from_before_the_system_is_taken_and_is_no_name_to_log_in_by(neighbours: Registry) -> None:
    """Two districts may both have numbered their people 0001, …"""
    for district, serial in (("510114", 8011), ("510115", 8012)):
        line = roster_line(serial, number="2025C2-0001", organisation="")
        status = await neighbours.take_in(district, "roster", roster([line]))
        assert [line["code"] for line in await neighbours.report(district, status["location"])] == [""]
        headers = neighbours.admins[district]
        account = {"volunteer_number": "2025C2-0001", "password": PASSWORD}
        refused = await neighbours.http.post("/v1/accounts", json=account, headers=headers)
        assert [(f["field"], f["code"]) for f in refused.json()["faults"]] == [("user_name", "missing")]
        named = account | {"user_name": f"somebody.of.{district}"}
        opened = await neighbours.http.post("/v1/accounts", json=named, headers=headers)
        assert opened.json()["log_in_names"] == [f"somebody.of.{district}"]


async def test_an_account_for_another_district_s_number_is_refused_by_name(neighbours: Registry) -> None:
    for number in ("51011500027301", "51011500000001", "５１０１１５00000001"):
        answer = await neighbours.http.post(
            "/v1/accounts",
            json={"volunteer_number": number, "password": PASSWORD},
            headers=neighbours.admins["510114"],
        )
        [fault] = answer.json()["faults"]
        assert (answer.status_code, fault["field"], fault["code"]) == (422, "volunteer_number", "other_district")


async def test_self_registration_goes_on_and_the_owner_logs_in_where_a_name_was_taken_before_this_rule(
    neighbours: Registry,
) -> None:
    [serial] = await neighbours.rows("SELECT last_serial FROM district WHERE code = '510115'")
    next_numbers = [f"510115{serial.last_serial + step:08d}" for step in (1, 2, 3)]
    squatter = (await neighbours.http.get("/v1/me", headers=neighbours.admins["510114"])).json()["account_id"]
    async with neighbours.api.transaction() as tx:
        for name in ("51011500000001", *next_numbers):
            await tx.execute(
                text("INSERT INTO log_in_name (name, belongs_to, account_id) VALUES (:name, '510114', :account)"),
                {"name": name, "account": squatter},
            )
    assert await district_of(neighbours, "51011500000001", ADMIN_PASSWORD) == "510114"
    for step, number in enumerate(next_numbers):
        created = await neighbours.register_self(person(8100 + step))
        assert (created.status_code, created.json()["volunteer_number"]) == (201, number), created.text
        assert await district_of(neighbours, number, PASSWORD) == "510115"
    opened = await neighbours.http.post(
        "/v1/accounts",
        json={"volunteer_number": "51011500000001", "password": PASSWORD},
        headers=neighbours.admins["510115"],
    )
    assert opened.status_code == 201, opened.text
    assert await district_of(neighbours, "51011500000001", PASSWORD) == "510115"


async def test_within_the_district_a_name_is_its_first_owner_s(neighbours: Registry) -> None:
    account = {"user_name": "chen.auditor", "password": PASSWORD, "roles": ["auditor"]}
    headers = neighbours.admins["510115"]
    assert (await neighbours.http.post("/v1/accounts", json=account, headers=headers)).status_code == 201
    taken = await neighbours.http.post("/v1/accounts", json=account, headers=headers)
    [fault] = taken.json()["faults"]
    assert (taken.status_code, fault["code"]) == (409, "name_taken")
    assert "此人已登记" not in taken.text
    assert "用户名" in fault["message"]


async def district_of(registry: Registry, name: str, password: str) -> str:
    headers = await registry.log_in(name, password)
    district: str = (await registry.http.get("/v1/me", headers=headers)).json()["district"]
    return district

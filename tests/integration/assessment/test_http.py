"""Who may read what over HTTP, of which district, and what is refused by name."""

from uuid import UUID

import httpx
import pytest

from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.assessment.events import DISTRICT, OTHER_DISTRICT, imported
from tests.integration.assessment.reading import Reading, served

STAFF = {Role.TEAM_LEADER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/me/hours", {Role.VOLUNTEER}),
        ("/v1/volunteers/{volunteer_id}/hours", STAFF | {Role.VOLUNTEER}),
        ("/v1/volunteers/{volunteer_id}/ledger", STAFF | {Role.VOLUNTEER}),
        ("/v1/volunteer-hours", STAFF),
        ("/v1/ledger-entries", STAFF),
        ("/v1/statistics", STAFF),
        ("/v1/statistics/stars", STAFF),
        ("/v1/imports/{volunteer_id}/progress", STAFF),
        ("/v1/rule-sets/current", set(Role)),
        ("/v1/assessments/2025/preview", STAFF),
    ],
)
async def test_who_may_read_what(assessment: Reading, path: str, allowed: set[Role]) -> None:
    volunteer_id = await assessment.volunteer()
    url = path.format(volunteer_id=volunteer_id)
    let_in = set()
    for role in Role:
        response = await assessment.reader(role, volunteer_id=volunteer_id).send(url)
        assert response.status_code in (200, 403), response.text
        if response.status_code == 200:
            let_in.add(role)
    assert let_in == allowed
    assert (await assessment.client.get(url)).status_code == 401


async def test_a_volunteer_sees_their_own_account_and_no_other(assessment: Reading) -> None:
    own, other = await assessment.volunteer(), await assessment.volunteer()
    volunteer = assessment.reader(Role.VOLUNTEER, volunteer_id=own)
    assert (await volunteer.get("/v1/me/hours")) == await volunteer.get(f"/v1/volunteers/{own}/hours")
    for path in ("hours", "ledger"):
        assert (await volunteer.send(f"/v1/volunteers/{other}/{path}")).status_code == 403
    nobody = assessment.reader(Role.VOLUNTEER)
    assert (await nobody.send("/v1/me/hours")).status_code == 403


@pytest.mark.parametrize("path", ["hours", "ledger"])
async def test_an_unknown_volunteer_is_not_found(assessment: Reading, path: str) -> None:
    response = await assessment.auditor.send(f"/v1/volunteers/{new_id()}/{path}")
    assert response.status_code == 404
    assert [fault["field"] for fault in response.json()["faults"]] == ["volunteer_id"]


@pytest.mark.parametrize(
    ("path", "parameters", "fault"),
    [
        ("/v1/statistics", {"from": "2025-02-30"}, ("from", "date")),
        ("/v1/statistics", {"to": "tomorrow"}, ("to", "date")),
        ("/v1/statistics", {"from": "2025-02-01", "to": "2025-01-31"}, ("to", "out_of_range")),
        ("/v1/statistics", {"by": "colour"}, ("by", "unknown_value")),
        ("/v1/statistics", {"provenance": "hearsay"}, ("provenance", "unknown_value")),
        ("/v1/ledger-entries", {"cursor": "WyIxIiwiMiIsIjMiLCI0Il0"}, ("cursor", "format")),
        ("/v1/ledger-entries", {"team": "T '"}, ("team", "format")),
        ("/v1/volunteer-hours", {"limit": 1001}, ("limit", "out_of_range")),
        ("/v1/volunteer-hours", {"cursor": "%"}, ("cursor", "format")),
        ("/v1/volunteer-hours", {"cursor": "WyIxIiwiMiJd"}, ("cursor", "format")),  # ["1","2"]
        (f"/v1/volunteers/{UUID(int=1)}/ledger", {"cursor": "WyIxIiwiMiIsIjMiLCI0Il0"}, ("cursor", "format")),
        ("/v1/assessments/1066/preview", {}, ("year", "out_of_range")),
        ("/v1/imports/1/progress", {}, ("import_id", "format")),
    ],
)
async def test_bad_parameters_are_refused_by_name(
    assessment: Reading, path: str, parameters: dict[str, str], fault: tuple[str, str]
) -> None:
    assert await assessment.auditor.faults(path, **parameters) == [fault]


async def test_another_district_sees_nothing_of_this_one(assessment: Reading) -> None:
    volunteer_id, import_id = await assessment.volunteer(), new_id()
    record = served(volunteer_id, 6000, station_id=await assessment.station(), import_id=import_id)
    await assessment.handle(record, imported([record], import_id))
    neighbour = assessment.reader(Role.AUDITOR, district=OTHER_DISTRICT)
    assert (await neighbour.send(f"/v1/volunteers/{volunteer_id}/hours")).status_code == 404
    assert (await neighbour.send(f"/v1/volunteers/{volunteer_id}/ledger")).status_code == 404
    assert (await neighbour.get("/v1/volunteer-hours"))["items"] == []
    assert (await neighbour.get("/v1/statistics", by="station"))["minutes"] == 0
    assert all(level["volunteers"] == 0 for level in (await neighbour.get("/v1/statistics/stars"))["levels"])
    assert (await neighbour.get(f"/v1/imports/{import_id}/progress"))["credited_records"] == 0
    assert (await neighbour.get("/v1/assessments/2025/preview"))["eligible"] == 0


async def test_the_operator_names_the_district(assessment: Reading) -> None:
    await assessment.handle(served(await assessment.volunteer(), 60))
    operator = assessment.reader(Role.OPERATOR, district="*")
    assert await operator.faults("/v1/statistics") == [("X-District", "missing")]
    headers = {"Authorization": f"Bearer {operator.bearer}", "X-District": DISTRICT}
    assert (await assessment.client.get("/v1/statistics", headers=headers)).json()["minutes"] == 60


async def test_an_officer_of_a_city_names_one_of_its_districts(assessment: Reading) -> None:
    await assessment.handle(served(await assessment.volunteer(), 60))
    officer = assessment.reader(Role.DISTRICT_ADMIN, district=[DISTRICT, "510116"])
    assert await officer.faults("/v1/statistics") == [("X-District", "missing")]

    async def asked(district: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {officer.bearer}", "X-District": district}
        return await assessment.client.get("/v1/statistics", headers=headers)

    assert (await asked(DISTRICT)).json()["minutes"] == 60
    assert (await asked("510116")).json()["minutes"] == 0
    assert (await asked("510117")).status_code == 403


async def test_anybody_may_know_how_many_hours_a_district_has_given(assessment: Reading) -> None:
    path = f"/v1/public/figures?district={DISTRICT}"
    nothing = await assessment.client.get(path)
    assert (nothing.status_code, nothing.json()["hours"]) == (200, 0)
    await assessment.handle(served(await assessment.volunteer(), 119))
    await assessment.handle(served(await assessment.volunteer(), 125, district=OTHER_DISTRICT))
    given = await assessment.client.get(path)
    assert given.json()["hours"] == 1, "whole hours, of this district"
    assert given.headers["cache-control"] == "public, max-age=30"
    again = await assessment.client.get(path, headers={"If-None-Match": given.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")

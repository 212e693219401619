"""A1: a record's events, as the log has them, and what caused each."""

from uuid import UUID

import pytest

from shared.contracts.actor import Role
from shared.store.event_log import new_id
from tests.integration.activities.attendance.test_attendance import record
from tests.integration.activities.conftest import Activities
from tests.integration.activities.records.test_record_import import line, take_in

READERS = {Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR}


@pytest.mark.row(55)
async def test_every_event_of_a_record_is_told_with_its_place_in_the_log_and_who_did_it(activities: Activities) -> None:
    volunteer, found = await record(activities)
    path = f"/v1/service-records/{found['id']}"
    for version, minutes in ((1, 45), (2, 50)):
        body = {"minutes": minutes, "reason": f"提前离开 {version}"}
        headers = {"If-Match": f'"{version}"'}
        assert (await activities.manager.send("POST", f"{path}/corrections", json=body, headers=headers)).is_success
    auditor = activities.account(Role.AUDITOR)
    told = (await auditor.get(f"{path}/events"))["items"]
    logged = await activities.rows(
        "SELECT event_id, position, caused_by FROM event_log WHERE aggregate_id = :id ORDER BY aggregate_version",
        id=found["id"],
    )
    assert [(one["event_id"], one["position"], f"{one['cause']}:{one['cause_id']}") for one in told] == [
        (str(row.event_id), row.position, row.caused_by) for row in logged
    ]
    assert [(one["kind"], one["previous_minutes"], one["minutes"], one["reason"]) for one in told] == [
        ("logged", None, 60, None),
        ("corrected", 60, 45, "提前离开 1"),
        ("corrected", 45, 50, "提前离开 2"),
    ]
    assert all(one["cause"] == "account" and UUID(one["cause_id"]) for one in told)
    assert {one["topic"] for one in told} == {"activities.service-record"}
    first = await auditor.get(f"{path}/events?limit=2")
    rest = await auditor.get(f"{path}/events?limit=2&cursor={first['next_cursor']}")
    assert first["items"] + rest["items"] == told
    assert (await volunteer.get(f"{path}/events"))["items"] == told


async def test_what_a_file_brought_was_caused_by_its_import(activities: Activities) -> None:
    await activities.know_volunteers(2)
    await activities.know_station()
    import_id = new_id()
    await take_in(activities, [line(1)], import_id)
    (row,) = await activities.rows("SELECT id FROM service_record")
    [event] = (await activities.account(Role.AUDITOR).get(f"/v1/service-records/{row.id}/events"))["items"]
    assert (event["cause"], event["cause_id"]) == ("import", str(import_id))


async def test_auditors_and_the_office_are_told_it_and_a_volunteer_of_the_own_records(activities: Activities) -> None:
    _, found = await record(activities)
    path = f"/v1/service-records/{found['id']}/events"
    let_in = {role for role in Role if (await activities.account(role).send("GET", path)).is_success}
    assert let_in == READERS
    stranger = activities.volunteer((await activities.know_volunteers(1))[0])
    assert (await stranger.send("GET", path)).status_code == 403
    unknown = f"/v1/service-records/{new_id()}/events"
    assert (await activities.account(Role.AUDITOR).send("GET", unknown)).status_code == 404

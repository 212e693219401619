"""Row 19: what two entries of one person are signed up for becomes one person's, and is two people's again."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from deploy.provision import reactions
from shared.contracts import VolunteerMergeUndone, VolunteersMerged
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.store.event_log import new_id, now
from tests.integration.activities.conftest import DISTRICT, Activities
from tests.integration.activities.shifts import HOUR, Volunteer, counts, shift_at, told, volunteers


@pytest.fixture
async def people(activities: Activities) -> list[Volunteer]:
    """The kept entry, the one that is merged into it, and somebody else."""
    return await volunteers(activities, 3)


async def hear(activities: Activities, data: Any, version: int) -> None:
    event = Received(Attributes(new_id(), data.event_type(), now(), str(data.volunteer_id), version, DISTRICT), data)
    async with activities.worker.transaction() as tx:
        await reactions("activities").react(tx, [event])


async def merge(activities: Activities, kept: Volunteer, merged: Volunteer) -> None:
    both = {"volunteer_id": merged.id, "volunteer_no": "M", "kept_id": kept.id, "kept_no": "K"}
    await hear(activities, VolunteersMerged(**both, merged_at=now()), 2)


async def undo(activities: Activities, kept: Volunteer, merged: Volunteer) -> None:
    both = {"volunteer_id": merged.id, "volunteer_no": "M", "kept_id": kept.id, "kept_no": "K"}
    await hear(activities, VolunteerMergeUndone(**both, undone_at=now()), 3)


async def places(activities: Activities, shift_id: UUID) -> list[tuple[UUID, str]]:
    rows = await activities.rows(
        "SELECT volunteer_id, state FROM sign_up WHERE shift_id = :id ORDER BY queue_number", id=shift_id
    )
    return [(row.volunteer_id, row.state) for row in rows]


@pytest.mark.row(19)
async def test_a_place_to_come_follows_and_can_be_used_and_comes_back(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    shift_id = await shift_at(activities, 9, 11)
    sign_up = await merged.sign_up(shift_id)
    await merge(activities, kept, merged)
    assert await places(activities, shift_id) == [(kept.id, "confirmed")]
    assert await counts(activities, shift_id) == (1, 0)
    mine = await kept.account.get("/v1/me/sign-ups")
    assert [one["sign_up_id"] for one in mine["items"]] == [sign_up]
    assert (await kept.ask(await shift_at(activities, 10, 12))).json()["faults"][0]["code"] == "overlap"
    [(_, moved)] = await told(activities, "SignUpMoved")
    assert (moved["sign_up_id"], moved["volunteer_id"], moved["from_id"]) == (sign_up, str(kept.id), str(merged.id))
    await undo(activities, kept, merged)
    assert await places(activities, shift_id) == [(merged.id, "confirmed")]
    assert not await activities.rows("SELECT 1 FROM moved_sign_up")


@pytest.mark.row(19)
async def test_of_two_places_on_one_shift_one_is_free_for_the_next(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, other = people
    shift_id = await shift_at(activities, 9, 11, capacity=2)
    for one in people:
        await one.sign_up(shift_id)
    await merge(activities, kept, merged)
    assert await places(activities, shift_id) == [
        (kept.id, "confirmed"),
        (merged.id, "withdrawn"),
        (other.id, "offered"),
    ]
    assert await counts(activities, shift_id) == (2, 0)
    await undo(activities, kept, merged)  # the place is somebody else's now; whoever wants one asks again
    assert (await places(activities, shift_id))[1] == (merged.id, "withdrawn")
    await merged.sign_up(shift_id)
    assert (await places(activities, shift_id))[-1] == (merged.id, "waiting")


@pytest.mark.row(19)
async def test_who_waits_for_what_they_have_waits_no_more_and_has_the_place(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    shift_id = await shift_at(activities, 9, 11, capacity=1)
    await merged.sign_up(shift_id)
    await kept.sign_up(shift_id)
    await merge(activities, kept, merged)
    assert await places(activities, shift_id) == [(kept.id, "confirmed"), (kept.id, "withdrawn")]
    assert await counts(activities, shift_id) == (1, 0)


@pytest.mark.row(19)
async def test_what_overlaps_a_place_of_the_kept_one_is_given_back(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    first, second = await shift_at(activities, 9, 11), await shift_at(activities, 10, 12)
    await kept.sign_up(first)
    await merged.sign_up(second)
    await merge(activities, kept, merged)
    assert await places(activities, first) == [(kept.id, "confirmed")]
    assert await places(activities, second) == [(merged.id, "withdrawn")]


@pytest.mark.row(19)
async def test_what_is_past_stays_where_it_is_and_the_person_reads_it(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    shift_id = await shift_at(activities, 9, 11)
    await merged.sign_up(shift_id)
    await activities.move_shift(shift_id, -HOUR)
    await merge(activities, kept, merged)
    assert await places(activities, shift_id) == [(merged.id, "confirmed")]
    mine = await kept.account.get("/v1/me/sign-ups")
    assert [UUID(one["shift_id"]) for one in mine["items"]] == [shift_id]
    assert len((await kept.account.get("/v1/me/data"))["sign_ups"]) == 1
    await undo(activities, kept, merged)
    assert (await kept.account.get("/v1/me/sign-ups"))["items"] == []


@pytest.mark.row(19)
async def test_a_record_of_the_merged_entry_is_the_person_s_to_read_until_it_is_undone(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, other = people
    record_id = new_id()
    async with activities.worker.transaction() as tx:
        await tx.execute(
            text("""
                INSERT INTO service_record (district, id, record_no, volunteer_id, station_id, activity, service,
                                            started_at, ended_at, minutes, provenance, digest, version)
                VALUES (:district, :id, 'R1', :volunteer, :id, '社区读书会', 'culture', '2026-03-01 09:00+08',
                        '2026-03-01 10:00+08', 60, 'leader', '', 1)
            """),
            {"district": DISTRICT, "id": record_id, "volunteer": merged.id},
        )
    path = f"/v1/service-records/{record_id}"
    assert (await kept.account.send("GET", path)).status_code == 403
    await merge(activities, kept, merged)
    assert (await kept.account.get(path))["minutes"] == 60
    assert (await kept.account.send("GET", f"{path}/events")).status_code == 200
    assert (await other.account.send("GET", f"{path}/events")).status_code == 403
    assert [one["id"] for one in (await kept.account.get("/v1/service-records"))["items"]] == [str(record_id)]
    assert (await other.account.send("GET", path)).status_code == 403
    await undo(activities, kept, merged)
    assert (await kept.account.send("GET", path)).status_code == 403


@pytest.mark.row(19)
async def test_nothing_new_is_entered_under_the_merged_one_and_its_number_means_the_person(
    activities: Activities, people: list[Volunteer]
) -> None:
    kept, merged, _ = people
    shift_id = await shift_at(activities, 9, 11)
    await merge(activities, kept, merged)
    refused = await merged.ask(shift_id)
    assert refused.json()["faults"][0]["code"] == "unknown_reference"
    [row] = await activities.rows("SELECT number FROM known_volunteer WHERE id = :id", id=merged.id)
    await activities.move_shift(shift_id, -HOUR / 2)
    walk_in = {"volunteer_number": row.number}
    entered = await activities.leader.send("POST", f"/v1/shifts/{shift_id}/walk-ins", json=walk_in)
    assert entered.status_code < 300, entered.text
    assert await places(activities, shift_id) == [(kept.id, "attending")]

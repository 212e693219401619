"""Two entries are merged, or are two again: places to come go to the kept entry, and back.

Invariant: each shift is locked before its people, as everywhere, and nobody comes to hold two places at one time: of
two on one shift, or of one that overlaps what the kept entry has taken up, one is given back and offered to the next.
Shifts that have begun, records and claims stay where they are, and are read as the person's (`ENTRIES_OF`).
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.merging import repository
from services.activities.merging.repository import Live
from services.activities.register.projections import MERGED_VOLUNTEERS
from services.activities.signing_up.domain import HOLDING, Shift
from services.activities.signing_up.places import Leaving, leave
from services.activities.signing_up.repository import lock_shift, lock_volunteers, taken_up
from shared.contracts import SignUpMoved, VolunteerMergeUndone, VolunteersMerged
from shared.contracts.received import Received
from shared.messaging.reactions import Reaction
from shared.store import event_log
from shared.store.event_log import NewEvent


async def move_sign_ups(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Move what is to come, in the order in which entries were merged and mergers undone."""
    for event in events:
        if isinstance(event.data, VolunteersMerged):
            await _follow(tx, event)
        else:
            await _bring_back(tx, event)


async def _follow(tx: AsyncConnection, event: Received[VolunteersMerged]) -> None:
    district, merged_id, kept_id = event.attributes.district, event.data.volunteer_id, event.data.kept_id
    by = f"event:{event.attributes.id}"
    for shift_id in await repository.shifts_to_come(tx, district, merged_id):
        shift = await lock_shift(tx, district, shift_id)
        if shift is None:
            continue
        await lock_volunteers(tx, district, [merged_id, kept_id])
        live = await repository.live_on(tx, district, shift_id, [merged_id, kept_id])
        moving = live.get(merged_id)
        if moving is None:
            continue
        kept = live.get(kept_id)
        if kept is not None and kept.state not in HOLDING and moving.state in HOLDING:
            await _give_back(tx, district, shift, kept, by)  # they wait for what they have
            kept = None
        if kept is not None or await _is_taken_up(tx, district, shift, kept_id):
            await _give_back(tx, district, shift, moving, by)
            continue
        await _move(tx, district, shift, moving, kept_id, by)
        await repository.note_moved(tx, district, moving.id, merged_id)


async def _bring_back(tx: AsyncConnection, event: Received[VolunteerMergeUndone]) -> None:
    district, merged_id, kept_id = event.attributes.district, event.data.volunteer_id, event.data.kept_id
    by = f"event:{event.attributes.id}"
    for shift_id, sign_up_id in await repository.moved_to_come(tx, district, merged_id, kept_id):
        shift = await lock_shift(tx, district, shift_id)
        if shift is None:
            continue
        await lock_volunteers(tx, district, [merged_id, kept_id])
        moving = (await repository.live_on(tx, district, shift_id, [kept_id])).get(kept_id)
        if moving is not None and moving.id == sign_up_id:
            await _move(tx, district, shift, moving, merged_id, by)
    await repository.forget_moved(tx, district, merged_id)


async def _is_taken_up(tx: AsyncConnection, district: str, shift: Shift, kept_id: UUID) -> bool:
    """Return whether the kept entry has something else at the time of a shift."""
    found = (await taken_up(tx, district, shift, [kept_id])).get(kept_id)
    return found is not None


async def _give_back(tx: AsyncConnection, district: str, shift: Shift, one: Live, by: str) -> None:
    await leave(tx, district, shift, [Leaving(one.id, one.volunteer_id, one.state, one.version)], by)


async def _move(tx: AsyncConnection, district: str, shift: Shift, one: Live, to: UUID, by: str) -> None:
    version = await repository.move(tx, district, one.id, to)
    event = SignUpMoved(
        sign_up_id=one.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=to,
        from_id=one.volunteer_id,
    )
    await event_log.append(tx, [NewEvent(district, one.id, version, event, by)])


REACTIONS = (
    Reaction(VolunteersMerged, projects=MERGED_VOLUNTEERS, decides=move_sign_ups),
    Reaction(VolunteerMergeUndone, projects=MERGED_VOLUNTEERS, decides=move_sign_ups),
)

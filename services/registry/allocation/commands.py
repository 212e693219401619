"""Asking for a plan, approving it, and answering what it proposes to oneself.

Invariant: nobody is told of a place before the plan is approved, and nobody has one who has not accepted it: an
allocation proposes, people decide (State Council Decree 685, art. 25; domain.md row 14).
"""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation import repository
from services.registry.allocation.domain.states import AllocationState, PlacementState
from services.registry.people.repository import lock_district, require_guardian
from shared.contracts import AllocationApproved, PlacementAccepted, PlacementDeclined
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

PLANNING, TELLING, ENDING = "allocation_plan", "placement_proposals", "placement_expiry"
"""Kinds of work."""
LONGEST = timedelta(days=90)


class AllocationAsked(BaseModel):
    """An allocation whose plan is being made."""

    id: UUID
    state: str


class AllocationIsApproved(BaseModel):
    """An allocation whose people are being told."""

    id: UUID
    state: str
    version: int


class PlacementAnswered(BaseModel):
    """A placement that is accepted or declined."""

    id: UUID
    state: str
    version: int


async def ask_for_allocation(
    tx: AsyncConnection, actor: Actor, capacity_use: int, answer_by: datetime, *, again: bool
) -> AllocationAsked:
    """Have a plan made; with ``again`` of what the last approved one has left open.

    Raises RefusedError: ``answer_by`` is past or further than 90 days; ``not_open`` while people are being told, and
    without ``again`` while answers are outstanding; ``not_found`` where there is nothing to run again.
    """
    asked_at = now()
    if answer_by <= asked_at:
        raise RefusedError(Fault("answer_by", Code.IN_PAST))
    if answer_by > asked_at + LONGEST:
        raise RefusedError(Fault("answer_by", Code.OUT_OF_RANGE))
    await lock_district(tx, actor.district)
    busy = [PlacementState.PLANNED] if again else [PlacementState.PLANNED, PlacementState.PROPOSED]
    if await repository.has_placements(tx, actor.district, *busy):
        raise RefusedError(Fault("again", Code.NOT_OPEN))
    previous = await repository.latest(tx, actor.district, AllocationState.APPROVED) if again else None
    if again and previous is None:
        raise RefusedError(Fault("again", Code.NOT_FOUND))
    allocation_id = new_id()
    await repository.insert_allocation(
        tx, actor.district, allocation_id, previous.id if previous else None, capacity_use, (asked_at, answer_by)
    )
    await schedule(tx, [NewWork(district=actor.district, kind=PLANNING, payload={"allocation_id": str(allocation_id)})])
    return AllocationAsked(id=allocation_id, state=AllocationState.ASKED)


async def approve_allocation(tx: AsyncConnection, actor: Actor, allocation_id: UUID) -> AllocationIsApproved:
    """Approve a plan: each person is told, and asked to answer by its date.

    Raises RefusedError: ``not_found``; ``not_open`` where it has no plan or is approved already; ``too_late`` where its
    date is past; ``changed_meanwhile`` where another was approved since, or somebody whom it would move has answered.
    """
    at = now()
    await lock_district(tx, actor.district)
    found = await repository.lock_allocation(tx, actor.district, allocation_id)
    if found is None:
        raise RefusedError(Fault("allocation_id", Code.NOT_FOUND))
    if found["state"] != AllocationState.PROPOSED:
        raise RefusedError(Fault("allocation_id", Code.NOT_OPEN))
    if found["answer_by"] <= at:
        raise RefusedError(Fault("answer_by", Code.TOO_LATE))
    await _require_current(tx, actor.district, allocation_id, found["previous_id"], found["asked_at"])
    await repository.note_approval(tx, actor.district, allocation_id, at)
    version = found["version"] + 1
    event = AllocationApproved(
        allocation_id=allocation_id, previous_id=found["previous_id"], answer_by=found["answer_by"]
    )
    await event_log.append(tx, [NewEvent(actor.district, allocation_id, version, event, actor.name)])
    payload = {"allocation_id": str(allocation_id)}
    await schedule(
        tx,
        [
            NewWork(district=actor.district, kind=TELLING, payload=payload),
            NewWork(district=actor.district, kind=ENDING, payload=payload, due_at=found["answer_by"]),
        ],
    )
    return AllocationIsApproved(id=allocation_id, state=AllocationState.APPROVED, version=version)


async def _require_current(
    tx: AsyncConnection, district: str, allocation_id: UUID, previous_id: UUID | None, asked_at: datetime
) -> None:
    latest = await repository.latest(tx, district, AllocationState.APPROVED)
    overtaken = latest is not None and (
        latest.id != previous_id if previous_id else await repository.approved_since(tx, district, asked_at)
    )
    if overtaken or not await repository.replace_moved(tx, district, allocation_id):
        raise RefusedError(Fault("allocation_id", Code.CHANGED_MEANWHILE))


async def answer_placement(
    tx: AsyncConnection, actor: Actor, placement_id: UUID, *, accepted: bool
) -> PlacementAnswered:
    """Accept or decline what was proposed to oneself.

    Raises RefusedError: ``not_found`` where it was proposed to nobody or somebody else, ``too_late`` after its date,
    ``not_open`` where it is answered or was replaced, ``guardian_needed`` where a minor accepts without a guardian.
    """
    at, volunteer_id = now(), actor.own_id("placement_id")
    if accepted:
        await require_guardian(tx, actor.district, volunteer_id, "placement_id")
    state = PlacementState.ACCEPTED if accepted else PlacementState.DECLINED
    row = await repository.answer(tx, actor.district, placement_id, volunteer_id, state, at)
    if row is None:
        own = await repository.own_placement(tx, actor.district, placement_id, volunteer_id)
        if own is None or own.state == PlacementState.PLANNED:
            raise RefusedError(Fault("placement_id", Code.NOT_FOUND))
        late = own.state in {PlacementState.PROPOSED, PlacementState.EXPIRED}
        raise RefusedError(Fault("placement_id", Code.TOO_LATE if late else Code.NOT_OPEN))
    event = (PlacementAccepted if accepted else PlacementDeclined)(
        placement_id=row.id, **{name: getattr(row, name) for name in OF_EVENTS}
    )
    await event_log.append(tx, [NewEvent(actor.district, row.id, row.version, event, actor.name)])
    return PlacementAnswered(id=row.id, state=state, version=row.version)


OF_EVENTS = ("allocation_id", "volunteer_id", "station_id", "station_name", "service", "answer_by")
"""What the events of a placement say of it."""

"""Publishing an activity. Invariant: it is complete when it is first seen; the person in charge is in no event."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.activity import ActivityDraft, check_draft
from services.activities.repository import activities, known
from services.activities.repository.activities import Publication
from shared.contracts import ActivityPublished, PublishedShift
from shared.contracts.faults import Fault, RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, once
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent, new_id, now


class PublishedActivity(BaseModel):
    """The id of a new activity and of its shifts, in the order they were given."""

    id: UUID
    shift_ids: list[UUID]


async def publish_activity(
    store: Store, caller: Caller, claim: Claim | None, station: str, draft: ActivityDraft
) -> Answer:
    """Publish an activity of a station, named by code or id. Raises RefusedError with every fault of the draft.

    A station that the caller does not reach is ``forbidden``.
    """
    check_draft(draft, now())
    async with store.transaction(caller.district) as tx:
        return await once(tx, caller, claim, lambda: _publish(tx, caller, station, draft))


async def _publish(tx: AsyncConnection, caller: Caller, station: str, draft: ActivityDraft) -> Answer:
    station_id = await known.find_station(tx, caller.district, station)
    if station_id is None:
        raise RefusedError(Fault("station", "unknown_reference" if station else "missing"))
    if not caller.reaches(unit=station_id, made_by=""):
        raise RefusedError(Fault("station", "forbidden"))
    shifts = tuple(
        PublishedShift(shift_id=new_id(), starts_at=shift.starts_at, ends_at=shift.ends_at, capacity=shift.capacity)
        for shift in draft.shifts
    )
    publication = Publication(caller.district, new_id(), station_id, draft, caller.name, now())
    await activities.insert_activity(tx, publication, shifts)
    published = ActivityPublished(
        activity_id=publication.id,
        title=draft.title,
        service=draft.service,
        station_id=station_id,
        shifts=shifts,
    )
    await event_log.append(tx, [NewEvent(caller.district, publication.id, 1, published, caller.name)])
    return Answer.of(201, PublishedActivity(id=publication.id, shift_ids=[shift.shift_id for shift in shifts]))

"""Publishing an activity, also one that was kept as a draft.

Invariant: it is complete when it is first seen, and keeps the rule set that its district has then; no telephone number
is in its event. A draft is published once: it is gone in the same transaction.
"""

from typing import NamedTuple
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.drafts.domain import check_editable
from services.activities.drafts.repository import delete_draft, lock_draft
from services.activities.publishing import repository
from services.activities.publishing.domain import ActivityDraft, check_draft, public_wording
from services.activities.publishing.repository import Publication
from services.activities.register.repository import find_station
from services.activities.rules.repository import rules_in_force
from shared.contracts import ActivityPublished, PublishedShift
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now


class PublishedActivity(BaseModel):
    """The id of a new activity and of its shifts, in the order they were given."""

    id: UUID
    shift_ids: list[UUID]


class SeenDraft(NamedTuple):
    """The draft that an activity was kept as, and the version that its organiser has seen."""

    id: UUID
    version: int


async def publish_activity(
    tx: AsyncConnection, actor: Actor, station: str, draft: ActivityDraft, kept_as: SeenDraft | None = None
) -> PublishedActivity:
    """Publish an activity of a station, named by code or id. Raises RefusedError with every fault of the draft.

    A station that the actor does not reach is ``forbidden``, one that is no more is ``closed``. The draft that it was
    kept as is gone afterwards; one that is gone already, or says something else, is refused as ``check_editable`` does.
    """
    check_draft(draft, now())
    if kept_as:
        check_editable(await lock_draft(tx, actor.district, kept_as.id), actor, kept_as.version)
        await delete_draft(tx, actor.district, kept_as.id)
    station_id = await _open_station(tx, actor, station)
    shifts = tuple(
        PublishedShift(shift_id=new_id(), starts_at=shift.starts_at, ends_at=shift.ends_at, capacity=shift.capacity)
        for shift in draft.shifts
    )
    published_at = now()
    rules = await rules_in_force(tx, actor.district, published_at)
    publication = Publication(
        actor.district, new_id(), station_id, draft, actor.name, published_at, actor.volunteer_id, rules.version
    )
    await repository.insert_activity(tx, publication, shifts)
    published = ActivityPublished(
        activity_id=publication.id,
        title=draft.title,
        service=draft.service,
        station_id=station_id,
        place=draft.place,
        person_in_charge=public_wording(draft.person_in_charge),
        risk_text=draft.risk_text,
        description=draft.description,
        published_at=publication.published_at,
        shifts=shifts,
        needs=tuple(draft.needs),
        dangerous=draft.dangerous,
    )
    await event_log.append(tx, [NewEvent(actor.district, publication.id, 1, published, actor.name)])
    return PublishedActivity(id=publication.id, shift_ids=[shift.shift_id for shift in shifts])


async def _open_station(tx: AsyncConnection, actor: Actor, named: str) -> UUID:
    station = await find_station(tx, actor.district, named)
    if station is None:
        raise RefusedError(Fault("station", Code.UNKNOWN_REFERENCE if named else Code.MISSING))
    if not actor.reaches(unit=station.id, made_by=""):
        raise RefusedError(Fault("station", Code.FORBIDDEN))
    if station.closed_on:
        raise RefusedError(Fault("station", Code.CLOSED))
    return station.id

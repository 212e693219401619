"""Ending an entry on the register, by its person's wish or because they have moved to another district.

Invariant: that nobody finds the entry any more, the tombstone of its contact point, the end of its places, invitations
and corrections, and the events that tell the other services are one transaction. The caller holds the district.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.individuals import repository as individuals
from services.registry.own_data import repository
from services.registry.people.enrolment import not_reached
from services.registry.people.repository import merged_into
from shared.contracts import Event, PlacementDeclined, TeamInvitationWithdrawn, VolunteerRestricted
from shared.contracts.actor import Actor
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent

_OF_PLACEMENTS = ("allocation_id", "volunteer_id", "station_id", "station_name", "service", "answer_by")
_OF_INVITATIONS = ("volunteer_id", "team_id", "team_name", "answer_by")


async def end_entry(tx: AsyncConnection, actor: Actor, volunteer_id: UUID, at: datetime) -> bool:
    """Let nobody find an entry of the actor's district any more, nor those merged into it; False: it has ended."""
    district = actor.district
    version = await repository.restrict(tx, district, volunteer_id, at)
    if version is None:
        return False
    await repository.drop_corrections(tx, district, volunteer_id, at)
    event = VolunteerRestricted(volunteer_id=volunteer_id, restricted_at=at)
    await event_log.append(
        tx,
        [
            NewEvent(district, volunteer_id, version, event, actor.name),
            *await _places_left(tx, actor, volunteer_id, at),
            *await _invitations_left(tx, actor, volunteer_id, at),
            *await _merged_left(tx, actor, volunteer_id, at),
        ],
    )
    await event_log.put_state(tx, CONTACT.name, not_reached(district, volunteer_id))
    return True


async def _merged_left(tx: AsyncConnection, actor: Actor, volunteer_id: UUID, at: datetime) -> list[NewEvent]:
    """End the entries too that are merged into the person's: it is one person's data."""
    events = []
    for merged_id in await merged_into(tx, actor.district, volunteer_id):
        version = await repository.restrict(tx, actor.district, merged_id, at)
        if version is not None:
            event = VolunteerRestricted(volunteer_id=merged_id, restricted_at=at)
            events.append(NewEvent(actor.district, merged_id, version, event, actor.name))
    return events


async def _places_left(tx: AsyncConnection, actor: Actor, volunteer_id: UUID, at: datetime) -> list[NewEvent]:
    rows = await repository.leave_places(tx, actor.district, volunteer_id, at)
    return _told(actor, rows, PlacementDeclined, "placement_id", _OF_PLACEMENTS)


async def _invitations_left(tx: AsyncConnection, actor: Actor, volunteer_id: UUID, at: datetime) -> list[NewEvent]:
    rows = await individuals.withdraw(tx, actor.district, volunteer_id, at)
    return _told(actor, rows, TeamInvitationWithdrawn, "invitation_id", _OF_INVITATIONS)


def _told(
    actor: Actor, rows: Sequence[Row[Any]], event: type[Event], key: str, fields: Sequence[str]
) -> list[NewEvent]:
    """Return an event of each row that has ended: its id as ``key``, and what else the event says of it."""
    return [
        NewEvent(
            actor.district,
            row.id,
            row.version,
            event.model_validate({key: row.id} | {name: getattr(row, name) for name in fields}),
            actor.name,
        )
        for row in rows
    ]

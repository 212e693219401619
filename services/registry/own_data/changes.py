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
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent

_OF_PLACEMENTS = ("allocation_id", "volunteer_id", "station_id", "station_name", "service", "answer_by")
_OF_INVITATIONS = ("volunteer_id", "team_id", "team_name", "answer_by")


async def end_entry(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime, by: str) -> bool:
    """Let nobody find an entry any more, nor those merged into it; ``by`` caused it. False where it has ended."""
    version = await repository.restrict(tx, district, volunteer_id, at)
    if version is None:
        return False
    await repository.drop_corrections(tx, district, volunteer_id, at)
    event = VolunteerRestricted(volunteer_id=volunteer_id, restricted_at=at)
    await event_log.append(
        tx,
        [
            NewEvent(district, volunteer_id, version, event, by),
            *await _places_left(tx, district, volunteer_id, at, by),
            *await _invitations_left(tx, district, volunteer_id, at, by),
            *await _merged_left(tx, district, volunteer_id, at, by),
        ],
    )
    await event_log.put_state(tx, CONTACT.name, not_reached(district, volunteer_id))
    return True


async def _merged_left(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime, by: str) -> list[NewEvent]:
    """End the entries too that are merged into the person's: it is one person's data."""
    events = []
    for merged_id in await merged_into(tx, district, volunteer_id):
        version = await repository.restrict(tx, district, merged_id, at)
        if version is not None:
            event = VolunteerRestricted(volunteer_id=merged_id, restricted_at=at)
            events.append(NewEvent(district, merged_id, version, event, by))
    return events


async def _places_left(tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime, by: str) -> list[NewEvent]:
    rows = await repository.leave_places(tx, district, volunteer_id, at)
    return _told(district, by, rows, PlacementDeclined, "placement_id", _OF_PLACEMENTS)


async def _invitations_left(
    tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime, by: str
) -> list[NewEvent]:
    rows = await individuals.withdraw(tx, district, volunteer_id, at)
    return _told(district, by, rows, TeamInvitationWithdrawn, "invitation_id", _OF_INVITATIONS)


def _told(
    district: str, by: str, rows: Sequence[Row[Any]], event: type[Event], key: str, fields: Sequence[str]
) -> list[NewEvent]:
    """Return an event of each row that has ended: its id as ``key``, and what else the event says of it."""
    return [
        NewEvent(
            district,
            row.id,
            row.version,
            event.model_validate({key: row.id} | {name: getattr(row, name) for name in fields}),
            by,
        )
        for row in rows
    ]

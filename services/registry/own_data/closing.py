"""Ending one's registration: from then on nothing of a person is dealt with but their data stored (PIPL art. 47).

Invariant: that nobody finds the person any more, the end of their log-in, the tombstone of their contact point and the
event that tells the other services are one transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes
from services.registry.accounts import repository as accounts
from services.registry.codes.domain import Channel, Template, Text
from services.registry.codes.repository import send_later
from services.registry.individuals import repository as individuals
from services.registry.own_data import repository
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import not_reached
from services.registry.people.repository import in_full, lock_district, merged_into
from shared.contracts import AccountLocked, Event, PlacementDeclined, TeamInvitationWithdrawn, VolunteerRestricted
from shared.contracts.actor import Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent, now

_OF_PLACEMENTS = ("allocation_id", "volunteer_id", "station_id", "station_name", "service", "answer_by")
_OF_INVITATIONS = ("volunteer_id", "team_id", "team_name", "answer_by")


class RegistrationEnded(BaseModel):
    """A registration that its person has ended: the number under which hours and proofs stay."""

    volunteer_number: str
    restricted_at: datetime


async def end_registration(tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID) -> RegistrationEnded:
    """End one's own registration.

    Raises RefusedError: ``not_found`` for an account that is no volunteer's, or whose registration has ended;
    ``has_duties`` where the account is also one of staff: the office takes these from it first.
    """
    if actor.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    district, volunteer_id, at = actor.district, actor.volunteer_id, now()
    await lock_district(tx, district)
    before = await in_full(tx, keys, district, volunteer_id)
    account = await accounts.lock(tx, district, account_id)
    if set(account.roles) - {Role.VOLUNTEER}:
        raise RefusedError(Fault("account_id", Code.HAS_DUTIES))
    version = await repository.restrict(tx, district, volunteer_id, at)
    if version is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
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
    await note(tx, Noted(district, actor.name, "registration_ended", volunteer_id))
    locked = await accounts.set_locked(tx, account, locked=True)
    await changes.record(tx, account, locked, AccountLocked(account_id=account.id), actor.name)
    await changes.revoke_all(tx, account, locked)
    told = Text(
        Channel.SMS, before.volunteer.phone, Template.REGISTRATION_ENDED, before.language, before.volunteer.number
    )
    await send_later(tx, keys, district, told)
    return RegistrationEnded(volunteer_number=before.volunteer.number, restricted_at=at)


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

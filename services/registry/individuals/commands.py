"""Noting a contact with an individual, inviting them to a team, and their answer.

Invariant: a team is suggested, never ordered (State Council Decree 685, art. 25): nobody becomes a member who has not
accepted. Who accepts is of the team in the same transaction; what else they were asked is withdrawn then.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.individuals import queries, repository
from services.registry.individuals.domain.contact import Contact, contact_faults
from services.registry.individuals.domain.states import LONGEST, InvitationState
from services.registry.individuals.domain.suggestions import suggest
from services.registry.individuals.queries import IndividualInFull
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import change_one
from shared.contracts import (
    TeamInvitationAccepted,
    TeamInvitationDeclined,
    TeamInvitationSent,
    TeamInvitationWithdrawn,
)
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.team_invitation import TeamInvitation
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.work.kind import NewWork
from shared.work.queue import schedule

EXPIRY = "team_invitation_expiry"
"""The kind of work that ends an invitation at the date to answer by."""


class ContactNoted(BaseModel):
    """A contact that is on file."""

    id: UUID


class InvitationStands(BaseModel):
    """An invitation and how it stands now."""

    id: UUID
    state: InvitationState
    answer_by: datetime
    version: int


async def read_individual(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID, language: str
) -> IndividualInFull:
    """Read what was talked about with somebody, to look after them; noted in the access log. Raises ``not_found``."""
    shown = await queries.find_individual(tx, keys, actor.district, volunteer_id, language)
    await note(tx, Noted(actor.district, actor.name, "contacts_read", volunteer_id, "care"))
    return shown


async def note_contact(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID, contact: Contact
) -> ContactNoted:
    """Note that somebody was contacted. Raises RefusedError with every fault of it, or ``not_found``."""
    at = now()
    if faults := [*contact_faults(contact, district_day(at))]:
        raise RefusedError(*faults)
    if not await people.is_registered(tx, actor.district, volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    contact_id = new_id()
    await repository.insert_contact(tx, keys, actor.district, (contact_id, volunteer_id), contact, (actor.name, at))
    return ContactNoted(id=contact_id)


async def invite_to_team(
    tx: AsyncConnection, actor: Actor, volunteer_id: UUID, team: str, answer_by: datetime | None
) -> InvitationStands:
    """Ask somebody without a team to join the one of a code; who is asked already is not asked again.

    Raises RefusedError: ``answer_by`` is missing, past or further than 90 days; ``not_found``; ``already_so`` where
    they are of a team; ``team`` is missing, ``unknown_reference`` where it is none that they could join, ``not_open``
    where they have declined it; ``changed_meanwhile`` where they answer in this moment.
    """
    at = now()
    if faults := [*_request_faults(team, answer_by, at)]:
        raise RefusedError(*faults)
    found = await repository.candidates(tx, actor.district, volunteer_id)
    if found is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    if found.has_team:
        raise RefusedError(Fault("volunteer_id", Code.ALREADY_SO))
    chosen = next((one for one in suggest(found.person, found.teams) if one.team.code == team), None)
    if chosen is None:
        raise RefusedError(Fault("team", Code.UNKNOWN_REFERENCE))
    if chosen.team.id in found.declined:
        raise RefusedError(Fault("team", Code.NOT_OPEN))
    assert answer_by is not None  # noqa: S101 - it would have been a fault
    invitation_id = new_id()
    row = await repository.invite(
        tx,
        actor.district,
        (invitation_id, volunteer_id, chosen.team.id),
        None if found.is_left_out else chosen.why,
        answer_by,
        (actor.name, at),
    )
    if row is None:
        standing = await repository.open_invitation(tx, actor.district, volunteer_id, chosen.team.id)
        if standing is None:  # it was answered in this moment
            raise RefusedError(Fault("volunteer_id", Code.CHANGED_MEANWHILE))
        return _stands(standing)
    await _announce(tx, actor, [row], TeamInvitationSent)
    payload = {"invitation_id": str(row.id)}
    work = NewWork(district=actor.district, kind=EXPIRY, payload=payload, due_at=answer_by, id=uuid5(row.id, EXPIRY))
    await schedule(tx, [work])
    return _stands(row)


def _request_faults(team: str, answer_by: datetime | None, at: datetime) -> Sequence[Fault]:
    faults = [] if team else [Fault("team", Code.MISSING)]
    if answer_by is None:
        faults.append(Fault("answer_by", Code.MISSING))
    elif answer_by <= at:
        faults.append(Fault("answer_by", Code.IN_PAST))
    elif answer_by > at + LONGEST:
        faults.append(Fault("answer_by", Code.OUT_OF_RANGE))
    return faults


async def answer_invitation(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, invitation_id: UUID, *, accepted: bool
) -> InvitationStands:
    """Accept or decline an invitation of one's own; who accepts is a member from now on.

    Raises RefusedError: ``not_found`` where it is nobody's or somebody else's, ``too_late`` after its date,
    ``not_open`` where it is answered or withdrawn; of an acceptance ``closed`` (the team), ``already_so`` where one is
    of a team by now.
    """
    volunteer_id, at = actor.volunteer_id, now()
    if volunteer_id is None:
        raise RefusedError(Fault("invitation_id", Code.NOT_FOUND))
    await people.lock_district(tx, actor.district)
    own = await repository.own_invitation(tx, actor.district, invitation_id, volunteer_id)
    if own is None:
        raise RefusedError(Fault("invitation_id", Code.NOT_FOUND))
    state = InvitationState.ACCEPTED if accepted else InvitationState.DECLINED
    if accepted and own.state == InvitationState.INVITED and (own.closed_on or own.own_team_id):
        raise RefusedError(Fault("team_id", Code.CLOSED if own.closed_on else Code.ALREADY_SO))
    row = await repository.answer(tx, actor.district, invitation_id, volunteer_id, state, at)
    if row is None:
        late = own.state in {InvitationState.INVITED, InvitationState.EXPIRED}
        raise RefusedError(Fault("invitation_id", Code.TOO_LATE if late else Code.NOT_OPEN))
    await _announce(tx, actor, [row], TeamInvitationAccepted if accepted else TeamInvitationDeclined)
    if accepted:
        await change_one(tx, keys, actor, volunteer_id, lambda volunteer: replace(volunteer, team_id=row.team_id))
        others = await repository.withdraw(tx, actor.district, volunteer_id, at)
        await _announce(tx, actor, others, TeamInvitationWithdrawn)
    return _stands(row)


async def _announce(tx: AsyncConnection, actor: Actor, rows: Sequence[Row[Any]], event: type[TeamInvitation]) -> None:
    await event_log.append(tx, [new_event(row, event, actor.name) for row in rows])


def new_event(row: Row[Any], event: type[TeamInvitation], by: str) -> NewEvent:
    """Return what is told of an invitation."""
    said = event.model_validate({"invitation_id": row.id} | {name: getattr(row, name) for name in _OF_EVENTS})
    return NewEvent(row.district, row.id, row.version, said, by)


_OF_EVENTS = ("volunteer_id", "team_id", "team_name", "answer_by")


def _stands(row: Row[Any]) -> InvitationStands:
    return InvitationStands(id=row.id, state=InvitationState(row.state), answer_by=row.answer_by, version=row.version)

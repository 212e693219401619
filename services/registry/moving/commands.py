"""Asking to move to another district, taking that back, and the new district's answer.

Invariant: whoever moves is registered in the new district, and ended in the one that they leave, in one transaction
under both districts' row locks, taken by code. Id, number and account stay the same.
"""

import json
from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import repository as accounts
from services.registry.accounts.changes import move_account
from services.registry.accounts.repository import Account
from services.registry.codes.domain import Channel, Template, Text
from services.registry.codes.repository import send_later
from services.registry.consents import repository as consents
from services.registry.consents.changes import state_consents
from services.registry.consents.domain import ConsentChannel, StatedConsent
from services.registry.moving import repository
from services.registry.moving.domain import (
    LEAST_REASON,
    LONGEST_REASON,
    TO,
    Move,
    MoveState,
    as_moved,
    due_on,
    reasons_not_to_move,
)
from services.registry.own_data.changes import end_entry
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing, masked_name
from services.registry.people.enrolment import Origin, enrol_one
from services.registry.people.repository import OnFileInFull
from shared.contracts import RegistrationSource, VolunteerMovedAway, VolunteerMovedIn, VolunteerMoveRefused
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now


class MoveAsked(BaseModel):
    """A request to move that is to be decided."""

    id: UUID
    to_district: str
    due_on: date


class MoveDecided(BaseModel):
    """A request to move that waits no more."""

    id: UUID
    state: MoveState


async def ask_to_move(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    districts: Collection[str],
    to_district: str,
    reason: str,
) -> MoveAsked:
    """Ask another district to take one in; the transaction is on all ``districts`` of the installation.

    Raises RefusedError: ``to_district`` ``unknown_reference``, ``already_so`` for one's own, ``not_open`` where a
    request waits already, ``has_duties`` for an account of staff, ``guardian_needed`` for a minor; ``reason``
    ``too_long``; ``not_found`` for an account that is no volunteer's.
    """
    volunteer_id, here = actor.own_id(), actor.district
    await people.lock_district(tx, here)
    before = await people.in_full(tx, keys, here, volunteer_id)
    account = await _account_of(tx, here, volunteer_id)
    faults = reasons_not_to_move(account.roles if account else (), minor=before.minor)
    if to_district == here:
        faults.append(Fault(TO, Code.ALREADY_SO))
    elif to_district not in districts:
        faults.append(Fault(TO, Code.UNKNOWN_REFERENCE))
    if len(reason.strip()) > LONGEST_REASON:
        faults.append(Fault("reason", Code.TOO_LONG))
    if await repository.waits(tx, districts, here, volunteer_id):
        faults.append(Fault(TO, Code.NOT_OPEN))
    if faults:
        raise RefusedError(*faults)
    move_id, at = new_id(), now()
    said = json.dumps([masked_name(before.volunteer.name), reason.strip()], ensure_ascii=False).encode()
    sealed = keys.seal_text(move_id, said)
    new = Move(to_district, move_id, here, volunteer_id, before.volunteer.number, sealed, MoveState.WAITING)
    await repository.ask(tx, new, at, due_on(at))
    await note(tx, Noted(here, actor.name, "move_asked", volunteer_id))
    return MoveAsked(id=move_id, to_district=to_district, due_on=due_on(at))


async def take_back(tx: AsyncConnection, actor: Actor, districts: Collection[str], move_id: UUID) -> MoveDecided:
    """Take back one's request while it waits; the transaction is on all ``districts``.

    Raises RefusedError (``not_found``, ``not_open``).
    """
    volunteer_id = actor.own_id()
    move = _waiting(await repository.lock_own(tx, districts, actor.district, volunteer_id, move_id))
    await repository.settle(tx, move, MoveState.TAKEN_BACK, now())
    await note(tx, Noted(actor.district, actor.name, "move_taken_back", volunteer_id))
    return MoveDecided(id=move_id, state=MoveState.TAKEN_BACK)


async def whence(tx: AsyncConnection, district: str, move_id: UUID) -> str:
    """Return which district somebody asks to come from. Raises RefusedError (not_found)."""
    move = await repository.find(tx, district, move_id)
    if move is None:
        raise RefusedError(Fault("move_id", Code.NOT_FOUND))
    return move.from_district


async def answer_move(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, from_district: str, move_id: UUID, answer: str, *, accepted: bool
) -> MoveDecided:
    """Take somebody in from another district, or say why not; the transaction is on both (``whence``).

    Raises RefusedError: ``answer`` ``missing`` where it is refused without a word; ``move_id`` ``not_found``,
    ``not_open`` where it does not wait, ``closed`` where the person's entry has ended, ``already_registered`` where
    the person is on file here, or was before; what hinders moving by ``to_district``.
    """
    if not accepted and len(answer.strip()) < LEAST_REASON:
        raise RefusedError(Fault("answer", Code.MISSING))
    for district in sorted({actor.district, from_district}):
        await people.lock_district(tx, district)
    move = _waiting(await repository.find(tx, actor.district, move_id, lock=True))
    if accepted:
        await _take_in(tx, keys, actor, move)
    else:
        await _refuse(tx, actor, move)
    state = MoveState.ACCEPTED if accepted else MoveState.REFUSED
    at = now()
    await repository.settle(tx, move, state, at, answer.strip() or None)
    action = "volunteer_moved_in" if accepted else "move_refused"
    await note(tx, Noted(actor.district, actor.name, action, move.volunteer_id, answer.strip()))
    return MoveDecided(id=move_id, state=state)


def _waiting(move: Move | None) -> Move:
    if move is None:
        raise RefusedError(Fault("move_id", Code.NOT_FOUND))
    if move.state is not MoveState.WAITING:
        raise RefusedError(Fault("move_id", Code.NOT_OPEN))
    return move


async def _account_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Account | None:
    account_id = await repository.account_of(tx, district, volunteer_id)
    return None if account_id is None else await accounts.lock(tx, district, account_id)


async def _take_in(tx: AsyncConnection, keys: KeyRing, actor: Actor, move: Move) -> None:
    at = now()
    if not await people.is_registered(tx, move.from_district, move.volunteer_id):
        raise RefusedError(Fault("move_id", Code.CLOSED))
    before = await people.in_full(tx, keys, move.from_district, move.volunteer_id)
    account = await _account_of(tx, move.from_district, move.volunteer_id)
    if faults := reasons_not_to_move(account.roles if account else (), minor=before.minor):
        raise RefusedError(*faults)
    said = await consents.latest(tx, move.from_district, move.volunteer_id)
    await _leave(tx, actor, move, at)
    await _arrive(tx, keys, actor, move, before, at)
    again = [StatedConsent(purpose, last.text_version, last.given) for purpose, last in said.items()]
    await state_consents(tx, move.district, move.volunteer_id, ConsentChannel.OWN_PAGE, again, actor.name)
    if account is not None:
        await move_account(tx, account, move.district, actor.name)
    text = Text(Channel.SMS, before.volunteer.phone, Template.MOVED_IN, before.language, before.volunteer.number)
    await send_later(tx, keys, move.district, text)


async def _leave(tx: AsyncConnection, actor: Actor, move: Move, at: datetime) -> None:
    """End the entry in the district that is left: first of all, so that its contact point ends before the new one."""
    version = await people.note_moved_away(tx, move.from_district, move.volunteer_id, move.district)
    event = VolunteerMovedAway(
        volunteer_id=move.volunteer_id, volunteer_no=move.number, to_district=move.district, moved_at=at
    )
    await event_log.append(tx, [NewEvent(move.from_district, move.volunteer_id, version, event, actor.name)])
    await end_entry(tx, move.from_district, move.volunteer_id, at, actor.name)
    await note(tx, Noted(move.from_district, actor.name, "volunteer_moved_away", move.volunteer_id))


async def _arrive(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, move: Move, before: OnFileInFull, at: datetime
) -> None:
    """Register somebody under the id and number that they have."""
    entry = replace(keys.entry(0, as_moved(before.volunteer), normalised=False), id=move.volunteer_id)
    known = await people.on_file(tx, move.district, [entry])
    if known or await repository.has_id(tx, move.district, move.volunteer_id):
        raise RefusedError(Fault("move_id", Code.ALREADY_REGISTERED))
    origin = Origin(move.district, actor.name, RegistrationSource.ORGANISATION, before.language)
    await enrol_one(tx, keys, origin, entry)
    version = await people.note_moved_in(tx, move.district, move.volunteer_id, move.from_district)
    event = VolunteerMovedIn(
        volunteer_id=move.volunteer_id, volunteer_no=move.number, from_district=move.from_district, moved_at=at
    )
    await event_log.append(tx, [NewEvent(move.district, move.volunteer_id, version, event, actor.name)])


async def _refuse(tx: AsyncConnection, actor: Actor, move: Move) -> None:
    """Tell the person, who stays where they are; of an entry that has ended nobody is told."""
    if not await people.is_registered(tx, move.from_district, move.volunteer_id):
        return
    names = await repository.open_districts(tx)
    version = await people.next_version(tx, move.from_district, move.volunteer_id)
    event = VolunteerMoveRefused(
        volunteer_id=move.volunteer_id,
        volunteer_no=move.number,
        to_district=move.district,
        to_district_name=names[move.district],
    )
    await event_log.append(tx, [NewEvent(move.from_district, move.volunteer_id, version, event, actor.name)])

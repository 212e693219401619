"""Asking to read a minor's data in clear, and answering that.

Invariant: who asks is not who answers, also by the table's own check. What is asked, answered and read is each an entry
of the access log; the event of a request, in its transaction, tells those who can answer it, and not what it is about.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ANSWERED_WITHIN, GOOD_FOR, ReadingPurpose, ReadingState
from services.registry.access_log.repository import Noted, note
from services.registry.minor_readings import repository
from services.registry.minor_readings.domain import words_fault
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.queries import find_volunteer
from shared.contracts import MinorReadingAsked
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now


class ReadingAsked(BaseModel):
    """A request that waits for another person's answer."""

    id: UUID


class ReadingAnswered(BaseModel):
    """A request that is answered; ``good_until`` is when the approval ends."""

    id: UUID
    state: ReadingState
    good_until: datetime | None


async def ask_for_reading(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_number: str, purpose: ReadingPurpose, reason: str
) -> ReadingAsked:
    """Ask to read a minor's data in clear, for a purpose and a reason; who can answer is told.

    Raises RefusedError: a reason is missing; ``unknown_reference`` where nobody has the number whom the actor may see;
    ``not_minor`` where they are of age; ``already_asked`` where the same is open, or is approved and still good.
    """
    if fault := words_fault("reason", reason):
        raise RefusedError(fault)
    volunteer_id = await _seen(tx, keys, actor, volunteer_number)
    if not await repository.lock_minor(tx, actor.district, volunteer_id):
        raise RefusedError(Fault("volunteer_number", Code.NOT_MINOR))
    asked = await repository.ask(tx, actor.district, actor.name, volunteer_id, purpose, reason)
    if asked is None:
        raise RefusedError(Fault("purpose", Code.ALREADY_ASKED))
    await note(tx, Noted(actor.district, actor.name, "minor_reading_asked", volunteer_id, reason, asked))
    told = MinorReadingAsked(
        reading_id=asked,
        answer_by=now() + ANSWERED_WITHIN,
        recipient_ids=await repository.who_may_answer(tx, actor.district, actor.name),
    )
    await event_log.append(tx, [NewEvent(actor.district, asked, 1, told, actor.name)])
    return ReadingAsked(id=asked)


async def _seen(tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_number: str) -> UUID:
    volunteer_id = await people.id_of_number(tx, actor.district, volunteer_number)
    try:
        await find_volunteer(tx, keys, actor, volunteer_id)
    except RefusedError:
        raise RefusedError(Fault("volunteer_number", Code.UNKNOWN_REFERENCE)) from None
    return volunteer_id


async def answer_reading(
    tx: AsyncConnection, actor: Actor, reading_id: UUID, answer: str, *, approved: bool
) -> ReadingAnswered:
    """Approve a request of somebody else's for a few hours, or refuse it with a word why.

    Raises RefusedError: ``not_found``; ``not_open`` where it is answered or has lapsed; ``own_request``; ``answer``
    ``missing`` where it is refused without a word.
    """
    if not approved and (fault := words_fault("answer", answer)):
        raise RefusedError(fault)
    asked = await repository.lock_open(tx, actor.district, reading_id)
    if asked.asked_by == actor.name:
        raise RefusedError(Fault("reading_id", Code.OWN_REQUEST))
    at = now()
    good_until = at + GOOD_FOR if approved else None
    state = ReadingState.APPROVED if approved else ReadingState.REFUSED
    answered = {"state": state.value, "by": actor.name, "answer": answer}
    await repository.answer(tx, actor.district, reading_id, answered, at, good_until)
    action = f"minor_reading_{state}"
    await note(tx, Noted(actor.district, actor.name, action, asked.volunteer_id, answer, reading_id))
    return ReadingAnswered(id=reading_id, state=state, good_until=good_until)

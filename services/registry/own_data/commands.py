"""Taking a copy of one's data, changing what nobody else can know better, and having the rest put right by the office.

Invariant: nobody reads what is asked for in clear without an entry in the access log, and a value that the office puts
right has passed the rules of a registration.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ReadingPurpose
from services.registry.access_log.repository import Noted, approval_for, note
from services.registry.own_data import queries, repository
from services.registry.own_data.domain import Correctable, CorrectionState, as_written, corrected, due_on
from services.registry.own_data.queries import CorrectionOpened, OwnData
from services.registry.own_data.repository import Asked
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import Volunteer
from services.registry.people.enrolment import change_one
from shared.contracts import CorrectionAnswered, CorrectionRequested
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

LONGEST_REASON = 500
LEAST_REASON = 2


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """What somebody wants put right, and why; of an ID number also which paper has it and the birthday, where stated.

    It is personal, and has no repr.
    """

    value: str
    reason: str
    document: str = ""
    born_on: str = ""

    def changes(self, field: Correctable) -> dict[str, str]:
        """Return the fields of a registration that are to be written differently."""
        paper = {"document": self.document, "born_on": self.born_on} if field is Correctable.ID_NUMBER else {}
        return {field: self.value} | {name: value for name, value in paper.items() if value}

    def sealed(self, keys: KeyRing, correction_id: UUID) -> bytes:
        """Return it as it is kept."""
        said = [self.value, self.reason, self.document, self.born_on]
        return keys.seal_text(correction_id, json.dumps(said, ensure_ascii=False).encode())


class CorrectionAsked(BaseModel):
    """A correction that is to be decided."""

    id: UUID
    field: Correctable
    due_on: date


class CorrectionDecided(BaseModel):
    """A correction that is decided."""

    id: UUID
    state: CorrectionState


async def copy_own_data(tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID) -> OwnData:
    """Return all that registry holds of the actor, in clear; that it was taken is in the access log."""
    volunteer_id = actor.own_id()
    found = await queries.own_data(tx, keys, actor.district, volunteer_id, account_id, in_clear=True)
    await note(tx, Noted(actor.district, actor.name, "own_data_copied", volunteer_id))
    return found


async def change_profile(tx: AsyncConnection, keys: KeyRing, actor: Actor, changes: Mapping[str, str]) -> None:
    """Change what a person says of themselves: skills, interests, where they live. Raises RefusedError by field."""
    volunteer_id = actor.own_id()
    await people.lock_district(tx, actor.district)
    before = await people.in_full(tx, keys, actor.district, volunteer_id)
    after = await _checked(tx, actor.district, before.volunteer, changes)
    await change_one(tx, keys, actor, volunteer_id, lambda _: after)
    await note(tx, Noted(actor.district, actor.name, "profile_changed", volunteer_id))


async def ask_for_correction(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, field: Correctable, wanted: Wanted
) -> CorrectionAsked:
    """Ask the office to put something right; an ID number may be that of another kind of paper.

    Raises RefusedError by field: ``value``, ``document`` or ``born_on`` breaks a rule, ``value`` is what is on file,
    ``reason`` is missing; ``not_open`` where a correction of the same field is not answered yet.
    """
    volunteer_id = actor.own_id()
    before = await people.in_full(tx, keys, actor.district, volunteer_id)
    reason = wanted.reason.strip()
    if not LEAST_REASON <= len(reason) <= LONGEST_REASON:
        raise RefusedError(Fault("reason", Code.MISSING if len(reason) < LEAST_REASON else Code.TOO_LONG))
    after = await _checked(tx, actor.district, before.volunteer, wanted.changes(field), value=field)
    if after == before.volunteer:
        raise RefusedError(Fault("value", Code.ALREADY_SO))
    at, correction_id = now(), new_id()
    sealed = replace(wanted, reason=reason).sealed(keys, correction_id)
    new = Asked(correction_id, volunteer_id, field, sealed, CorrectionState.OPEN, 1)
    if not await repository.ask(tx, actor.district, new, at, due_on(at)):
        raise RefusedError(Fault("field", Code.NOT_OPEN))
    event = CorrectionRequested(correction_id=correction_id, volunteer_id=volunteer_id, field=field, due_on=due_on(at))
    await event_log.append(tx, [NewEvent(actor.district, correction_id, 1, event, actor.name)])
    return CorrectionAsked(id=correction_id, field=field, due_on=due_on(at))


async def open_correction(tx: AsyncConnection, keys: KeyRing, actor: Actor, correction_id: UUID) -> CorrectionOpened:
    """Read what somebody wants put right, beside what is on file, both in clear; it is in the access log.

    Raises RefusedError: ``not_found``, ``not_open`` where it is answered, or ``approval_needed`` where it is a minor's
    and nobody has approved that it is read.
    """
    asked, wanted = _opened(keys, await repository.find_asked(tx, actor.district, correction_id))
    before = await people.in_full(tx, keys, actor.district, asked.volunteer_id)
    on_file = as_written(before.volunteer, await people.references(tx, actor.district))
    is_paper = asked.field == Correctable.ID_NUMBER
    approval = await approval_for(tx, actor.district, actor.name, asked.volunteer_id, ReadingPurpose.CORRECTION)
    noted = Noted(actor.district, actor.name, "correction_read", asked.volunteer_id, asked.field, approval)
    await note(tx, noted)
    return CorrectionOpened(
        id=asked.id,
        volunteer_number=before.volunteer.number,
        name=before.volunteer.name,
        phone=before.volunteer.phone,
        field=Correctable(asked.field),
        on_file=on_file[asked.field],
        value=wanted.value,
        reason=wanted.reason,
        document_on_file=on_file["document"] if is_paper else None,
        document=wanted.document or None,
        born_on=wanted.born_on or None,
    )


async def answer_correction(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, correction_id: UUID, answer: str, *, accepted: bool
) -> CorrectionDecided:
    """Put it right, or say why not; the volunteer is told.

    Raises RefusedError: ``not_found``; ``not_open`` where it is answered; ``answer`` ``missing`` where it is refused
    without a word; what the value is at fault with by now; ``already_registered`` for somebody else's ID number.
    """
    if not accepted and len(answer.strip()) < LEAST_REASON:
        raise RefusedError(Fault("answer", Code.MISSING))
    await people.lock_district(tx, actor.district)
    asked, wanted = _opened(keys, await repository.find_asked(tx, actor.district, correction_id, lock=True))
    if accepted:
        before = await people.in_full(tx, keys, actor.district, asked.volunteer_id)
        field = Correctable(asked.field)
        after = await _checked(tx, actor.district, before.volunteer, wanted.changes(field), value=field)
        entry = keys.entry(0, after, normalised=False)
        if any(known.id != asked.volunteer_id for known in await people.on_file(tx, actor.district, [entry])):
            raise RefusedError(Fault("value", Code.ALREADY_REGISTERED))
        await change_one(tx, keys, actor, asked.volunteer_id, lambda _: after)
    state = CorrectionState.ACCEPTED if accepted else CorrectionState.REFUSED
    await repository.note_answer(tx, actor.district, correction_id, state, answer.strip(), now())
    event = CorrectionAnswered(
        correction_id=correction_id, volunteer_id=asked.volunteer_id, field=asked.field, accepted=accepted
    )
    await event_log.append(tx, [NewEvent(actor.district, correction_id, asked.version + 1, event, actor.name)])
    await note(tx, Noted(actor.district, actor.name, f"correction_{state}", asked.volunteer_id, asked.field))
    return CorrectionDecided(id=correction_id, state=state)


def _opened(keys: KeyRing, asked: Asked | None) -> tuple[Asked, Wanted]:
    if asked is None:
        raise RefusedError(Fault("correction_id", Code.NOT_FOUND))
    if asked.asked is None:
        raise RefusedError(Fault("correction_id", Code.NOT_OPEN))
    return asked, Wanted(*json.loads(keys.open_text(asked.id, asked.asked)))


async def _checked(
    tx: AsyncConnection, district: str, before: Volunteer, changes: Mapping[str, str], *, value: str = ""
) -> Volunteer:
    """Return a volunteer as changed. Raises RefusedError; the field ``value`` is at fault as what is asked for."""
    references = await people.references(tx, district)
    checked = corrected(before, changes, references, district_day(now()))
    if checked.volunteer is None:
        raise RefusedError(
            *(replace(fault, field="value") if fault.field == value else fault for fault in checked.faults)
        )
    return checked.volunteer

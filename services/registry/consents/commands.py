"""Agreeing, taking back, and what an organisation states of those whom it registers.

Invariant: taking back is as easy as agreeing (PIPL art. 15): one statement, no reason, at once. What nobody can be
registered without ends with the registration, not here.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose
from services.registry.consents import repository
from services.registry.consents.changes import guardian_agrees, guardian_takes_back, state_consents
from services.registry.consents.domain import (
    ConsentChannel,
    Guardian,
    StatedConsent,
    StatementSource,
    check_guardian,
    check_statement,
)
from services.registry.consents.texts import GUARDIAN_TEXT
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class GuardianAgreed(BaseModel):
    """Whether a minor's guardian agrees now."""

    agreed: bool


class ConsentStated(BaseModel):
    """What holds of a purpose from now on."""

    purpose: str
    given: bool


class OrganisationSpoken(BaseModel):
    """What an organisation has stated of those whom it has registered."""

    id: UUID
    subject_id: UUID
    source: str
    stated_at: datetime


async def state_own_consent(tx: AsyncConnection, actor: Actor, stated: StatedConsent) -> ConsentStated:
    """Agree to the present text of a purpose, or take it back.

    Raises RefusedError: ``needed_to_serve`` for what ends with the registration alone, ``changed_meanwhile`` where the
    text is not the present one, ``not_found`` for an account that is no volunteer's.
    """
    check_statement(stated)
    volunteer_id = actor.own_id()
    await state_consents(tx, actor.district, volunteer_id, ConsentChannel.OWN_PAGE, [stated], actor.name)
    return ConsentStated(purpose=stated.purpose, given=stated.given)


async def speak_for_registered(
    tx: AsyncConnection, actor: Actor, subject_id: UUID, source: StatementSource, statement: str
) -> OrganisationSpoken:
    """State that those of a roster, or one volunteer, have consented to be registered (Order 67 art. 6).

    Raises RefusedError: ``missing`` without words, ``not_found`` where it is neither a roster's import nor a volunteer
    whom an organisation has registered.
    """
    if not statement.strip():
        raise RefusedError(Fault("statement", Code.MISSING))
    if not await repository.may_be_spoken_for(tx, actor.district, subject_id):
        raise RefusedError(Fault("subject_id", Code.UNKNOWN_REFERENCE))
    stated_at = now()
    statement_id = await repository.speak_for(tx, actor.district, subject_id, source, statement.strip(), actor.name)
    await note(tx, Noted(actor.district, actor.name, "consent_stated_for", subject_id))
    return OrganisationSpoken(id=statement_id, subject_id=subject_id, source=source, stated_at=stated_at)


async def agree_by_code(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, guardian: Guardian, text_version: str, digest: bytes
) -> GuardianAgreed:
    """Put on file that the caller's guardian agrees, by a code that went to the guardian's phone.

    Raises RefusedError: ``not_found`` for an account that is no volunteer's, ``changed_meanwhile`` where another text
    was shown, ``wrong_code``, ``not_open`` for somebody who is no minor.
    """
    volunteer_id = actor.own_id()
    if text_version != GUARDIAN_TEXT.version:
        raise RefusedError(Fault("guardian_text_version", Code.CHANGED_MEANWHILE))
    await codes.use_code(tx, Purpose.GUARDIAN, keys.destination(Channel.SMS, guardian.phone), digest, "guardian_code")
    await guardian_agrees(tx, keys, actor.district, volunteer_id, guardian, actor.name)
    await note(tx, Noted(actor.district, actor.name, "guardian_agreed", volunteer_id))
    return GuardianAgreed(agreed=True)


async def take_back_by_code(
    tx: AsyncConnection, keys: KeyRing, guardian: Actor, volunteer_number: str, phone: str, digest: bytes
) -> GuardianAgreed:
    """Take back a guardian's consent to what a minor does, by a code that went to the guardian's phone.

    Raises RefusedError: ``wrong_code``; ``unknown_reference`` alike where nobody has the number and where its guardian
    is not reached by this phone, so a number tells nobody that its bearer is a minor.
    """
    destination = keys.destination(Channel.SMS, phone)
    await codes.use_code(tx, Purpose.GUARDIAN_TAKES_BACK, destination, digest)
    volunteer_id = await people.id_of_number(tx, guardian.district, volunteer_number)
    await guardian_takes_back(tx, keys, guardian.district, volunteer_id, phone, guardian.name)
    await note(tx, Noted(guardian.district, guardian.name, "guardian_took_back", volunteer_id))
    return GuardianAgreed(agreed=False)


async def checked_guardian(tx: AsyncConnection, keys: KeyRing, actor: Actor, name: str, phone: str) -> Guardian:
    """Return the guardian whom a minor names, in normal form. Raises RefusedError with every fault found."""
    volunteer_id = actor.own_id()
    known = await people.in_full(tx, keys, actor.district, volunteer_id)
    today = district_day(now())
    born = known.volunteer.born
    if born is None or not known.minor:
        raise RefusedError(Fault("guardian_phone", Code.NOT_OPEN))
    return check_guardian(name, phone, born=born, own_phone=known.volunteer.phone, today=today)

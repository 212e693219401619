"""Agreeing, taking back, and what an organisation states of those whom it registers.

Invariant: taking back is as easy as agreeing (PIPL art. 15): one statement, no reason, at once. What nobody can be
registered without ends with the registration, not here.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.consents import repository
from services.registry.consents.changes import state_consents
from services.registry.consents.domain import ConsentChannel, StatedConsent, StatementSource, check_statement
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


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
    if actor.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    await state_consents(tx, actor.district, actor.volunteer_id, ConsentChannel.OWN_PAGE, [stated], actor.name)
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
        raise RefusedError(Fault("subject_id", Code.NOT_FOUND))
    stated_at = now()
    statement_id = await repository.speak_for(tx, actor.district, subject_id, source, statement.strip(), actor.name)
    await note(tx, Noted(actor.district, actor.name, "consent_stated_for", subject_id))
    return OrganisationSpoken(id=statement_id, subject_id=subject_id, source=source, stated_at=stated_at)

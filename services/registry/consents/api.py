"""Consents over HTTP: the texts, one's own, and what an organisation states of those whom it registers."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.registry.consents import queries
from services.registry.consents.commands import (
    ConsentStated,
    OrganisationSpoken,
    speak_for_registered,
    state_own_consent,
)
from services.registry.consents.domain import StatedConsent
from services.registry.consents.forms import OrganisationForm, OwnStatement
from services.registry.consents.queries import ConsentTextView, OwnConsents
from services.registry.consents.texts import ConsentPurpose
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.problems import language_of

router = APIRouter(prefix="/v1", tags=["consents"])

Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Registrar = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.OPERATOR))]


@router.get("/consent-texts", dependencies=[Depends(anyone)])
async def show_consent_texts(request: Request) -> list[ConsentTextView]:
    """Show what people consent to, each apart, in Chinese or English."""
    return queries.present_texts(language_of(request))


@router.get("/consent-texts/{purpose}/{version}", dependencies=[Depends(anyone)])
async def show_consent_text(purpose: ConsentPurpose, version: str, request: Request) -> ConsentTextView:
    """Show a text as it was in a version: what somebody has consented to stays readable."""
    return queries.text_of_version(purpose, version, language_of(request))


@router.get("/me/consents")
async def show_own_consents(request: Request, store: ApiStore, caller: Self) -> OwnConsents:
    """Show what the caller's data may be handled for, since when and from where, and all that was stated."""
    if caller.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    async with store.transaction(caller.district) as tx:
        return await queries.own_consents(tx, caller.district, caller.volunteer_id, language_of(request))


@router.put("/me/consents/{purpose}", response_model=ConsentStated)
async def state_consent(
    purpose: ConsentPurpose, form: OwnStatement, store: ApiStore, caller: Self, key: IdempotencyKey
) -> Response:
    """Agree to a purpose, or take that back; every service has stopped within a minute."""
    stated = StatedConsent(purpose, form.text_version, form.given)
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(state_own_consent, tx, caller, stated))


@router.post("/organisation-statements", status_code=201, response_model=OrganisationSpoken)
async def speak_for(form: OrganisationForm, store: ApiStore, caller: Registrar, key: IdempotencyKey) -> Response:
    """State that those of a roster, or one volunteer, have consented to be registered, and what that rests on."""
    async with store.transaction(caller.district) as tx:
        command = partial(speak_for_registered, tx, caller, form.subject_id, form.source, form.statement)
        return await idempotent(tx, caller, key, 201, command)

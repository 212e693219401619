"""Consents over HTTP: the texts, one's own, and what an organisation states of those whom it registers."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.registry.accounts.attempts import Address, CountedAttempts
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose
from services.registry.consents import queries
from services.registry.consents.commands import (
    ConsentStated,
    GuardianAgreed,
    OrganisationSpoken,
    agree_by_code,
    checked_guardian,
    speak_for_registered,
    state_own_consent,
    take_back_by_code,
)
from services.registry.consents.domain import StatedConsent
from services.registry.consents.forms import GuardianForm, GuardianTakesBackForm, OrganisationForm, OwnStatement
from services.registry.consents.queries import (
    ConsentTextView,
    GuardianText,
    Minor,
    OrganisationStatement,
    OwnConsents,
    OwnGuardian,
)
from services.registry.consents.texts import ConsentPurpose
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys, stranger
from services.registry.people.domain.volunteer import contact_point
from shared.contracts import text
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage
from shared.http.problems import language_of

router = APIRouter(prefix="/v1", tags=["consents"])

Self = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Desk = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR))]
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


@router.get("/organisation-statements/{subject_id}")
async def list_statements(subject_id: UUID, store: ApiStore, caller: Desk) -> list[OrganisationStatement]:
    """Show what was stated of the consents of a roster's people, or of one volunteer, the last first."""
    async with store.transaction(caller.district) as tx:
        return await queries.organisation_statements(tx, caller.district, subject_id)


@router.get("/guardian-text", dependencies=[Depends(anyone)])
async def show_guardian_text(request: Request) -> GuardianText:
    """Show what a minor's guardian agrees to, in Chinese or English."""
    return queries.guardian_text(language_of(request))


@router.get("/me/guardian")
async def show_own_guardian(request: Request, store: ApiStore, keys: Keys, caller: Self) -> OwnGuardian:
    """Show whether the caller needs a guardian's consent, and whose they have, masked."""
    if caller.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    async with store.transaction(caller.district) as tx:
        return await queries.own_guardian(tx, keys, caller.district, caller.volunteer_id, language_of(request))


@router.post("/me/guardian", response_model=GuardianAgreed, responses={429: {}})
async def agree_as_guardian(
    form: GuardianForm,
    store: ApiStore,
    keys: Keys,
    attempts: CountedAttempts,
    address: Address,
    caller: Self,
    key: KeyedIdempotencyKey,
) -> Response:
    """Have one's guardian agree, by the code that went to the guardian's phone (purpose ``guardian``)."""
    async with store.transaction(caller.district) as tx:
        guardian = await checked_guardian(tx, keys, caller, form.guardian_name, form.guardian_phone)
    attempts.try_code(caller.name, address)
    destination = keys.destination(Channel.SMS, guardian.phone)
    digest = await codes.prove(store, keys, Purpose.GUARDIAN, destination, form.guardian_code, "guardian_code")
    async with store.transaction(caller.district) as tx:
        command = partial(agree_by_code, tx, keys, caller, guardian, form.guardian_text_version, digest)
        return await idempotent(tx, caller, key, 200, command)


@router.post(
    "/guardian-withdrawals",
    response_model=GuardianAgreed,
    dependencies=[Depends(anyone)],
    responses={404: {}, 429: {}},
)
async def take_back_as_guardian(
    form: GuardianTakesBackForm,
    store: ApiStore,
    keys: Keys,
    attempts: CountedAttempts,
    address: Address,
    key: KeyedIdempotencyKey,
) -> Response:
    """Take back one's consent as a guardian, by a code to one's phone (purpose ``guardian_takes_back``)."""
    phone = contact_point("phone", form.guardian_phone, "guardian_phone")
    attempts.try_code(phone, address)
    destination = keys.destination(Channel.SMS, phone)
    digest = await codes.prove(store, keys, Purpose.GUARDIAN_TAKES_BACK, destination, form.code)
    guardian = stranger(form.district, keys.stranger(phone))
    async with store.transaction(form.district) as tx:
        number = text.number(form.volunteer_number)
        command = partial(take_back_by_code, tx, keys, guardian, number, phone, digest)
        return await idempotent(tx, guardian, key, 200, command)


@router.get("/minors")
async def list_minors(
    store: ApiStore, keys: Keys, caller: Desk, page: RequestedPage, agreed: bool | None = None
) -> Page[Minor]:
    """List the district's volunteers under 18 by number, masked; ``agreed=false``: whose guardian has not agreed."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.find_minors(tx, keys, caller.district, after, page.limit + 1, agreed=agreed)
    return Page.of(found, page.limit, lambda minor: (minor.volunteer_number,))

"""Codes, registering oneself, a reset password and a changed point of contact over HTTP."""

from datetime import timedelta
from functools import partial
from math import ceil
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response

from services.registry.accounts.attempts import Address, CountedAttempts
from services.registry.accounts.dependencies import PasswordThreads
from services.registry.accounts.domain import check_password, log_in_name
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose
from services.registry.consents.domain import check_guardian, consent_faults
from services.registry.people.dependencies import KeyedIdempotencyKey, Keys, stranger
from services.registry.people.domain import identity
from services.registry.people.domain.volunteer import birthday_said
from services.registry.people.enrolment import person_faults
from services.registry.self_service import commands
from services.registry.self_service.commands import Asked
from services.registry.self_service.domain import normal_point
from services.registry.self_service.forms import (
    CodeForm,
    CodeSent,
    ContactPoint,
    PasswordReset,
    SelfRegistration,
    SelfRegistrationCheck,
)
from services.registry.self_service.registration import Registering, SelfRegistered, register_self
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.http.problems import ProblemError, language_of
from shared.store.event_log import now

router = APIRouter(tags=["self-service"])


@router.post("/v1/codes", status_code=202, dependencies=[Depends(anyone)], responses={429: {}})
async def ask_for_code(
    form: CodeForm, request: Request, store: ApiStore, keys: Keys, attempts: CountedAttempts, address: Address
) -> CodeSent:
    """Have a code sent to a phone or mailbox: one a minute, five a day. The answer does not tell who is known."""
    attempts.ask_for_code(address)
    asked = Asked(form.purpose, form.channel, form.to, form.user_name, language_of(request))
    wait = await commands.request_code(store, keys, asked)
    if wait is not None:
        raise _too_often(wait)
    return CodeSent()


def _too_often(wait: timedelta) -> ProblemError:
    seconds = {"Retry-After": str(max(1, ceil(wait.total_seconds())))}
    return ProblemError(429, "too-many-requests", [Fault("to", Code.TOO_OFTEN)], seconds)


@router.post("/v1/volunteers/self/check", status_code=204, dependencies=[Depends(anyone)], responses={422: {}, 429: {}})
async def check_registration(
    form: SelfRegistrationCheck, store: ApiStore, attempts: CountedAttempts, address: Address
) -> None:
    """Check one step of a registration: every fault, by field. Nothing is written, and nobody is looked up."""
    attempts.check_form(address)
    async with store.transaction(form.district) as tx:
        faults = [*await person_faults(tx, form.district, form.values()), *_password_faults(form.password)]
    faults += consent_faults([consent.stated() for consent in form.consents])
    faults += _guardian_faults(form)
    wanted = set(form.fields)
    told = [fault for fault in faults if not wanted or fault.field.partition(".")[0] in wanted]
    if told:
        raise RefusedError(*told)


def _guardian_faults(form: SelfRegistrationCheck) -> list[Fault]:
    today = district_day(now())
    born = birthday_said(form.values(), today)
    if born is None or not identity.is_minor(born, today):
        return []
    try:
        check_guardian(form.guardian_name, form.guardian_phone, born=born, own_phone=form.phone, today=today)
    except RefusedError as refused:
        return list(refused.faults)
    return []


def _password_faults(password: str) -> list[Fault]:
    try:
        check_password(password)
    except RefusedError as refused:
        return list(refused.faults)
    return []


@router.post(
    "/v1/volunteers/self",
    status_code=201,
    response_model=SelfRegistered,
    dependencies=[Depends(anyone)],
    responses={404: {}, 429: {}},
)
async def register_oneself(
    form: SelfRegistration,
    store: ApiStore,
    keys: Keys,
    passwords: PasswordThreads,
    key: KeyedIdempotencyKey,
    attempts: CountedAttempts,
    address: Address,
) -> Response:
    """Register yourself, with a code that went to your phone; log in with the user name in the answer."""
    attempts.register(address)
    check_password(form.password)
    consents = [consent.stated() for consent in form.consents]
    if faults := consent_faults(consents):
        raise RefusedError(*faults)
    phone = normal_point(Channel.SMS, form.phone, "phone")
    attempts.try_code(phone, address)
    code = await codes.prove(store, keys, Purpose.REGISTER, keys.destination(Channel.SMS, phone), form.code)
    guardian_code = await _guardian_code(store, keys, attempts, form, address)
    password_hash = await passwords.hash(form.password)
    registering = Registering(
        form.district,
        form.values(),
        phone,
        code,
        password_hash,
        consents,
        form.language,
        guardian=(form.guardian_name, form.guardian_phone),
        guardian_code=guardian_code,
    )
    async with store.transaction(form.district) as tx:
        caller = stranger(form.district, keys.stranger(phone))
        return await idempotent(tx, caller, key, 201, partial(register_self, tx, keys, registering))


async def _guardian_code(
    store: ApiStore, keys: Keys, attempts: CountedAttempts, form: SelfRegistration, address: Address
) -> bytes | None:
    """Return the digest of the code that a guardian has told; None where the form holds none."""
    if not form.guardian_code.strip() or not form.guardian_phone.strip():
        return None
    phone = normal_point(Channel.SMS, form.guardian_phone, "guardian_phone")
    attempts.try_code(phone, address)
    destination = keys.destination(Channel.SMS, phone)
    return await codes.prove(store, keys, Purpose.GUARDIAN, destination, form.guardian_code, "guardian_code")


@router.post("/v1/password-resets", status_code=204, dependencies=[Depends(anyone)], responses={429: {}})
async def reset_password(
    form: PasswordReset,
    store: ApiStore,
    keys: Keys,
    passwords: PasswordThreads,
    attempts: CountedAttempts,
    address: Address,
) -> None:
    """Set a new password by a code; whatever the account was logged in with has ended then."""
    attempts.try_code(log_in_name(form.user_name), address)
    await commands.reset_password(store, keys, passwords, form.user_name, form.code, form.new_password)
    attempts.logged_in(form.user_name, address)  # the code was the owner's, whoever has guessed at the password before


@router.put("/v1/me/contact-points", status_code=204, responses={429: {}})
async def change_contact_point(
    form: ContactPoint,
    store: ApiStore,
    keys: Keys,
    attempts: CountedAttempts,
    address: Address,
    caller: Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER], stepped_up=True))],
) -> None:
    """Change one's own phone number or mail address, by a code to the new one; the old one is told.

    The password must have been asked for of late: whoever finds a phone unlocked could reset it next.
    """
    if (form.phone is None) == (form.mail is None):
        raise RefusedError(Fault("phone", Code.MISSING))
    channel, field = (Channel.SMS, "phone") if form.phone is not None else (Channel.MAIL, "mail")
    to = normal_point(channel, form.phone or form.mail or "", field)
    attempts.try_code(caller.name, address)
    digest = await codes.prove(store, keys, Purpose.CONTACT, keys.destination(channel, to), form.code)
    async with store.transaction(caller.district) as tx:
        await commands.change_contact_point(tx, keys, caller, channel, to, digest)

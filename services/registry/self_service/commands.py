"""Codes are asked for, a password is reset by one, and a point of contact is changed by one.

Invariant: whether somebody is known makes no difference to the answer, nor to the statements: what an unknown name asks
for is put on file and scheduled like any other, and then there is nothing to send.
"""

import os
from dataclasses import dataclass, replace
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes, phones
from services.registry.accounts import repository as accounts
from services.registry.accounts.domain import check_password, event_district, log_in_name
from services.registry.accounts.passwords import Passwords
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose, Template, Text, new_code
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import Volunteer
from services.registry.people.enrolment import change_one
from services.registry.self_service import repository
from services.registry.self_service.domain import normal_point
from services.registry.self_service.repository import Reached
from shared.contracts import AccountPasswordChanged
from shared.contracts.actor import EVERY_DISTRICT, Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store

_NOBODY = EVERY_DISTRICT, UUID(int=0)
_SUBJECT_BYTES = 16
_BY_PHONE = (Purpose.REGISTER, Purpose.LOG_IN, Purpose.GUARDIAN, Purpose.GUARDIAN_TAKES_BACK)
_TEMPLATES = {
    Purpose.GUARDIAN: Template.GUARDIAN_CODE,
    Purpose.GUARDIAN_TAKES_BACK: Template.GUARDIAN_TAKES_BACK_CODE,
}
"""What a code is told with, where the usual words would not say what it is for."""


@dataclass(frozen=True, slots=True, repr=False)
class Asked:
    """What a code is asked for, and where it is to go; ``user_name`` is whose password is to be reset."""

    purpose: Purpose
    channel: Channel
    to: str
    user_name: str
    language: str


async def request_code(store: Store, keys: KeyRing, asked: Asked) -> timedelta | None:
    """Send a code; return how long that has to wait, where too many went to the same phone or mailbox.

    A code to log in or to reset a password goes to the point of contact that is on file, and nowhere else. Raises
    RefusedError where ``to`` is malformed.
    """
    if asked.purpose in _BY_PHONE and asked.channel is not Channel.SMS:
        raise RefusedError(Fault("channel", Code.UNKNOWN_VALUE))
    to = normal_point(asked.channel, asked.to)
    destination = keys.destination(asked.channel, to)
    subject, language = await _subject(store, keys, asked, to, destination)
    code = new_code()
    template = _TEMPLATES.get(asked.purpose, Template.CODE)
    text = Text(asked.channel, to, template, language, code) if subject else None
    async with store.transaction(EVERY_DISTRICT) as tx:
        wait = await codes.wait_for_another(tx, destination)
        if wait is None:
            fits = subject or os.urandom(_SUBJECT_BYTES)
            digest = keys.code_digest(asked.purpose, fits, code)
            await codes.keep_code(tx, asked.purpose, destination, fits, digest)
            await codes.send_later(tx, keys, EVERY_DISTRICT, text)
        return wait


async def _subject(store: Store, keys: KeyRing, asked: Asked, to: str, destination: bytes) -> tuple[bytes | None, str]:
    """Return what a code is to fit, None where it is to fit nobody, and the language to write it in."""
    if asked.purpose is Purpose.LOG_IN:
        holders = await phones.holders(store, keys, to)
        return (destination, holders[0].language) if holders else (None, asked.language)
    if asked.purpose is Purpose.PASSWORD_RESET:
        account_id, reached = await _account(store, keys, asked.user_name)
        if reached is None or not _is_theirs(reached, asked.channel, to):
            return None, asked.language
        return account_id.bytes, reached.language
    return destination, asked.language


async def _account(store: Store, keys: KeyRing, user_name: str) -> tuple[UUID, Reached | None]:
    async with store.transaction() as tx:
        district, account_id = await accounts.whose_name(tx, log_in_name(user_name)) or _NOBODY
    async with store.transaction(district) as tx:
        return account_id, await repository.holder(tx, keys, district, account_id)


def _is_theirs(reached: Reached, channel: Channel, to: str) -> bool:
    return to == (reached.person.phone if channel is Channel.SMS else reached.person.email)


async def reset_password(
    store: Store, keys: KeyRing, passwords: Passwords, user_name: str, code: str, new_password: str
) -> None:
    """Set a new password by a code, and end all that the account is logged in with.

    Raises RefusedError alike where the code is wrong and where nobody has the name.
    """
    check_password(new_password)
    async with store.transaction() as tx:
        home, account_id = await accounts.whose_name(tx, log_in_name(user_name)) or _NOBODY
    digest = await codes.prove(store, keys, Purpose.PASSWORD_RESET, account_id.bytes, code)
    password_hash = await passwords.hash(new_password)
    async with store.transaction(home, event_district(home)) as tx:
        account = await accounts.lock(tx, home, account_id)
        await codes.use_code(tx, Purpose.PASSWORD_RESET, account_id.bytes, digest)
        version = await accounts.set_password(tx, account, password_hash, temporary=False)
        event = AccountPasswordChanged(account_id=account_id, reset=True)
        await changes.record(tx, account, version, event, f"account:{account_id}")
        await changes.revoke_all(tx, account, version)


async def change_contact_point(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, channel: Channel, to: str, digest: bytes
) -> None:
    """Change one's own phone number or address by a code to the new one; the old one is told.

    ``digest`` is of the code, as ``codes.prove`` gives it. Raises RefusedError (not_found) for an account that is no
    volunteer's, or where the code was used already.
    """
    volunteer_id = actor.own_id()
    await codes.use_code(tx, Purpose.CONTACT, keys.destination(channel, to), digest)

    def changed(volunteer: Volunteer) -> Volunteer:
        return replace(volunteer, phone=to) if channel is Channel.SMS else replace(volunteer, email=to)

    before = await change_one(tx, keys, actor, volunteer_id, changed)
    await note(tx, Noted(actor.district, actor.name, f"contact_changed_{channel}", volunteer_id))
    old = before.volunteer.phone if channel is Channel.SMS else before.volunteer.email
    if old and old != to:
        told = Text(channel, old, Template.CONTACT_CHANGED, before.language)
        await codes.send_later(tx, keys, actor.district, told)

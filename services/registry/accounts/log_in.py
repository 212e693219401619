"""Logging in and staying so: tokens for a password, a code or a refresh token, and the end of sessions.

Invariant: nothing holds a connection while a password is hashed. A session begins only for an account that is as it was
when its password was checked (``sessions.open_session``), so one that is locked meanwhile gets none.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes, domain, outside_identities, phones, proofs, repository, sessions
from services.registry.accounts.domain import Device
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.repository import Account, SigningKey
from services.registry.accounts.tokens import Issuer, Tokens
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose
from shared.contracts.actor import EVERY_DISTRICT
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store
from shared.store.event_log import now

_NOBODY = EVERY_DISTRICT, UUID(int=0)


async def log_in(
    store: Store, passwords: Passwords, issuer: Issuer, name: str, password: str, code: str, device: Device
) -> Tokens:
    """Begin a session for a user name (or volunteer number), its password, and a code where it has a second factor.

    Raises RefusedError (wrong_credentials) alike, and after the same work, for an unknown name and a wrong password;
    who has the right one is told that the account is locked, or needs another code (second_factor).
    """
    async with store.transaction() as tx:
        district, account_id = await repository.whose_name(tx, domain.log_in_name(name)) or _NOBODY
    async with store.transaction(district) as tx:
        account = await repository.find(tx, district, account_id)
        signing_key = await repository.current_signing_key(tx)
    matches = await passwords.match(account.password_hash if account else None, password)
    if account is None or signing_key is None or not matches:
        raise RefusedError(Fault("", Code.WRONG_CREDENTIALS))
    if account.locked:
        raise RefusedError(Fault("", Code.LOCKED))
    async with store.transaction(district) as tx:
        if account.has_second_factor:
            await proofs.check_code(tx, issuer.keys, account, code)
        return await begin_session(tx, issuer, signing_key, account, device, stepped_up=True)


@dataclass(frozen=True, slots=True, repr=False)
class ShownByPhone:
    """What somebody shows who holds a phone: the code that it got; ``user_name`` where it is of several people."""

    phone: str
    phone_code: str
    user_name: str
    code: str
    """Of the second factor, where the account has one."""


async def log_in_by_phone(store: Store, issuer: Issuer, shown: ShownByPhone, device: Device) -> Tokens:
    """Begin a session for the holder of a phone, as a password does: who has the phone can set that anew anyway.

    Raises RefusedError (wrong_code) alike for a wrong code and an unknown number. Who has the right one is told that
    the name is missing (``user_name``: several people have this phone) or another's, or that the account needs another
    code (second_factor); the phone's code stays good then.
    """
    keys = issuer.keys
    subject = keys.destination(Channel.SMS, shown.phone)
    digest = await codes.prove(store, keys, Purpose.LOG_IN, subject, shown.phone_code)
    district, account_id = await _whose_phone(store, issuer, shown)
    async with store.transaction(district) as tx:
        account = await repository.find(tx, district, account_id)
        signing_key = await repository.current_signing_key(tx)
        if account is None or account.locked or signing_key is None:
            raise codes.wrong_code()
        if account.has_second_factor:
            await proofs.check_code(tx, keys, account, shown.code)
        await codes.use_code(tx, Purpose.LOG_IN, subject, digest)
        return await begin_session(tx, issuer, signing_key, account, device, stepped_up=True)


async def _whose_phone(store: Store, issuer: Issuer, shown: ShownByPhone) -> tuple[str, UUID]:
    found = {(holder.district, holder.account_id) for holder in await phones.holders(store, issuer.keys, shown.phone)}
    if not found:
        raise codes.wrong_code()
    if shown.user_name:
        async with store.transaction() as tx:
            named = await repository.whose_name(tx, domain.log_in_name(shown.user_name))
        found = {one for one in found if one == named}
        if not found:
            raise RefusedError(Fault("user_name", Code.NOT_FOUND))
    if len(found) > 1:
        raise RefusedError(Fault("user_name", Code.MISSING))
    return found.pop()


async def log_in_from_outside(
    store: Store, issuer: Issuer, outside_issuer: str, subject_hash: bytes, device: Device
) -> Tokens:
    """Begin a session for somebody whom an outside issuer vouches for; a second factor is still to be shown.

    Raises RefusedError (not_linked, locked).
    """
    async with store.transaction() as tx:
        whose = await outside_identities.whose(tx, outside_issuer, subject_hash)
    if whose is None:
        raise RefusedError(Fault("", Code.NOT_LINKED))
    async with store.transaction(whose[0]) as tx:
        account = await repository.find(tx, *whose)
        signing_key = await repository.current_signing_key(tx)
        if account is None or signing_key is None:
            raise RefusedError(Fault("", Code.NOT_LINKED))
        if account.locked:
            raise RefusedError(Fault("", Code.LOCKED))
        return await begin_session(tx, issuer, signing_key, account, device, stepped_up=not account.has_second_factor)


async def begin_session(
    tx: AsyncConnection, issuer: Issuer, signing_key: SigningKey, account: Account, device: Device, *, stepped_up: bool
) -> Tokens:
    """Begin a session of somebody who has shown who they are; ``stepped_up``: by all that the account asks for.

    Raises RefusedError (changed_meanwhile).
    """
    refresh_token = domain.new_refresh_token(account.district)
    lifetime = domain.session_lifetime(account.roles)
    session = await sessions.open_session(tx, account, device, lifetime, refresh_token, stepped_up=stepped_up)
    if session is None:
        raise RefusedError(Fault("", Code.CHANGED_MEANWHILE))
    return issuer.issue(signing_key, account, session, refresh_token, now())


async def refresh(store: Store, issuer: Issuer, refresh_token: str) -> Tokens:
    """Give the next tokens of a session. Raises RefusedError (session_ended).

    A token that was used before ends its session, unless it was used a moment ago (``sessions``).
    """
    district = domain.district_of_token(refresh_token)
    async with store.transaction(district) as tx:
        shown = await sessions.presented(tx, district, refresh_token)
        if shown is None or not shown.open:
            raise domain.session_ended()
        if shown.current or shown.in_grace:
            return await _next_tokens(tx, issuer, district, shown, refresh_token)
    await _end_stolen(store, district, shown)
    raise domain.session_ended()


async def _next_tokens(
    tx: AsyncConnection, issuer: Issuer, district: str, shown: sessions.Presented, refresh_token: str
) -> Tokens:
    account = await repository.find(tx, district, shown.account_id)
    signing_key = await repository.current_signing_key(tx)
    if account is None or account.locked or signing_key is None:
        raise domain.session_ended()
    successor = domain.new_refresh_token(district)
    if shown.current:
        lifetime = domain.session_lifetime(account.roles)
        session = await sessions.rotate(tx, district, shown.id, refresh_token, successor, lifetime)
    else:
        session = await sessions.add_token(tx, district, shown.id, successor)
    return issuer.issue(signing_key, account, session, successor, now())


async def _end_stolen(store: Store, district: str, shown: sessions.Presented) -> None:
    async with store.transaction(district) as tx:
        account = await repository.lock(tx, district, shown.account_id)
        if await changes.end_session(tx, account, shown.id):
            await note(tx, Noted(district, f"account:{account.id}", "refresh_token_reused", account.id))


async def log_out(store: Store, refresh_token: str) -> None:
    """End the session of a refresh token, old or new; one that is none, or of a session that has ended, is as good."""
    district = domain.district_of_token(refresh_token)
    async with store.transaction(district) as tx:
        shown = await sessions.presented(tx, district, refresh_token)
    if shown is not None:
        async with store.transaction(district) as tx:
            await changes.end_session(tx, await repository.lock(tx, district, shown.account_id), shown.id)


async def end_session(tx: AsyncConnection, district: str, account_id: UUID, session_id: UUID) -> None:
    """End one of an account's sessions. Raises RefusedError (not_found)."""
    account = await repository.lock(tx, district, account_id)
    if not await changes.end_session(tx, account, session_id):
        raise RefusedError(Fault("session_id", Code.NOT_FOUND))


async def end_other_sessions(tx: AsyncConnection, district: str, account_id: UUID, session_id: UUID | None) -> None:
    """End all of an account's sessions but this one."""
    await changes.end_others(tx, await repository.lock(tx, district, account_id), session_id)

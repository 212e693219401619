"""Accounts: who may open which, log-in, passwords. Nothing holds a connection while a password is hashed.

Invariant: nobody grants a role that ``_MAY_GRANT`` does not let them grant, and a district's accounts act in it alone.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import domain as credentials
from services.registry.accounts import repository
from services.registry.accounts.domain import TOKEN_LIFETIME
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.repository import Account, SigningKey
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import belongs_to
from services.registry.places import repository as places
from shared.contracts.actor import EVERY_DISTRICT, Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.store.engine import Store
from shared.store.event_log import new_id, now

OPERATOR_NAME = "operator"
_NOBODY = EVERY_DISTRICT, UUID(int=0)
_DISTRICT_STAFF = frozenset({Role.STATION_MANAGER, Role.TEAM_LEADER, Role.AUDITOR, Role.VOLUNTEER})
_MAY_GRANT = {Role.OPERATOR: _DISTRICT_STAFF | {Role.DISTRICT_ADMIN}, Role.DISTRICT_ADMIN: _DISTRICT_STAFF}
_NEED_UNITS = frozenset({Role.STATION_MANAGER, Role.TEAM_LEADER})


@dataclass(frozen=True, slots=True, repr=False)
class NewAccount:
    """An account to open. ``units`` are codes of stations and teams; a volunteer number makes it that volunteer's."""

    user_name: str | None
    roles: Sequence[Role]
    units: Sequence[str] = ()
    volunteer_number: str | None = None


class AccountCreated(BaseModel):
    """A new account: its id and the names it logs in by."""

    id: UUID
    log_in_names: list[str]


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A signed token and how many seconds it lasts."""

    access_token: str
    expires_in: int


async def open_account(tx: AsyncConnection, actor: Actor, new: NewAccount, password_hash: str) -> AccountCreated:
    """Open an account in the actor's district. Raises RefusedError for a role that the actor may not grant."""
    roles = frozenset(new.roles) | ({Role.VOLUNTEER} if new.volunteer_number else set())
    _check(actor, new, roles)
    await places.require_open(tx, actor.district)
    units = await repository.unit_ids(tx, actor.district, new.units)
    volunteer_id = None
    names = [credentials.user_name(new.user_name)] if new.user_name else []
    if new.volunteer_number:
        number = credentials.log_in_name(new.volunteer_number)
        if not belongs_to(actor.district, number):
            raise RefusedError(Fault("volunteer_number", Code.OTHER_DISTRICT))
        volunteer_id = await people.id_of_number(tx, actor.district, number)
        names.append(number)
    account = Account(actor.district, new_id(), names[0], password_hash, tuple(sorted(roles)), units, volunteer_id)
    await repository.insert(tx, account, names)
    return AccountCreated(id=account.id, log_in_names=names)


def _check(actor: Actor, new: NewAccount, roles: frozenset[Role]) -> None:
    faults = []
    grantable = {role for own in actor.roles for role in _MAY_GRANT.get(Role(own), ())}
    if not roles <= grantable:
        faults.append(Fault("roles", Code.FORBIDDEN))
    if not roles or (Role.VOLUNTEER in roles and not new.volunteer_number):
        faults.append(Fault("volunteer_number" if roles else "roles", Code.MISSING))
    if roles & _NEED_UNITS and not new.units:
        faults.append(Fault("units", Code.MISSING))
    if not new.user_name and not new.volunteer_number:
        faults.append(Fault("user_name", Code.MISSING))
    if faults:
        raise RefusedError(*faults)


async def ensure_operator(store: Store, passwords: Passwords, password: str) -> None:
    """Open the platform operator's account with its first password, where it is not open yet."""
    async with store.transaction(EVERY_DISTRICT) as tx:
        if await repository.whose_name(tx, OPERATOR_NAME):
            return
    account = Account(EVERY_DISTRICT, new_id(), OPERATOR_NAME, await passwords.hash(password), (Role.OPERATOR,))
    async with store.transaction(EVERY_DISTRICT) as tx:
        await repository.lock_signing_keys(tx)
        if not await repository.whose_name(tx, OPERATOR_NAME):
            await repository.insert(tx, account, [OPERATOR_NAME])


async def log_in(store: Store, passwords: Passwords, keys: KeyRing, name: str, password: str) -> Token:
    """Issue a token for a user name (or volunteer number) and its password.

    Raises RefusedError (wrong_credentials) alike, and after the same work, for an unknown name and a wrong password.
    """
    async with store.transaction() as tx:
        district, account_id = await repository.whose_name(tx, credentials.log_in_name(name)) or _NOBODY
    async with store.transaction(district) as tx:
        account = await repository.find(tx, district, account_id)
        signing_key = await repository.current_signing_key(tx)
    matches = await passwords.match(account.password_hash if account else None, password)
    if account is None or signing_key is None or not matches:
        raise RefusedError(Fault("", Code.WRONG_CREDENTIALS))
    return _token(keys, signing_key, account, now())


async def change_password(
    store: Store, passwords: Passwords, district: str, account_id: UUID, old: str, new: str
) -> None:
    """Replace an account's password. Raises RefusedError where the old one is wrong or the new one weak."""
    credentials.check_password(new)
    async with store.transaction(district) as tx:
        account = await repository.find(tx, district, account_id)
    if not await passwords.match(account.password_hash if account else None, old) or account is None:
        raise RefusedError(Fault("old_password", Code.WRONG_CREDENTIALS))
    password_hash = await passwords.hash(new)
    async with store.transaction(district) as tx:
        await repository.set_password(tx, account, password_hash)


def _token(keys: KeyRing, signing_key: SigningKey, account: Account, issued_at: datetime) -> Token:
    claims: dict[str, object] = {
        "iss": ISSUER,
        "sub": str(account.id),
        "district": account.district,
        "roles": list(account.roles),
        "units": [str(unit) for unit in account.units],
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + TOKEN_LIFETIME).timestamp()),
    }
    if account.volunteer_id:
        claims["vid"] = str(account.volunteer_id)
    private_key = OKPKey.import_key(
        {
            "kty": "OKP",
            "crv": "Ed25519",
            "x": _base64url(signing_key.public_key),
            "d": _base64url(keys.open_signing_key(signing_key.id, signing_key.sealed_key)),
        }
    )
    header = {"alg": ALGORITHM, "kid": signing_key.id}
    return Token(
        jwt.encode(header, claims, private_key, algorithms=[ALGORITHM]), TOKEN_LIFETIME // timedelta(seconds=1)
    )


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

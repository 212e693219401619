"""Accounts as an office deals with them: open, lock, unlock, other roles, a temporary password, a lost second factor.

Invariant: nobody grants what ``domain.MAY_GRANT`` does not let them grant, nor touches an account that has such a role;
a district's accounts act in it alone. Whatever takes something from an account ends all it was logged in with.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes, domain, proofs, repository
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.repository import Account
from services.registry.people import repository as people
from services.registry.people.domain.volunteer import belongs_to, is_of_another
from services.registry.places import repository as places
from shared.contracts import (
    AccountPasswordChanged,
    AccountRolesChanged,
    AccountUnlocked,
    SecondFactorRemoved,
)
from shared.contracts.actor import EVERY_DISTRICT, Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.operations import NO_DISTRICT
from shared.store.engine import Store
from shared.store.event_log import new_id

OPERATOR_NAME = "operator"


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


class TemporaryPassword(BaseModel):
    """A password to hand to an account's owner, who must change it at the next log-in. It is shown this once."""

    temporary_password: str


async def open_account(tx: AsyncConnection, actor: Actor, new: NewAccount, password_hash: str) -> AccountCreated:
    """Open an account in the actor's district. Raises RefusedError for a role that the actor may not grant."""
    roles = frozenset(new.roles) | ({Role.VOLUNTEER} if new.volunteer_number else set())
    faults = domain.check_roles(actor, roles, new.units, is_volunteer=bool(new.volunteer_number))
    if not new.user_name and not new.volunteer_number:
        faults.append(Fault("user_name", Code.MISSING))
    if faults:
        raise RefusedError(*faults)
    await places.require_open(tx, actor.district)
    units = await repository.unit_ids(tx, actor.district, new.units)
    volunteer_id = None
    names = [domain.user_name(new.user_name)] if new.user_name else []
    if new.volunteer_number:
        number = domain.log_in_name(new.volunteer_number)
        is_foreign = is_of_another(actor.district, number)
        if is_foreign and not await people.has_moved_in(tx, actor.district, number):
            raise RefusedError(Fault("volunteer_number", Code.OTHER_DISTRICT))
        volunteer_id = await people.id_of_number(tx, actor.district, number)
        if is_foreign or belongs_to(actor.district, number):
            names.append(number)
        elif not names:  # another district may have the same one
            raise RefusedError(Fault("user_name", Code.MISSING))
    account = Account(actor.district, new_id(), names[0], password_hash, tuple(sorted(roles)), units, volunteer_id)
    await changes.enter_account(tx, account, names, actor.name)
    return AccountCreated(id=account.id, log_in_names=names)


async def ensure_operator(store: Store, passwords: Passwords, password: str) -> None:
    """Open the platform operator's account with its first password, where it is not open yet."""
    async with store.transaction(EVERY_DISTRICT) as tx:
        if await repository.whose_name(tx, OPERATOR_NAME):
            return
    account = Account(EVERY_DISTRICT, new_id(), OPERATOR_NAME, await passwords.hash(password), (Role.OPERATOR,))
    async with store.transaction(EVERY_DISTRICT, NO_DISTRICT) as tx:
        await repository.lock_signing_keys(tx)
        if not await repository.whose_name(tx, OPERATOR_NAME):
            await changes.enter_account(tx, account, [OPERATOR_NAME], f"account:{account.id}")


async def lock_account(tx: AsyncConnection, actor: Actor, account_id: UUID, reason: str) -> None:
    """Let nobody log in to an account, and end all it is logged in with; locked already is as good."""
    account = await _within_reach(tx, actor, account_id)
    if not account.locked:
        await changes.lock(tx, account, actor.name, reason)


async def unlock_account(tx: AsyncConnection, actor: Actor, account_id: UUID, reason: str) -> None:
    """Let an account be logged in to again. Raises RefusedError (closed) for one whose volunteer has left."""
    account = await _within_reach(tx, actor, account_id)
    if account.volunteer_id and await people.is_closed(tx, account.district, account.volunteer_id):
        raise RefusedError(Fault("account_id", Code.CLOSED))
    if account.locked:
        version = await repository.set_locked(tx, account, locked=False)
        await changes.record(tx, account, version, AccountUnlocked(account_id=account.id), actor.name, reason)


async def change_roles(
    tx: AsyncConnection, actor: Actor, account_id: UUID, roles: Sequence[Role], units: Sequence[str], reason: str
) -> None:
    """Replace what an account may do; a volunteer's account stays one. Raises RefusedError with every fault found."""
    account = await _within_reach(tx, actor, account_id)
    wanted = frozenset(roles) | ({Role.VOLUNTEER} if account.volunteer_id else set())
    faults = domain.check_roles(actor, wanted, units, is_volunteer=account.volunteer_id is not None)
    if faults:
        raise RefusedError(*faults)
    unit_ids = await repository.unit_ids(tx, actor.district, units)
    if wanted == set(account.roles) and set(unit_ids) == set(account.units):
        return
    version = await repository.set_roles(tx, account, sorted(wanted), unit_ids)
    event = AccountRolesChanged(account_id=account.id, roles=tuple(sorted(wanted)), units=unit_ids)
    await changes.record(tx, account, version, event, actor.name, reason)
    await changes.revoke_all(tx, account, version)


def new_temporary_password() -> str:
    """Return a password that is read out or written down once: 80 bits, no letter that looks like a digit."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "".join(secrets.choice(alphabet) for _ in range(16))


async def reset_password(
    tx: AsyncConnection, actor: Actor, account_id: UUID, password: str, password_hash: str, reason: str
) -> TemporaryPassword:
    """Give an account a temporary password, which its owner must change."""
    account = await _within_reach(tx, actor, account_id)
    version = await repository.set_password(tx, account, password_hash, temporary=True)
    event = AccountPasswordChanged(account_id=account.id, reset=True)
    await changes.record(tx, account, version, event, actor.name, reason)
    await changes.revoke_all(tx, account, version)
    return TemporaryPassword(temporary_password=password)


async def reset_second_factor(tx: AsyncConnection, actor: Actor, account_id: UUID, reason: str) -> None:
    """Take the second factor from an account whose owner has lost it. Raises RefusedError (not_found)."""
    account = await _within_reach(tx, actor, account_id)
    if not await proofs.remove(tx, account):
        raise RefusedError(Fault("second_factor", Code.NOT_FOUND))
    version = await repository.raise_version(tx, account)
    event = SecondFactorRemoved(account_id=account.id, reset=True)
    await changes.record(tx, account, version, event, actor.name, reason)
    await changes.revoke_all(tx, account, version)


async def end_sessions(tx: AsyncConnection, actor: Actor, account_id: UUID, reason: str) -> None:
    """End all that an account is logged in with; its owner may log in again."""
    account = await _within_reach(tx, actor, account_id)
    await changes.end_others(tx, account, None)
    await note(tx, Noted(account.district, actor.name, "account_sessions_ended", account.id, reason))


async def _within_reach(tx: AsyncConnection, actor: Actor, account_id: UUID) -> Account:
    """Return an account of the actor's district, locked for a change. Raises RefusedError for one above the actor."""
    account = await repository.lock(tx, actor.district, account_id)
    if not domain.may_deal_with(actor, account.roles):
        raise RefusedError(Fault("account_id", Code.FORBIDDEN))
    return account

"""What every change to an account writes: its event, the access log's entry, and what is revoked by it.

Invariant: these are in the transaction of the change, which has locked the account (``repository.lock``).
"""

import re
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import repository, sessions
from services.registry.accounts.domain import event_district
from services.registry.accounts.repository import Account
from shared.contracts import AccountLocked, AccountOpened, AccountRolesChanged
from shared.contracts.account import AccountEvent
from shared.contracts.actor import Actor, Role
from shared.contracts.received import StateRecord
from shared.contracts.topics import REVOCATION
from shared.store import event_log
from shared.store.event_log import NewEvent


async def enter_account(tx: AsyncConnection, account: Account, names: Sequence[str], caused_by: str) -> None:
    """Put a new account on file. Raises RefusedError (already_registered)."""
    await repository.insert(tx, account, names)
    await record(tx, account, account.version, _opened(account), caused_by)


async def move_account(tx: AsyncConnection, account: Account, to_district: str, caused_by: str) -> None:
    """Let a locked account be another district's, as it is: who had it locked has it locked there.

    Names, password, second factor and outside identities go along. All that it was logged in with ends.
    """
    await lock(tx, account, caused_by, "volunteer moved")
    moved = await repository.move(tx, account, to_district, locked=account.locked)
    await record(tx, moved, moved.version, _opened(moved), caused_by, "volunteer moved")


async def lock(tx: AsyncConnection, account: Account, caused_by: str, reason: str = "") -> None:
    """Let nobody log in to an account that is held, and end all it is logged in with."""
    version = await repository.set_locked(tx, account, locked=True)
    await record(tx, account, version, AccountLocked(account_id=account.id), caused_by, reason)
    await revoke_all(tx, account, version)


async def record(
    tx: AsyncConnection, account: Account, version: int, event: AccountEvent, caused_by: str, reason: str = ""
) -> None:
    """Publish what was done to an account and enter it in the access log; ``version`` is the account's after it."""
    told = NewEvent(event_district(account.district), account.id, version, event, caused_by)
    await event_log.append(tx, [told])
    await note(tx, Noted(account.district, caused_by, _action_of(event), account.id, reason))


async def replace_unit(tx: AsyncConnection, actor: Actor, unit: UUID, by: UUID | None) -> None:
    """Let all who lead a team that has ended lead the one that it was merged into, or no longer lead it.

    Whoever then leads none is no team leader any more.
    """
    for account_id in await repository.ids_with_unit(tx, actor.district, unit):
        account = await repository.lock(tx, actor.district, account_id)
        kept = [by if each == unit else each for each in account.units]
        units = tuple(dict.fromkeys(each for each in kept if each))
        leads = await repository.names_a_team(tx, actor.district, units)
        roles = [role for role in account.roles if leads or role != Role.TEAM_LEADER]
        version = await repository.set_roles(tx, account, roles, units)
        event = AccountRolesChanged(account_id=account.id, roles=tuple(roles), units=units)
        await record(tx, account, version, event, actor.name, "team merged" if by else "team closed")
        await revoke_all(tx, account, version)


async def revoke_all(tx: AsyncConnection, account: Account, version: int, *, but: UUID | None = None) -> None:
    """End every token that was issued before this version of an account, and its sessions, all but one.

    What the one that stays has is ended too: it gets another by its refresh token.
    """
    await sessions.end_sessions(tx, account, but=but)
    await _publish(tx, account, version)


async def end_session(tx: AsyncConnection, account: Account, session_id: UUID) -> bool:
    """End one session with its tokens; return whether it was open."""
    ended = await sessions.end_sessions(tx, account, only=session_id)
    if ended:
        await _publish(tx, account, 0)
    return bool(ended)


async def end_others(tx: AsyncConnection, account: Account, session_id: UUID | None) -> None:
    """End all sessions but one, with their tokens."""
    if await sessions.end_sessions(tx, account, but=session_id):
        await _publish(tx, account, 0)


async def _publish(tx: AsyncConnection, account: Account, minimum_version: int) -> None:
    revoked = await sessions.revoke(tx, account, minimum_version)
    value = revoked.model_dump_json().encode()
    await event_log.put_state(tx, REVOCATION.name, [StateRecord(account.district, str(account.id), value)])


def _opened(account: Account) -> AccountOpened:
    return AccountOpened(
        account_id=account.id, roles=account.roles, units=account.units, volunteer_id=account.volunteer_id
    )


def _action_of(event: AccountEvent) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", type(event).__name__).lower()

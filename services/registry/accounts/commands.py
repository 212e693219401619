"""What somebody does to their own account."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes, domain, outside_identities, repository
from services.registry.accounts.passwords import Passwords
from shared.contracts import AccountPasswordChanged, OutsideIdentityLinked, OutsideIdentityUnlinked
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store


async def change_password(
    store: Store,
    passwords: Passwords,
    actor: Actor,
    home: str,
    account_id: UUID,
    session_id: UUID | None,
    old: str,
    new: str,
) -> None:
    """Replace an account's password, and end all it is logged in with but this session (ASVS 3.3.3).

    ``home`` is where the account is on file. Raises RefusedError where the old one is wrong or the new one weak.
    """
    domain.check_password(new)
    async with store.transaction(home) as tx:
        account = await repository.find(tx, home, account_id)
    if not await passwords.match(account.password_hash if account else None, old) or account is None:
        raise RefusedError(Fault("old_password", Code.WRONG_CREDENTIALS))
    password_hash = await passwords.hash(new)
    async with store.transaction(home, domain.event_district(home)) as tx:
        present = await repository.lock(tx, home, account_id)
        if present.version != account.version:
            raise RefusedError(Fault("", Code.CHANGED_MEANWHILE))
        version = await repository.set_password(tx, present, password_hash, temporary=False)
        event = AccountPasswordChanged(account_id=account.id, reset=False)
        await changes.record(tx, present, version, event, actor.name)
        await changes.revoke_all(tx, present, version, but=session_id)


async def link_identity(
    tx: AsyncConnection, actor: Actor, home: str, account_id: UUID, issuer: str, subject_hash: bytes
) -> None:
    """Let an identity at an outside issuer log in to an account. Raises RefusedError where one of both is linked."""
    account = await repository.lock(tx, home, account_id)
    if not await outside_identities.link(tx, account, issuer, subject_hash):
        raise RefusedError(Fault("issuer", Code.ALREADY_REGISTERED))
    version = await repository.raise_version(tx, account)
    event = OutsideIdentityLinked(account_id=account.id, issuer=issuer)
    await changes.record(tx, account, version, event, actor.name)


async def unlink_identity(tx: AsyncConnection, actor: Actor, home: str, account_id: UUID, issuer: str) -> None:
    """Let an outside issuer's identity log in to an account no more. Raises RefusedError (not_found)."""
    account = await repository.lock(tx, home, account_id)
    if not await outside_identities.unlink(tx, account, issuer):
        raise RefusedError(Fault("issuer", Code.NOT_FOUND))
    version = await repository.raise_version(tx, account)
    event = OutsideIdentityUnlinked(account_id=account.id, issuer=issuer)
    await changes.record(tx, account, version, event, actor.name)

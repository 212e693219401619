"""Setting up a second factor, doing without it, and showing once more who one is (step-up)."""

from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes, domain, one_time_codes, proofs, repository, sessions
from services.registry.accounts.passwords import Passwords
from services.registry.accounts.tokens import Issuer, Tokens
from services.registry.people.domain.privacy import KeyRing
from shared.contracts import SecondFactorRemoved, SecondFactorSetUp
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store
from shared.store.event_log import now


class Secret(BaseModel):
    """A secret for an authenticator app, to be typed or scanned (the URI as a QR code). It is shown this once."""

    secret: str
    otpauth_uri: str


class RecoveryCodes(BaseModel):
    """Codes to write down: each is good once where the app is not at hand. They are shown this once."""

    recovery_codes: list[str]


async def set_up(tx: AsyncConnection, keys: KeyRing, home: str, account_id: UUID) -> Secret:
    """Give an account a secret, which is asked for once a code of it has confirmed that the app has it.

    Raises RefusedError (not_open) where the account has a second factor.
    """
    account = await repository.lock(tx, home, account_id)
    secret = one_time_codes.new_secret()
    if not await proofs.put_secret(tx, account, keys.seal_second_factor(account.id, secret)):
        raise RefusedError(Fault("second_factor", Code.NOT_OPEN))
    return Secret(secret=secret, otpauth_uri=one_time_codes.otpauth_uri(secret, account.user_name))


async def confirm(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, home: str, account_id: UUID, session_id: UUID | None, code: str
) -> RecoveryCodes:
    """Ask for the second factor from now on, and end all sessions that began without it but this one."""
    account = await repository.lock(tx, home, account_id)
    factor = await proofs.find(tx, account)
    if factor is None or factor.confirmed:
        raise RefusedError(Fault("second_factor", Code.NOT_OPEN))
    await proofs.check_code(tx, keys, account, code)
    codes = list(one_time_codes.new_recovery_codes())
    await proofs.confirm(tx, account, codes)
    version = await repository.raise_version(tx, account)
    await changes.record(tx, account, version, SecondFactorSetUp(account_id=account.id), actor.name)
    await changes.end_others(tx, account, session_id)
    return RecoveryCodes(recovery_codes=codes)


async def remove(tx: AsyncConnection, actor: Actor, home: str, account_id: UUID, session_id: UUID | None) -> None:
    """Do without one's second factor; all other sessions end. Raises RefusedError (not_found)."""
    account = await repository.lock(tx, home, account_id)
    if not await proofs.remove(tx, account):
        raise RefusedError(Fault("second_factor", Code.NOT_FOUND))
    version = await repository.raise_version(tx, account)
    event = SecondFactorRemoved(account_id=account.id, reset=False)
    await changes.record(tx, account, version, event, actor.name)
    await changes.revoke_all(tx, account, version, but=session_id)


async def step_up(
    store: Store,
    passwords: Passwords,
    issuer: Issuer,
    home: str,
    account_id: UUID,
    session_id: UUID | None,
    *,
    code: str,
    password: str,
) -> Tokens:
    """Give a session new tokens for its account's code; for its password where it has no second factor.

    Raises RefusedError (second_factor, wrong_credentials).
    """
    async with store.transaction(home) as tx:
        account = await repository.find(tx, home, account_id)
        signing_key = await repository.current_signing_key(tx)
    if account is None or account.locked or session_id is None or signing_key is None:
        raise domain.session_ended()
    if not account.has_second_factor and not await passwords.match(account.password_hash, password):
        raise RefusedError(Fault("password", Code.WRONG_CREDENTIALS))
    refresh_token = domain.new_refresh_token(home)
    async with store.transaction(home) as tx:
        if account.has_second_factor:
            await proofs.check_code(tx, issuer.keys, account, code)
        if not await sessions.step_up(tx, home, session_id):
            raise domain.session_ended()
        session = await sessions.add_token(tx, home, session_id, refresh_token)
        return issuer.issue(signing_key, account, session, refresh_token, now())

"""What somebody shows of a second factor: a code of their app, or one of the codes on paper.

Invariant: taking a code and noting that it is taken are one statement, so of two requests with one code one is let in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import one_time_codes
from services.registry.accounts.repository import Account
from services.registry.accounts.tables import recovery_code
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now
from shared.store.statements import insert_rows


@dataclass(frozen=True, slots=True, repr=False)
class SecondFactor:
    """An account's secret as it is stored; it is asked for once it is confirmed."""

    sealed_secret: bytes
    confirmed: bool
    last_step: int


_FIND = text("""
    SELECT sealed_secret, confirmed_at IS NOT NULL AS confirmed, last_step FROM second_factor
    WHERE district = :district AND account_id = :account_id
""")
_PUT = text("""
    INSERT INTO second_factor AS kept (district, account_id, sealed_secret, last_step)
    VALUES (:district, :account_id, :sealed_secret, 0)
    ON CONFLICT (district, account_id) DO UPDATE SET sealed_secret = excluded.sealed_secret
    WHERE kept.confirmed_at IS NULL
""")
_TAKE_STEP = text("""
    UPDATE second_factor SET last_step = :step
    WHERE district = :district AND account_id = :account_id AND last_step < :step
""")
_CONFIRM = text("""
    UPDATE second_factor SET confirmed_at = clock_timestamp() WHERE district = :district AND account_id = :account_id
""")
_USE_RECOVERY_CODE = text("""
    UPDATE recovery_code SET used_at = clock_timestamp()
    WHERE district = :district AND account_id = :account_id AND hash = :hash AND used_at IS NULL
""")
_ADD_RECOVERY_CODES = insert_rows(recovery_code, ["hash"], same=["district", "account_id"])
_DELETE = text("""
    DELETE FROM second_factor WHERE district = :district AND account_id = :account_id AND confirmed_at IS NOT NULL
""")


async def find(tx: AsyncConnection, account: Account) -> SecondFactor | None:
    """Return an account's second factor, confirmed or not."""
    row = (await tx.execute(_FIND, _of(account))).mappings().one_or_none()
    return None if row is None else SecondFactor(**row)


async def put_secret(tx: AsyncConnection, account: Account, sealed_secret: bytes) -> bool:
    """Keep a secret that is to be confirmed; False where there is one that is confirmed."""
    return bool((await tx.execute(_PUT, {**_of(account), "sealed_secret": sealed_secret})).rowcount)


async def confirm(tx: AsyncConnection, account: Account, recovery_codes: Sequence[str]) -> None:
    """Ask for the secret's codes from now on; these are good in their place, each once."""
    await tx.execute(_CONFIRM, _of(account))
    hashes = [one_time_codes.hash_of_code(code) for code in recovery_codes]
    await tx.execute(_ADD_RECOVERY_CODES, {**_of(account), "hash": hashes})


async def remove(tx: AsyncConnection, account: Account) -> bool:
    """Forget an account's second factor with its recovery codes; return whether there was one."""
    return bool((await tx.execute(_DELETE, _of(account))).rowcount)


async def check_code(tx: AsyncConnection, keys: KeyRing, account: Account, code: str) -> None:
    """Take a code of an account's second factor, or a recovery code. Raises RefusedError (second_factor)."""
    typed = code.replace(" ", "")
    if one_time_codes.is_totp(typed):
        taken = await _take_totp(tx, keys, account, typed)
    else:
        used = {**_of(account), "hash": one_time_codes.hash_of_code(typed)}
        taken = bool((await tx.execute(_USE_RECOVERY_CODE, used)).rowcount)
    if not taken:
        raise RefusedError(Fault("code", Code.SECOND_FACTOR))


async def _take_totp(tx: AsyncConnection, keys: KeyRing, account: Account, code: str) -> bool:
    factor = await find(tx, account)
    if factor is None:
        return False
    secret = keys.open_second_factor(account.id, factor.sealed_secret)
    step = one_time_codes.step_of(secret, code, factor.last_step, now())
    return step is not None and bool((await tx.execute(_TAKE_STEP, {**_of(account), "step": step})).rowcount)


def _of(account: Account) -> dict[str, str | UUID]:
    return {"district": account.district, "account_id": account.id}

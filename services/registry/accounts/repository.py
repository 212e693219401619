"""Accounts, the names they log in by, and the keys that tokens are signed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Code, Fault, RefusedError


@dataclass(frozen=True, slots=True)
class Account:
    """An account. ``district`` is ``*`` for the operator; ``units`` are ids of stations and teams."""

    district: str
    id: UUID
    user_name: str
    password_hash: str
    roles: tuple[str, ...]
    units: tuple[UUID, ...] = ()
    volunteer_id: UUID | None = None
    version: int = 1
    """Rises by one with each event of the account; tokens say which one they were issued at."""
    locked: bool = False
    must_change_password: bool = False
    has_second_factor: bool = False


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key pair: the public half raw (32 bytes), the private half as ``KeyRing`` seals it."""

    id: str
    public_key: bytes
    sealed_key: bytes


_INSERT = text("""
    INSERT INTO account (district, id, user_name, password_hash, roles, units, volunteer_id, version,
                         must_change_password)
    VALUES (:district, :id, :user_name, :password_hash, :roles, CAST(:units AS uuid[]), :volunteer_id, 1,
            :must_change_password)
    ON CONFLICT DO NOTHING
""")
_INSERT_NAMES = text("""
    INSERT INTO log_in_name (name, belongs_to, account_id)
    SELECT n.name, :district, :account_id FROM unnest(CAST(:names AS text[])) AS n(name)
    ON CONFLICT (name) DO UPDATE SET belongs_to = excluded.belongs_to, account_id = excluded.account_id
    WHERE starts_with(excluded.name, excluded.belongs_to) AND log_in_name.belongs_to <> excluded.belongs_to
""")
# A volunteer number is its own district's: where another one's account logs in by it (none could since case C27), that
# account loses the name.


async def insert(tx: AsyncConnection, account: Account, names: Sequence[str]) -> None:
    """Open an account that logs in by any of ``names``.

    Raises RefusedError where the volunteer has an account (already_registered) or a name is taken (name_taken).
    """
    row = {
        "district": account.district,
        "id": account.id,
        "user_name": account.user_name,
        "password_hash": account.password_hash,
        "roles": list(account.roles),
        "units": list(account.units),
        "volunteer_id": account.volunteer_id,
        "must_change_password": account.must_change_password,
    }
    if (await tx.execute(_INSERT, row)).rowcount == 0:
        raise RefusedError(Fault("volunteer_number", Code.ALREADY_REGISTERED))
    named = await tx.execute(
        _INSERT_NAMES, {"district": account.district, "account_id": account.id, "names": list(names)}
    )
    if named.rowcount < len(names):
        raise RefusedError(Fault("user_name", Code.NAME_TAKEN))


_BY_NAME = text("SELECT belongs_to, account_id FROM log_in_name WHERE name = :name")
_ACCOUNT = """
    SELECT district, id, user_name, password_hash, roles, units, volunteer_id, version, locked_at IS NOT NULL AS locked,
           must_change_password,
           EXISTS (SELECT FROM second_factor f
                   WHERE f.district = :district AND f.account_id = :id AND f.confirmed_at IS NOT NULL)
               AS has_second_factor
    FROM account WHERE district = :district AND id = :id
"""
_BY_ID, _LOCK = text(_ACCOUNT), text(f"{_ACCOUNT} FOR NO KEY UPDATE")


async def whose_name(tx: AsyncConnection, name: str) -> tuple[str, UUID] | None:
    """Return the district and id of the account that logs in by a name, or None."""
    row = (await tx.execute(_BY_NAME, {"name": name})).one_or_none()
    return None if row is None else (row.belongs_to, row.account_id)


async def find(tx: AsyncConnection, district: str, account_id: UUID) -> Account | None:
    """Return an account, or None."""
    return await _one(tx, _BY_ID, district, account_id)


async def lock(tx: AsyncConnection, district: str, account_id: UUID) -> Account:
    """Become the one who changes an account, or ends sessions of it. Raises RefusedError (not_found)."""
    account = await _one(tx, _LOCK, district, account_id)
    if account is None:
        raise RefusedError(Fault("account_id", Code.NOT_FOUND))
    return account


async def _one(tx: AsyncConnection, statement: TextClause, district: str, account_id: UUID) -> Account | None:
    row = (await tx.execute(statement, {"district": district, "id": account_id})).mappings().one_or_none()
    if row is None:
        return None
    return Account(**{**row, "roles": tuple(row["roles"]), "units": tuple(row["units"])})


_CHANGE = "UPDATE account SET {change}, version = version + 1 WHERE district = :district AND id = :id RETURNING version"
_RAISE_VERSION = text(_CHANGE.replace("{change}, ", ""))
_SET_PASSWORD = text(
    _CHANGE.format(change="password_hash = :password_hash, must_change_password = :must_change_password")
)
_SET_LOCKED = text(_CHANGE.format(change="locked_at = CASE WHEN :locked THEN clock_timestamp() END"))
_SET_ROLES = text(_CHANGE.format(change="roles = :roles, units = CAST(:units AS uuid[])"))


async def set_password(tx: AsyncConnection, account: Account, password_hash: str, *, temporary: bool) -> int:
    """Replace an account's password; return the account's new version. A temporary one must be changed first."""
    return await _change(tx, _SET_PASSWORD, account, password_hash=password_hash, must_change_password=temporary)


async def raise_version(tx: AsyncConnection, account: Account) -> int:
    """Return the new version of an account of which something has changed that is in another table."""
    return await _change(tx, _RAISE_VERSION, account)


async def set_locked(tx: AsyncConnection, account: Account, *, locked: bool) -> int:
    """Lock or unlock an account; return its new version."""
    return await _change(tx, _SET_LOCKED, account, locked=locked)


async def set_roles(tx: AsyncConnection, account: Account, roles: Sequence[str], units: Sequence[UUID]) -> int:
    """Replace what an account may do; return its new version."""
    return await _change(tx, _SET_ROLES, account, roles=list(roles), units=list(units))


async def _change(tx: AsyncConnection, statement: TextClause, account: Account, **values: object) -> int:
    version: int | None = await tx.scalar(statement, {"district": account.district, "id": account.id, **values})
    if version is None:
        raise RefusedError(Fault("account_id", Code.NOT_FOUND))
    return version


_MOVE = tuple(
    text(statement)
    for statement in (
        """
        INSERT INTO account (district, id, user_name, password_hash, roles, units, volunteer_id, created_at, version,
                             locked_at, must_change_password)
        SELECT :to_district, id, user_name, password_hash, roles, '{}', volunteer_id, created_at, 1,
               CASE WHEN :locked THEN locked_at END, must_change_password
        FROM account WHERE district = :district AND id = :id
        """,
        """
        INSERT INTO second_factor (district, account_id, sealed_secret, confirmed_at, last_step)
        SELECT :to_district, account_id, sealed_secret, confirmed_at, last_step
        FROM second_factor WHERE district = :district AND account_id = :id
        """,
        """
        INSERT INTO recovery_code (district, account_id, hash, used_at)
        SELECT :to_district, account_id, hash, used_at
        FROM recovery_code WHERE district = :district AND account_id = :id
        """,
        "DELETE FROM second_factor WHERE district = :district AND account_id = :id",
        "UPDATE log_in_name SET belongs_to = :to_district WHERE belongs_to = :district AND account_id = :id",
        "UPDATE outside_identity SET belongs_to = :to_district WHERE belongs_to = :district AND account_id = :id",
        "UPDATE account SET password_hash = '' WHERE district = :district AND id = :id",
    )
)


async def move(tx: AsyncConnection, account: Account, to_district: str, *, locked: bool) -> Account:
    """Let a volunteer's account be another district's, with all that logs in to it; return it as it is there.

    ``locked``: it was before. What stays behind is locked, opens to nobody, and says whose the sessions were.
    """
    values = {"district": account.district, "id": account.id, "to_district": to_district, "locked": locked}
    for statement in _MOVE:
        await tx.execute(statement, values)
    return await lock(tx, to_district, account.id)


_UNITS = text("""
    SELECT code, id FROM station WHERE district = :district AND code = ANY(CAST(:codes AS text[]))
    UNION ALL SELECT code, id FROM team WHERE district = :district AND code = ANY(CAST(:codes AS text[]))
    UNION ALL SELECT code, id FROM guiding_body WHERE district = :district AND code = ANY(CAST(:codes AS text[]))
""")
_WITH_UNIT = text("SELECT id FROM account WHERE district = :district AND :unit = ANY(units) ORDER BY id")
_NAMES_A_TEAM = text("SELECT EXISTS (SELECT FROM team WHERE district = :district AND id = ANY(CAST(:units AS uuid[])))")


async def ids_with_unit(tx: AsyncConnection, district: str, unit: UUID) -> Sequence[UUID]:
    """Return the accounts that have a unit."""
    return (await tx.scalars(_WITH_UNIT, {"district": district, "unit": unit})).all()


async def names_a_team(tx: AsyncConnection, district: str, units: Sequence[UUID]) -> bool:
    """Return whether one of the units is a team."""
    return bool(await tx.scalar(_NAMES_A_TEAM, {"district": district, "units": list(units)}))


async def unit_ids(tx: AsyncConnection, district: str, codes: Sequence[str]) -> tuple[UUID, ...]:
    """Return the ids of stations, teams and guiding bodies.

    Raises RefusedError (unknown_reference) where one is not on file.
    """
    ids = {row.code: row.id for row in await tx.execute(_UNITS, {"district": district, "codes": list(codes)})}
    if any(code not in ids for code in codes):
        raise RefusedError(Fault("units", Code.UNKNOWN_REFERENCE))
    return tuple(ids[code] for code in codes)


_LOCK_SIGNING_KEYS = text("SELECT pg_advisory_xact_lock(hashtextextended('signing_key', 0))")
_RETIRE = text("UPDATE signing_key SET replaced_at = clock_timestamp() WHERE replaced_at IS NULL")
_INSERT_KEY = text("""
    INSERT INTO signing_key (id, public_key, sealed_key) VALUES (:id, :public_key, :sealed_key)
""")
_CURRENT_KEY = text("SELECT id, public_key, sealed_key FROM signing_key WHERE replaced_at IS NULL")


async def lock_signing_keys(tx: AsyncConnection) -> None:
    """Become the one who may replace the signing key."""
    await tx.execute(_LOCK_SIGNING_KEYS)


async def current_signing_key(tx: AsyncConnection) -> SigningKey | None:
    """Return the key that signs, or None before there is one."""
    row = (await tx.execute(_CURRENT_KEY)).mappings().one_or_none()
    return None if row is None else SigningKey(**row)


async def replace_signing_key(tx: AsyncConnection, key: SigningKey) -> None:
    """Let ``key`` sign from now on; the one before it goes on verifying while its tokens last."""
    await tx.execute(_RETIRE)
    await tx.execute(_INSERT_KEY, {"id": key.id, "public_key": key.public_key, "sealed_key": key.sealed_key})

"""Sessions and their refresh tokens on file, and what of an account's tokens is revoked.

Invariant: a session is a family of refresh tokens (RFC 9700, 4.14.2). Its ``generation`` is that of the tokens which
are good. Using one makes the next generation, and with it every other token of the family old: another one of the same
generation too, so at most one line of a family lives on. ``rotated_from`` is the token that was used last: for
``REUSE_GRACE``, and until a token of the present generation is used, it is given another one of this generation, since
the answer may have been lost. Any other old token is a stolen one or a thief's: the session ends.
Whoever ends sessions has locked their account before (``repository.lock``), so what is published of them is complete.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.domain import REUSE_GRACE, Device, SessionLifetime, hash_of_token
from services.registry.accounts.repository import Account
from shared.contracts.tokens import REVOKED_FOR, Revocation
from shared.store.event_log import new_id

_KEPT = timedelta(days=30)
"""How long a session that is over stays on file."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as tokens are issued of it. ``expires_in``: how long its refresh token lasts, unless it is used."""

    id: UUID
    expires_in: timedelta
    stepped_up_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Presented:
    """The session of a refresh token that somebody shows, locked, and what the token is to it."""

    id: UUID
    account_id: UUID
    open: bool
    """Neither ended nor over."""
    current: bool
    """It is good."""
    in_grace: bool
    """It was used a moment ago, and nobody has used what it gave."""


_OPEN = text("""
    WITH unchanged AS (
        SELECT FROM account WHERE district = :district AND id = :account_id AND version = :version FOR SHARE
    ), over AS (
        DELETE FROM session
        WHERE district = :district AND account_id = :account_id
          AND least(ended_at, expires_at, idle_until) < clock_timestamp() - CAST(:kept AS interval)
    ), opened AS (
        INSERT INTO session (district, id, account_id, user_agent, address, stepped_up_at, expires_at, idle_until)
        SELECT :district, :id, :account_id, :user_agent, :address,
               CASE WHEN :stepped_up THEN clock_timestamp() END,
               clock_timestamp() + CAST(:whole AS interval), clock_timestamp() + CAST(:idle AS interval)
        FROM unchanged
        RETURNING id, stepped_up_at, least(expires_at, idle_until) - clock_timestamp() AS expires_in
    ), token AS (
        INSERT INTO refresh_token (district, hash, session_id, generation) SELECT :district, :hash, id, 1 FROM opened
    )
    SELECT id, stepped_up_at, expires_in FROM opened
""")
_PRESENTED = text("""
    SELECT s.id, s.account_id, s.ended_at IS NULL AND least(s.expires_at, s.idle_until) > clock_timestamp() AS open,
           t.generation = s.generation AS current,
           coalesce(t.hash = s.rotated_from AND s.rotated_at > clock_timestamp() - CAST(:grace AS interval), false)
               AS in_grace
    FROM refresh_token t JOIN session s ON s.district = t.district AND s.id = t.session_id
    WHERE t.district = :district AND t.hash = :hash
    FOR UPDATE OF s
""")
_ROTATE = text("""
    WITH rotated AS (
        UPDATE session
        SET generation = generation + 1, rotated_from = :from, rotated_at = clock_timestamp(),
            seen_at = clock_timestamp(), idle_until = clock_timestamp() + CAST(:idle AS interval)
        WHERE district = :district AND id = :id
        RETURNING id, generation, stepped_up_at, least(expires_at, idle_until) - clock_timestamp() AS expires_in
    ), token AS (
        INSERT INTO refresh_token (district, hash, session_id, generation)
        SELECT :district, :hash, id, generation FROM rotated
    )
    SELECT id, stepped_up_at, expires_in FROM rotated
""")
_ADD = text("""
    WITH token AS (
        INSERT INTO refresh_token (district, hash, session_id, generation)
        SELECT :district, :hash, id, generation FROM session WHERE district = :district AND id = :id
    )
    SELECT id, stepped_up_at, least(expires_at, idle_until) - clock_timestamp() AS expires_in
    FROM session WHERE district = :district AND id = :id
""")


async def open_session(
    tx: AsyncConnection,
    account: Account,
    device: Device,
    lifetime: SessionLifetime,
    refresh_token: str,
    *,
    stepped_up: bool,
) -> Session | None:
    """Begin a session with its first refresh token; None where the account has changed since it was read."""
    row = await tx.execute(
        _OPEN,
        {
            "district": account.district,
            "account_id": account.id,
            "version": account.version,
            "id": new_id(),
            "user_agent": device.user_agent,
            "address": device.address,
            "stepped_up": stepped_up,
            "whole": lifetime.whole,
            "idle": lifetime.idle,
            "hash": hash_of_token(refresh_token),
            "kept": _KEPT,
        },
    )
    found = row.mappings().one_or_none()
    return None if found is None else Session(**found)


async def presented(tx: AsyncConnection, district: str, refresh_token: str) -> Presented | None:
    """Return what a refresh token is to its session, and become the one who may rotate it; None: it is none."""
    values = {"district": district, "hash": hash_of_token(refresh_token), "grace": REUSE_GRACE}
    row = (await tx.execute(_PRESENTED, values)).mappings().one_or_none()
    return None if row is None else Presented(**row)


async def rotate(
    tx: AsyncConnection, district: str, session_id: UUID, used: str, successor: str, lifetime: SessionLifetime
) -> Session:
    """Let a refresh token's successor be good in its place."""
    values = {
        "district": district,
        "id": session_id,
        "from": hash_of_token(used),
        "hash": hash_of_token(successor),
        "idle": lifetime.idle,
    }
    return Session(**(await tx.execute(_ROTATE, values)).mappings().one())


async def add_token(tx: AsyncConnection, district: str, session_id: UUID, refresh_token: str) -> Session:
    """Let another refresh token of the present generation be good: whichever is used first makes the others old."""
    values = {"district": district, "id": session_id, "hash": hash_of_token(refresh_token)}
    return Session(**(await tx.execute(_ADD, values)).mappings().one())


_STEP_UP = text("""
    UPDATE session SET stepped_up_at = clock_timestamp()
    WHERE district = :district AND id = :id
      AND ended_at IS NULL AND least(expires_at, idle_until) > clock_timestamp()
""")


async def step_up(tx: AsyncConnection, district: str, session_id: UUID) -> bool:
    """Note that somebody has just shown once more who they are; return whether the session goes on."""
    return bool((await tx.execute(_STEP_UP, {"district": district, "id": session_id})).rowcount)


_END = text("""
    UPDATE session SET ended_at = clock_timestamp()
    WHERE district = :district AND account_id = :account_id AND ended_at IS NULL
      AND (CAST(:only AS uuid) IS NULL OR id = :only) AND (CAST(:but AS uuid) IS NULL OR id <> :but)
""")
_REVOKE = text("""
    INSERT INTO revocation AS kept (district, account_id, minimum_version, ended_sessions, changed_at)
    SELECT :district, :account_id, :minimum_version,
           ARRAY(SELECT id FROM session
                 WHERE district = :district AND account_id = :account_id
                   AND ended_at > clock_timestamp() - CAST(:revoked_for AS interval) ORDER BY ended_at),
           clock_timestamp()
    ON CONFLICT (district, account_id) DO UPDATE
    SET minimum_version = greatest(kept.minimum_version, excluded.minimum_version),
        ended_sessions = excluded.ended_sessions, changed_at = excluded.changed_at
    RETURNING minimum_version, ended_sessions, changed_at
""")


async def end_sessions(
    tx: AsyncConnection, account: Account, *, only: UUID | None = None, but: UUID | None = None
) -> int:
    """End an account's sessions, or one of them, or all but one; return how many were open."""
    values = {"district": account.district, "account_id": account.id, "only": only, "but": but}
    return (await tx.execute(_END, values)).rowcount


async def revoke(tx: AsyncConnection, account: Account, minimum_version: int) -> Revocation:
    """Revoke the tokens of versions before this one and of sessions that have ended; return all that is revoked."""
    values = {
        "district": account.district,
        "account_id": account.id,
        "minimum_version": minimum_version,
        "revoked_for": REVOKED_FOR,
    }
    return Revocation(**(await tx.execute(_REVOKE, values)).mappings().one())

"""The session's row."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.sessions.domain import CookieValue, Session, Tokens, decrypt, encrypt, is_over

_INSERT = text("""
    INSERT INTO session (district, secret_hash, account_id, volunteer_id, roles, access_token, access_until,
                         refresh_token, created_at, seen_at, ends_at)
    VALUES (:district, :secret_hash, :account_id, :volunteer_id, :roles, :access_token, :access_until, :refresh_token,
            :created_at, :seen_at, :ends_at)
""")
_SELECT = """
    SELECT account_id, volunteer_id, roles, access_token, access_until, refresh_token, created_at, seen_at, ends_at
    FROM session WHERE district = :district AND secret_hash = :secret_hash
"""
_FIND = text(_SELECT)
_LOCK = text(f"{_SELECT} FOR UPDATE")
_SET_TOKENS = text("""
    UPDATE session SET access_token = :access_token, access_until = :access_until, refresh_token = :refresh_token
    WHERE district = :district AND secret_hash = :secret_hash
""")
_END_ACCESS = text("""
    UPDATE session SET access_until = :now WHERE district = :district AND secret_hash = :secret_hash
""")
_SEE = text("UPDATE session SET seen_at = :now WHERE district = :district AND secret_hash = :secret_hash")
_STILL_THERE = text("""
    SELECT secret_hash, roles, seen_at, ends_at FROM session
    WHERE district = :district AND secret_hash = ANY(CAST(:hashes AS bytea[]))
""")
_DELETE = text("DELETE FROM session WHERE district = :district AND secret_hash = :secret_hash")
_DELETE_OVER = text("DELETE FROM session WHERE district = :district AND ends_at < :now")


async def insert(tx: AsyncConnection, key: bytes, cookie: CookieValue, session: Session) -> None:
    """Keep a new session."""
    values = {
        "account_id": session.account_id,
        "volunteer_id": session.volunteer_id,
        "roles": sorted(session.roles),
        "created_at": session.created_at,
        "seen_at": session.seen_at,
        "ends_at": session.ends_at,
    }
    await tx.execute(_INSERT, _of(cookie) | values | _sealed(key, cookie, session.tokens))


async def find(tx: AsyncConnection, key: bytes, cookie: CookieValue, *, lock: bool = False) -> Session | None:
    """Return the session of a cookie, if there is one; ``lock``: and keep others from changing it."""
    row = (await tx.execute(_LOCK if lock else _FIND, _of(cookie))).one_or_none()
    access = decrypt(key, row.access_token, cookie) if row else None
    refresh = decrypt(key, row.refresh_token, cookie) if row else None
    if row is None or access is None or refresh is None:
        return None
    return Session(
        district=cookie.district,
        account_id=row.account_id,
        volunteer_id=row.volunteer_id,
        roles=frozenset(row.roles),
        tokens=Tokens(access, row.access_until, refresh),
        created_at=row.created_at,
        seen_at=row.seen_at,
        ends_at=row.ends_at,
    )


async def set_tokens(tx: AsyncConnection, key: bytes, cookie: CookieValue, tokens: Tokens) -> None:
    """Replace a session's tokens by newer ones."""
    await tx.execute(_SET_TOKENS, _of(cookie) | _sealed(key, cookie, tokens))


async def end_access(tx: AsyncConnection, cookie: CookieValue, now: datetime) -> None:
    """Note that the access token is good for nothing any more: the next request gets a newer one."""
    await tx.execute(_END_ACCESS, _of(cookie) | {"now": now})


async def see(tx: AsyncConnection, cookie: CookieValue, now: datetime) -> None:
    """Note that somebody looks."""
    await tx.execute(_SEE, _of(cookie) | {"now": now})


async def still_there(
    tx: AsyncConnection, district: str, secret_hashes: Collection[bytes], now: datetime
) -> set[bytes]:
    """Return which of some sessions have not ended."""
    rows = await tx.execute(_STILL_THERE, {"district": district, "hashes": list(secret_hashes)})
    return {row.secret_hash for row in rows if not is_over(row.roles, row.seen_at, row.ends_at, now)}


async def delete(tx: AsyncConnection, cookie: CookieValue) -> None:
    """Forget a session."""
    await tx.execute(_DELETE, _of(cookie))


async def delete_over(tx: AsyncConnection, district: str, now: datetime) -> None:
    """Forget what has ended."""
    await tx.execute(_DELETE_OVER, {"district": district, "now": now})


def _of(cookie: CookieValue) -> dict[str, object]:
    return {"district": cookie.district, "secret_hash": cookie.secret_hash}


def _sealed(key: bytes, cookie: CookieValue, tokens: Tokens) -> dict[str, object]:
    return {
        "access_token": encrypt(key, tokens.access, cookie),
        "access_until": tokens.access_until,
        "refresh_token": encrypt(key, tokens.refresh, cookie),
    }

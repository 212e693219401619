"""Beginning and ending a session.

Invariant: a log-in always gets a new cookie value, so a value that somebody planted before is worth nothing after.
"""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.portal.sessions import repository
from services.portal.sessions.domain import CookieValue, Session, Tokens, lifetime, new_cookie_value


async def begin_session(
    tx: AsyncConnection,
    key: bytes,
    district: str,
    account_id: UUID,
    volunteer_id: UUID | None,
    roles: Iterable[str],
    tokens: Tokens,
    now: datetime,
) -> CookieValue:
    """Keep a session for an account that has just shown who it is; return what its browser keeps."""
    roles = frozenset(roles)
    cookie = new_cookie_value(district)
    session = Session(district, account_id, volunteer_id, roles, tokens, now, now, now + lifetime(roles).longest)
    await repository.delete_over(tx, district, now)
    await repository.insert(tx, key, cookie, session)
    return cookie


async def end_session(tx: AsyncConnection, cookie: CookieValue) -> None:
    """Forget a session: its cookie opens nothing any more."""
    await repository.delete(tx, cookie)

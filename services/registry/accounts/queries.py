"""What is shown of accounts and their sessions, and the keys that tokens verify against."""

import base64
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import account_of
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.tokens import LIFETIME
from shared.store.engine import Store

CLOCK_SKEW = timedelta(minutes=1)

_OWN_ACCOUNT = text("""
    SELECT user_name, EXISTS (SELECT FROM second_factor f WHERE f.district = a.district AND f.account_id = a.id
                              AND f.confirmed_at IS NOT NULL) AS second_factor
    FROM account a WHERE district = :district AND id = :id
""")
_VERIFYING_KEYS = text("""
    SELECT id, public_key FROM signing_key
    WHERE replaced_at IS NULL OR replaced_at > clock_timestamp() - CAST(:lifetime AS interval)
    ORDER BY created_at DESC
""")


class SigningKeyView(BaseModel):
    """A key that tokens are signed with: since when, until when, and until when those of it are still good.

    Both ends are null of the key that signs now.
    """

    id: str
    created_at: datetime
    replaced_at: datetime | None
    verifies_until: datetime | None


_SIGNING_KEYS = text("""
    SELECT id, created_at, replaced_at, replaced_at + CAST(:lifetime AS interval) AS verifies_until
    FROM signing_key ORDER BY created_at DESC LIMIT 20
""")


async def signing_keys(tx: AsyncConnection) -> list[SigningKeyView]:
    """Return the last twenty keys that tokens are signed with, the newest first."""
    rows = await tx.execute(_SIGNING_KEYS, {"lifetime": LIFETIME + CLOCK_SKEW})
    return [SigningKeyView(**row) for row in rows.mappings()]


async def own_account(tx: AsyncConnection, district: str, account_id: UUID) -> tuple[str, bool]:
    """Return an account's name, and whether logging in takes a second factor. Raises RefusedError (not_found)."""
    row = (await tx.execute(_OWN_ACCOUNT, {"district": district, "id": account_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("account", Code.NOT_FOUND))
    return row.user_name, row.second_factor


class SessionView(BaseModel):
    """A log-in that goes on: when and on what it began, when it last got a token. ``current``: the one that asks."""

    id: UUID
    created_at: datetime
    seen_at: datetime
    user_agent: str
    address_masked: str
    current: bool


_SESSIONS = text("""
    SELECT id, created_at, seen_at, user_agent, address AS address_masked,
           coalesce(id = CAST(:current AS uuid), false) AS current
    FROM session
    WHERE district = :district AND account_id = :account_id
      AND ended_at IS NULL AND least(expires_at, idle_until) > clock_timestamp()
    ORDER BY seen_at DESC, id
    LIMIT 200
""")


async def open_sessions(
    tx: AsyncConnection, district: str, account_id: UUID, current: UUID | None
) -> list[SessionView]:
    """Return an account's sessions that go on, the last seen first."""
    values = {"district": district, "account_id": account_id, "current": current}
    return [SessionView(**row) for row in (await tx.execute(_SESSIONS, values)).mappings()]


class AccountView(BaseModel):
    """An account as its district's office sees it. ``units`` are codes of stations and teams."""

    id: UUID
    user_name: str
    roles: list[str]
    units: list[str]
    volunteer_number: str | None
    locked: bool
    must_change_password: bool
    second_factor: bool
    """Whether logging in takes a code as well."""
    created_at: datetime
    sessions: int
    """How many log-ins go on."""


_ACCOUNTS = """
    SELECT a.id, a.user_name, a.roles, v.number AS volunteer_number, a.locked_at IS NOT NULL AS locked,
           a.must_change_password, a.created_at,
           EXISTS (SELECT FROM second_factor f WHERE f.district = a.district AND f.account_id = a.id
                   AND f.confirmed_at IS NOT NULL) AS second_factor,
           ARRAY(SELECT code FROM station u WHERE u.district = a.district AND u.id = ANY(a.units)
                 UNION ALL SELECT code FROM team u WHERE u.district = a.district AND u.id = ANY(a.units)
                 UNION ALL SELECT code FROM guiding_body u WHERE u.district = a.district AND u.id = ANY(a.units)
                 ORDER BY 1) AS units,
           (SELECT count(*) FROM session s
            WHERE s.district = a.district AND s.account_id = a.id
              AND s.ended_at IS NULL AND least(s.expires_at, s.idle_until) > clock_timestamp()) AS sessions
    FROM account a LEFT JOIN volunteer v ON v.district = a.district AND v.id = a.volunteer_id
    WHERE a.district = :district
"""
_ONE_ACCOUNT = text(f"{_ACCOUNTS} AND a.id = :id")
_SOME_ACCOUNTS = text(f"""{_ACCOUNTS}
      AND a.user_name > :after
      AND (CAST(:role AS text) IS NULL OR CAST(:role AS text) = ANY(a.roles))
      AND (starts_with(a.user_name, :query) OR starts_with(coalesce(v.number, ''), upper(:query)))
    ORDER BY a.user_name LIMIT :limit
""")


async def find_account(tx: AsyncConnection, district: str, account_id: UUID) -> AccountView:
    """Return an account of a district. Raises RefusedError (not_found)."""
    row = (await tx.execute(_ONE_ACCOUNT, {"district": district, "id": account_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("account_id", Code.NOT_FOUND))
    return AccountView(**row)


async def find_accounts(
    tx: AsyncConnection, district: str, after: str, limit: int, *, query: str, role: str | None
) -> list[AccountView]:
    """Return a district's accounts by name, from after a name on; name or volunteer number start with ``query``."""
    values = {"district": district, "after": after, "limit": limit, "query": query.lower(), "role": role}
    return [AccountView(**row) for row in (await tx.execute(_SOME_ACCOUNTS, values)).mappings()]


class AccountChange(BaseModel):
    """What was done to an account. ``by`` is a user name; None where it is of no account of the district."""

    id: UUID
    happened_at: datetime
    action: str
    by: str | None
    reason: str


_CHANGES = text(f"""
    SELECT l.id, l.happened_at, l.action, l.reason, a.user_name AS by
    FROM access_log l
    {account_of("a", "l.actor")}
    WHERE l.district = :district AND l.subject_id = :id AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
    ORDER BY l.id DESC LIMIT :limit
""")


async def find_changes(
    tx: AsyncConnection, district: str, account_id: UUID, before: UUID | None, limit: int
) -> list[AccountChange]:
    """Return what was done to an account, the newest first, from before one on. Raises RefusedError (not_found)."""
    await find_account(tx, district, account_id)
    values = {"district": district, "id": account_id, "before": before, "limit": limit}
    return [AccountChange(**row) for row in (await tx.execute(_CHANGES, values)).mappings()]


def key_set_of(store: Store) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return what gives the key set (RFC 7517): the key that signs, and those whose tokens may still be in date."""

    async def key_set() -> dict[str, Any]:
        async with store.transaction() as tx:
            rows = (await tx.execute(_VERIFYING_KEYS, {"lifetime": LIFETIME + CLOCK_SKEW})).all()
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "use": "sig",
                    "kid": row.id,
                    "x": base64.urlsafe_b64encode(row.public_key).rstrip(b"=").decode(),
                }
                for row in rows
            ]
        }

    return key_set

"""What is shown of accounts, and the keys that tokens verify against."""

import base64
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.domain import TOKEN_LIFETIME
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.engine import Store

CLOCK_SKEW = timedelta(minutes=1)

_ACCOUNT_NAME = text("SELECT user_name FROM account WHERE district = :district AND id = :id")
_VERIFYING_KEYS = text("""
    SELECT id, public_key FROM signing_key
    WHERE replaced_at IS NULL OR replaced_at > clock_timestamp() - CAST(:lifetime AS interval)
    ORDER BY created_at DESC
""")


async def user_name(tx: AsyncConnection, district: str, account_id: UUID) -> str:
    """Return an account's name. Raises RefusedError (not_found)."""
    name: str | None = await tx.scalar(_ACCOUNT_NAME, {"district": district, "id": account_id})
    if name is None:
        raise RefusedError(Fault("account", Code.NOT_FOUND))
    return name


def key_set_of(store: Store) -> Callable[[], Awaitable[dict[str, Any]]]:
    """Return what gives the key set (RFC 7517): the key that signs, and those whose tokens may still be in date."""

    async def key_set() -> dict[str, Any]:
        async with store.transaction() as tx:
            rows = (await tx.execute(_VERIFYING_KEYS, {"lifetime": TOKEN_LIFETIME + CLOCK_SKEW})).all()
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

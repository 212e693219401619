"""Which identity at an outside issuer is whose, on file."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.repository import Account

_WHOSE = text("""
    SELECT belongs_to, account_id FROM outside_identity WHERE issuer = :issuer AND subject_hash = :subject_hash
""")
_LINK = text("""
    INSERT INTO outside_identity (issuer, subject_hash, belongs_to, account_id)
    VALUES (:issuer, :subject_hash, :belongs_to, :account_id)
    ON CONFLICT DO NOTHING
""")
_UNLINK = text("DELETE FROM outside_identity WHERE issuer = :issuer AND account_id = :account_id")


_OF_ACCOUNT = text("SELECT issuer, linked_at FROM outside_identity WHERE account_id = :account_id ORDER BY issuer")


class LinkedIdentity(BaseModel):
    """An issuer whose identity logs in to an account, and since when."""

    issuer: str
    linked_at: datetime


async def of_account(tx: AsyncConnection, account_id: UUID) -> list[LinkedIdentity]:
    """Return the issuers by which an account is logged in to."""
    rows = (await tx.execute(_OF_ACCOUNT, {"account_id": account_id})).mappings()
    return [LinkedIdentity(**row) for row in rows]


async def whose(tx: AsyncConnection, issuer: str, subject_hash: bytes) -> tuple[str, UUID] | None:
    """Return the district and id of the account that an identity is linked to, or None."""
    row = (await tx.execute(_WHOSE, {"issuer": issuer, "subject_hash": subject_hash})).one_or_none()
    return None if row is None else (row.belongs_to, row.account_id)


async def link(tx: AsyncConnection, account: Account, issuer: str, subject_hash: bytes) -> bool:
    """Let an identity log in to an account; False where it, or the account, is linked at the issuer already."""
    values = {
        "issuer": issuer,
        "subject_hash": subject_hash,
        "belongs_to": account.district,
        "account_id": account.id,
    }
    return bool((await tx.execute(_LINK, values)).rowcount)


async def unlink(tx: AsyncConnection, account: Account, issuer: str) -> bool:
    """Let an issuer's identity log in no more; return whether one did."""
    return bool((await tx.execute(_UNLINK, {"issuer": issuer, "account_id": account.id})).rowcount)

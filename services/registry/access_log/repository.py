"""What is written into the access log.

Invariant: an entry is in the transaction of what it tells of, and nobody changes or deletes one: the roles may not, and
a trigger refuses it to the owner.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.event_log import new_id


@dataclass(frozen=True, slots=True)
class Noted:
    """Who (as events name them) did what, to which account or person, and why."""

    district: str
    actor: str
    action: str
    """Past tense, e.g. ``account_locked``."""
    subject_id: UUID
    reason: str = ""


_INSERT = text("""
    INSERT INTO access_log (district, id, actor, action, subject_id, reason)
    VALUES (:district, :id, :actor, :action, :subject_id, :reason)
""")


async def note(tx: AsyncConnection, noted: Noted) -> None:
    """Enter something that happens in the transaction."""
    await tx.execute(_INSERT, {"id": new_id(), **asdict(noted)})

"""Contacts that could not be applied and wait for an operator, and the entries that are one person's."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.topics import CONTACT, guardian_key

ENTRIES_OF = """
    ANY(ARRAY(SELECT CAST(:recipient_id AS uuid)
              UNION ALL SELECT id FROM merged_volunteer WHERE district = :district AND kept_id = :recipient_id))
"""
"""The entries that are ``:recipient_id``'s: their own, and those that are merged into it (ADR 0060)."""
# Applied again, a parked contact without its value is the tombstone that came after it.
_EMPTY = text("""
    UPDATE dead_letter SET value = NULL
    WHERE right(topic, length(CAST(:topic AS text))) = :topic AND key = ANY(CAST(:keys AS bytea[]))
      AND value IS NOT NULL
""")


async def empty_parked(tx: AsyncConnection, volunteers: Sequence[UUID]) -> None:
    """Forget what parked contacts of these people, and of their guardians, say."""
    keys = [key for each in volunteers for key in (each, guardian_key(each))]
    await tx.execute(_EMPTY, {"topic": CONTACT.name, "keys": [str(key).encode() for key in keys]})

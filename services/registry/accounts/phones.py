"""Whose accounts a phone number opens.

Invariant: nothing finds a phone number on file but the keyed index of its last digits; who is found by that is meant
only where the whole number, unsealed, is the same. So finding nobody is as much work as finding somebody.
"""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from shared.contracts.actor import EVERY_DISTRICT
from shared.store.engine import Store

_DISTRICTS = text("SELECT code FROM district ORDER BY code")
_END_ALIKE = text("""
    SELECT a.district, a.id AS account_id, v.id, v.wrapped_key, v.personal_data, v.language
    FROM volunteer v JOIN account a ON a.district = v.district AND a.volunteer_id = v.id
    WHERE v.district = ANY(CAST(:districts AS text[])) AND v.phone_tail_index = :tail AND a.locked_at IS NULL
    ORDER BY a.district, a.id
""")


@dataclass(frozen=True, slots=True)
class Holder:
    """An account whose volunteer has the phone, and the language in which they are written to."""

    district: str
    account_id: UUID
    language: str


async def holders(store: Store, keys: KeyRing, phone: str) -> list[Holder]:
    """Return the accounts, of any district and not locked, whose volunteer has this phone: a family may share one."""
    async with store.transaction() as tx:
        districts = list((await tx.scalars(_DISTRICTS)).all())
    async with store.transaction(*(districts or [EVERY_DISTRICT])) as tx:
        rows = (await tx.execute(_END_ALIKE, {"districts": districts, "tail": keys.phone_tail_index(phone)})).all()
    return [
        Holder(row.district, row.account_id, row.language)
        for row in rows
        if keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)).phone == phone
    ]

"""The keys that people are on file by: what registry needs to be the registry it was.

Invariant: both are those of every volunteer on file. With another master key nobody can log in or be read, with another
blind index everybody would be unknown, and could register again.
"""

from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson
from shared.store.key_check import SealingKey

# Of whatever district: the worker sees all of them, and the keys are the same.
_SOMEBODY = text("""
    SELECT district, id, blind_index, wrapped_key, personal_data FROM volunteer WHERE restricted_at IS NULL LIMIT 1
""")


def sealing_keys(master: bytes, blind_index: bytes, keys: KeyRing) -> Sequence[SealingKey]:
    """Return the keys as what is on file can be held against them; ``keys`` is made of them."""

    async def opens(tx: AsyncConnection) -> bool:
        row = (await tx.execute(_SOMEBODY)).one_or_none()
        return row is None or _open(keys, row.id, SealedPerson(row.wrapped_key, row.personal_data)) is not None

    async def finds(tx: AsyncConnection) -> bool:
        row = (await tx.execute(_SOMEBODY)).one_or_none()
        person = row and _open(keys, row.id, SealedPerson(row.wrapped_key, row.personal_data))
        return not (row and person) or keys.index_of(person) == row.blind_index

    return [
        SealingKey(setting="REGISTRY_MASTER_KEY", value=master, opens=opens),
        SealingKey(setting="REGISTRY_BLIND_INDEX_KEY", value=blind_index, opens=finds),
        SealingKey(setting="CONTACT_PUBLIC_KEY", value=keys.contact_public_key),
    ]


def _open(keys: KeyRing, volunteer_id: UUID, sealed: SealedPerson) -> PersonalData | None:
    try:
        return keys.open_person(volunteer_id, sealed)
    except InvalidTag:
        return None

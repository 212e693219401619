"""Who is known."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_IS_KNOWN = text("SELECT EXISTS (SELECT FROM known_volunteer WHERE district = :district AND id = :volunteer_id)")
_PEOPLE = text("""
    SELECT district, id, number FROM known_volunteer WHERE number = :volunteer OR CAST(id AS text) = :volunteer
""")


async def is_known(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Return whether registry has told of a volunteer."""
    return bool(await tx.scalar(_IS_KNOWN, {"district": district, "volunteer_id": volunteer_id}))


async def volunteers_named(tx: AsyncConnection, volunteer: str) -> Sequence[tuple[str, UUID, str]]:
    """Return (district, id, number) of whoever has a number or id, in whichever district."""
    return [(row.district, row.id, row.number) for row in await tx.execute(_PEOPLE, {"volunteer": volunteer})]

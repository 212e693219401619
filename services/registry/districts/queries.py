"""What an operator sees of the districts. Invariant: how many there are of something, and nobody's name."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class DistrictState(BaseModel):
    """A district, and how far it has come.

    ``administrators`` is how many accounts administer it, ``waiting`` how many of these have not yet changed the
    password that they were opened with.
    """

    code: str
    name: str
    opened_at: datetime
    administrators: int
    waiting: int
    has_places: bool
    """Whether its stations are on file."""
    has_roster: bool
    """Whether anybody is on its roster."""


_STATES = text("""
    SELECT d.code, d.name, d.opened_at, a.administrators, a.waiting,
           EXISTS (SELECT FROM station s WHERE s.district = d.code) AS has_places,
           EXISTS (SELECT FROM volunteer v WHERE v.district = d.code) AS has_roster
    FROM district d
    CROSS JOIN LATERAL (
        SELECT count(*) AS administrators, count(*) FILTER (WHERE must_change_password) AS waiting
        FROM account
        WHERE district = d.code AND locked_at IS NULL AND 'district_admin' = ANY(roles)
    ) a
    WHERE d.code = ANY(CAST(:codes AS text[])) ORDER BY d.code
""")


async def district_states(tx: AsyncConnection, codes: Sequence[str]) -> list[DistrictState]:
    """Return how far districts have come, by code; the transaction must be of all of them."""
    return [DistrictState(**row) for row in (await tx.execute(_STATES, {"codes": codes})).mappings()]

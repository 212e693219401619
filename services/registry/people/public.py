"""What anybody may know of a district's volunteers. Invariant: a number, and nothing of anyone."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class VolunteerFigure(BaseModel):
    """How many volunteers a district has, at ``as_of``."""

    volunteers: int
    as_of: datetime


_COUNT = text("SELECT count(*) FROM volunteer WHERE district = :district AND merged_into_id IS NULL")


async def volunteer_figure(tx: AsyncConnection, district: str, now: datetime) -> VolunteerFigure:
    """Count a district's volunteers."""
    return VolunteerFigure(volunteers=await tx.scalar(_COUNT, {"district": district}), as_of=now)

"""What anybody may know of a district's hours. Invariant: a sum, and nothing of anyone."""

from datetime import datetime

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


class HoursFigure(BaseModel):
    """The whole hours that a district's volunteers have given since the first record, as they stood at ``as_of``."""

    hours: int
    as_of: datetime


# Of the volunteers' totals, not of the ledger: as many rows as people, whatever the years.
_HOURS = text("SELECT coalesce(sum(minutes), 0)::bigint / 60 FROM volunteer_hours WHERE district = :district")


async def hours_figure(tx: AsyncConnection, district: str, now: datetime) -> HoursFigure:
    """Add up what a district's volunteers have given."""
    return HoursFigure(hours=await tx.scalar(_HOURS, {"district": district}), as_of=now)

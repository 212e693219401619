"""The figures of everybody who has a record or has brought hours along, page by page."""

from collections.abc import Sequence
from functools import cache

from pydantic import BaseModel, ConfigDict
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import (
    HOURS_OF,
    IS_MERGED,
    PERSONAL_ENTRIES,
    ROOM,
    SESSIONS,
    personal_entries_of,
)
from services.assessment.statistics.period import Period


class VolunteerFigures(BaseModel):
    """A volunteer's figures: ``minutes`` and ``sessions`` of the period asked for, and of their lifetime.

    What was served in other districts before they moved to this one is of their lifetime, and of no period.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "volunteer_no": "51011500000002",
                    "category": "university_student",
                    "minutes": 1920,
                    "sessions": 13,
                    "lifetime_minutes": 2130,
                    "stars": 0,
                }
            ]
        }
    )

    volunteer_no: str
    category: str
    minutes: int
    sessions: int
    lifetime_minutes: int
    stars: int


# The period is a filter of the sums and no condition on entries: a volunteer has few.
_PAGE = f"""
    SELECT v.number AS volunteer_no, v.category, f.minutes, f.sessions, v.minutes AS lifetime_minutes,
           coalesce(a.stars, 0) AS stars
    FROM (
        SELECT k.*, h.minutes
        FROM (SELECT district, id AS volunteer_id, number, category FROM known_volunteer WHERE district = :district) k
        JOIN LATERAL {HOURS_OF.format(of="k")} h ON h.minutes IS NOT NULL
        WHERE {{after}} AND NOT {IS_MERGED.format(of="k")}
        ORDER BY k.number LIMIT :limit
    ) v
    LEFT JOIN award a ON a.district = v.district AND a.volunteer_id = v.volunteer_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(e.minutes) FILTER (WHERE {{period}}), 0) AS minutes,
               coalesce({SESSIONS} FILTER (WHERE {{period}}), 0) AS sessions
        FROM {personal_entries_of("v")} e
    ) f
    ORDER BY v.number
"""


# The people of a period alone: all entries of it are added up, a page is cut out of that.
_SERVED = f"""
    SELECT v.number AS volunteer_no, v.category, v.minutes, v.sessions, h.minutes AS lifetime_minutes,
           coalesce(a.stars, 0) AS stars
    FROM (
        SELECT k.district, f.volunteer_id, k.number, k.category, f.minutes, f.sessions
        FROM (
            SELECT e.volunteer_id, sum(e.minutes) AS minutes, {SESSIONS} AS sessions
            FROM {PERSONAL_ENTRIES} e WHERE e.district = :district AND {{period}}
            GROUP BY e.volunteer_id HAVING {SESSIONS} > 0
        ) f
        JOIN known_volunteer k ON k.district = :district AND k.id = f.volunteer_id
        WHERE {{after}} ORDER BY k.number LIMIT :limit
    ) v
    CROSS JOIN LATERAL {HOURS_OF.format(of="v")} h
    LEFT JOIN award a ON a.district = v.district AND a.volunteer_id = v.volunteer_id
    ORDER BY v.number
"""


@cache
def _page(after: str, period: str) -> TextClause:
    return text(_PAGE.format(after=after, period=period))


@cache
def _page_of_served(after: str, period: str) -> TextClause:
    return text(_SERVED.format(after=after, period=period))


async def hours_by_volunteer(
    tx: AsyncConnection, district: str, period: Period, after: str | None, limit: int
) -> Sequence[VolunteerFigures]:
    """Return the figures of everybody who has a record or has brought hours along, from after a number on."""
    values = {"district": district, "limit": limit, **period.values(), **({"after": after} if after else {})}
    page = _page("k.number > :after" if after else "true", period.condition())
    return [VolunteerFigures(**row) for row in (await tx.execute(page, values)).mappings()]


async def hours_of_served(
    tx: AsyncConnection, district: str, period: Period, after: str | None, limit: int
) -> Sequence[VolunteerFigures]:
    """Return the figures of who has a record that stands in the period, as `hours_by_volunteer` does."""
    values = {"district": district, "limit": limit, **period.values(), **({"after": after} if after else {})}
    page = _page_of_served("k.number > :after" if after else "true", period.condition())
    await tx.execute(ROOM)
    return [VolunteerFigures(**row) for row in (await tx.execute(page, values)).mappings()]

"""What anybody may know of a district's volunteers. Invariant: numbers, none of them small, and nothing of anyone."""

from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.http.small_numbers import are_few, unshown


class VolunteerFigure(BaseModel):
    """How many volunteers a district has, at ``as_of``."""

    volunteers: int
    as_of: datetime


class RegisteredGroup(BaseModel):
    """How many volunteers a group has: null where it is not shown. ``few``: for they are fewer than 5.

    Other groups are not shown where else the few could be worked out. ``code`` is a month or a community's code, null
    where somebody has named none.
    """

    code: str | None
    name: str | None
    volunteers: int | None
    few: bool


class PublicRegister(BaseModel):
    """How many volunteers a district has, those who registered in a year by month, and all by community."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2026,
                    "volunteers": 27300,
                    "few": False,
                    "as_of": "2026-11-28T01:00:00Z",
                    "months": [{"code": "2026-03", "name": None, "volunteers": 412, "few": False}],
                    "communities": [{"code": "510115001001", "name": "新华社区", "volunteers": None, "few": True}],
                }
            ]
        }
    )

    year: int
    volunteers: int | None
    few: bool
    as_of: datetime
    months: list[RegisteredGroup]
    communities: list[RegisteredGroup]


_COUNT = text(
    "SELECT count(*) FROM volunteer WHERE district = :district AND restricted_at IS NULL AND merged_into_id IS NULL"
)
_BY_MONTH = text("""
    SELECT to_char(registered_on, 'YYYY-MM') AS code, NULL AS name, count(*) AS volunteers FROM volunteer
    WHERE district = :district AND restricted_at IS NULL AND merged_into_id IS NULL
      AND registered_on >= :first AND registered_on < :next
    GROUP BY 1 ORDER BY 1
""")
_BY_COMMUNITY = text("""
    SELECT d.code, d.name, count(*) AS volunteers
    FROM volunteer v LEFT JOIN division d ON d.district = v.district AND d.code = v.community
    WHERE v.district = :district AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
    GROUP BY 1, 2 ORDER BY 1 NULLS LAST
""")


async def volunteer_figure(tx: AsyncConnection, district: str, now: datetime) -> VolunteerFigure:
    """Count a district's volunteers."""
    return VolunteerFigure(volunteers=await tx.scalar(_COUNT, {"district": district}), as_of=now)


async def public_register(tx: AsyncConnection, district: str, year: int, now: datetime) -> PublicRegister:
    """Count a district's volunteers in all, by the month of a year in which they registered, and by community."""
    days = {"first": date(year, 1, 1), "next": date(year + 1, 1, 1)}
    months = (await tx.execute(_BY_MONTH, {"district": district, **days})).all()
    communities = (await tx.execute(_BY_COMMUNITY, {"district": district})).all()
    total = await tx.scalar(_COUNT, {"district": district})
    return PublicRegister(
        year=year,
        volunteers=None if are_few(total) else total,
        few=are_few(total),
        as_of=now,
        months=_shown(months),
        communities=_shown(communities),
    )


def _shown(rows: Sequence[Row[tuple[str | None, str | None, int]]]) -> list[RegisteredGroup]:
    hidden = unshown([row.volunteers for row in rows])
    return [
        RegisteredGroup(
            code=row.code,
            name=row.name,
            volunteers=None if index in hidden else row.volunteers,
            few=are_few(row.volunteers),
        )
        for index, row in enumerate(rows)
    ]

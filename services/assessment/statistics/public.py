"""What anybody may know of a district's hours. Invariant: sums, none of a few people, and nothing of anyone."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.http.small_numbers import are_few, unshown


class HoursFigure(BaseModel):
    """The whole hours that a district's volunteers have given since the first record, as they stood at ``as_of``."""

    hours: int
    as_of: datetime


class ServedGroup(BaseModel):
    """The whole hours of a group and who gave them: null where they are not shown. ``few``: for they are fewer than 5.

    Other groups are not shown where else the few could be worked out. ``code`` is a month or a station's code, null
    where registry has not told of the station.
    """

    code: str | None
    name: str | None
    hours: int | None
    volunteers: int | None
    few: bool


class PublicHours(BaseModel):
    """The whole hours of a year and how many people gave them, in all, by month and by station."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "year": 2026,
                    "hours": 723060,
                    "volunteers": 25120,
                    "few": False,
                    "as_of": "2026-11-28T01:00:00Z",
                    "months": [{"code": "2026-03", "name": None, "hours": 60255, "volunteers": 9018, "few": False}],
                    "stations": [
                        {
                            "code": "510115-STA-01",
                            "name": "新华社区志愿服务站",
                            "hours": None,
                            "volunteers": None,
                            "few": True,
                        }
                    ],
                }
            ]
        }
    )

    year: int
    hours: int | None
    volunteers: int | None
    few: bool
    as_of: datetime
    months: list[ServedGroup]
    stations: list[ServedGroup]


class Served(Protocol):
    """Figures of a group, as they are added up."""

    @property
    def code(self) -> str | None:
        """Return which group it is."""

    @property
    def name(self) -> str | None:
        """Return what it is called."""

    @property
    def minutes(self) -> int:
        """Return what was given."""

    @property
    def volunteers(self) -> int:
        """Return by how many."""


# Of the volunteers' totals, not of the ledger: as many rows as people, whatever the years.
_HOURS = text("SELECT coalesce(sum(minutes), 0)::bigint / 60 FROM volunteer_hours WHERE district = :district")


async def hours_figure(tx: AsyncConnection, district: str, now: datetime) -> HoursFigure:
    """Add up what a district's volunteers have given."""
    return HoursFigure(hours=await tx.scalar(_HOURS, {"district": district}), as_of=now)


def shown_groups(groups: Sequence[Served]) -> list[ServedGroup]:
    """Return what the public is shown of groups whose total is shown."""
    hidden = unshown([group.volunteers for group in groups])
    return [_shown(group, hidden=index in hidden) for index, group in enumerate(groups)]


def _shown(group: Served, *, hidden: bool) -> ServedGroup:
    return ServedGroup(
        code=group.code,
        name=group.name,
        hours=None if hidden else group.minutes // 60,
        volunteers=None if hidden else group.volunteers,
        few=are_few(group.volunteers),
    )

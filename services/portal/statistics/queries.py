"""A district's figures as assessment adds them up: of a period in total and by group, and person by person."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Read, Upstream


class Figures(BaseModel):
    """Minutes, records that stand, and volunteers with at least one."""

    minutes: int
    sessions: int
    volunteers: int


class GroupFigures(Figures):
    """The figures of one group; no code: no team, or not known (yet)."""

    code: str | None
    name: str | None


class Statistics(Figures):
    """The totals, and the groups that add up to them but for volunteers; as the ledger stood at ``as_of``."""

    as_of: datetime
    groups: list[GroupFigures]


class PersonFigures(BaseModel):
    """A volunteer's figures, of the period and of their lifetime."""

    volunteer_no: str
    category: str
    minutes: int
    sessions: int
    lifetime_minutes: int
    stars: int


class People(BaseModel):
    """A page of everybody's figures, by number."""

    items: list[PersonFigures]
    next_cursor: str | None


class Entry(BaseModel):
    """What one event changed in the ledger, and whose it is."""

    record_id: UUID
    kind: str
    minutes: int
    provenance: str
    station: str | None
    service: str
    activity_title: str
    volunteer_no: str | None
    service_on: date


class Entries(BaseModel):
    """A page of entries, latest day of service first."""

    items: list[Entry]
    next_cursor: str | None


STATISTICS = Read("assessment", "/v1/statistics", Statistics)
PEOPLE = Read("assessment", "/v1/volunteer-hours", People)
ENTRIES = Read("assessment", "/v1/ledger-entries", Entries)
_A_PAGE, _AT_ONCE = 50, 1000
Asked = Mapping[str, object]
"""The period and what it is narrowed to, as assessment calls them."""


async def statistics(calls: Upstream, by: str, asked: Asked) -> Statistics:
    """Return the figures of a period by group. Raises RefusedByServiceError and AwayError."""
    return await calls.read(STATISTICS, by=by, **asked)


async def people(calls: Upstream, asked: Asked, cursor: str | None) -> People:
    """Return a page of whose hours these are. Raises RefusedByServiceError and AwayError."""
    return await calls.read(PEOPLE, cursor=cursor, limit=_A_PAGE, served=True, **asked)


async def entries(calls: Upstream, asked: Asked, cursor: str | None) -> tuple[Statistics, Entries]:
    """Return a figure, and a page of the entries that it is the sum of. Raises RefusedByServiceError and AwayError."""
    return await asyncio.gather(
        calls.read(STATISTICS, **asked), calls.read(ENTRIES, cursor=cursor, limit=_A_PAGE, **asked)
    )


async def everybody(calls: Upstream, asked: Asked) -> AsyncGenerator[list[PersonFigures]]:
    """Yield the figures of everybody who served, a page at a time.

    All who have a record are read, by key: asked for who served alone, assessment adds up all of a period a page.
    """
    async for page in calls.pages(PEOPLE, limit=_AT_ONCE, **asked):
        yield [one for one in page.items if one.sessions]

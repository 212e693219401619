"""Readings of minors' data, as they are asked for, answered and audited."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.csv_files import csv_of
from shared.contracts.calendar import CHINA
from shared.http.upstream import Change, Read, Upstream

MOST = 50_000
"""Lines in one file."""


class Reading(BaseModel):
    """A request to read a minor's data, and how it stands."""

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    name: str
    purpose: str
    reason: str
    asked_by: str | None
    own: bool
    asked_at: datetime
    state: str
    answered_by: str | None
    answered_at: datetime | None
    answer: str
    good_until: datetime | None
    readings: int


class Readings(BaseModel):
    """A page of requests."""

    items: list[Reading]
    next_cursor: str | None


class Entry(BaseModel):
    """A line of a year's audit."""

    at: datetime
    volunteer_number: str
    purpose: str
    reason: str
    asked_by: str | None
    state: str
    answered_by: str | None
    answered_at: datetime | None
    answer: str
    readings: int
    last_read_at: datetime | None


class Entries(BaseModel):
    """A page of a year's audit."""

    items: list[Entry]
    next_cursor: str | None


class Asked(BaseModel):
    """A request that was made."""

    id: UUID


class Answered(BaseModel):
    """What became of a request."""

    state: str


READINGS = Read("registry", "/v1/minor-readings", Readings)
YEAR = Read("registry", "/v1/minor-readings/years/{year}", Entries)
ASK = Change("POST", "registry", "/v1/minor-readings", Asked)
ANSWER = Change("POST", "registry", "/v1/minor-readings/{reading_id}/answer", Answered)


async def whole_year(calls: Upstream, year: int) -> list[Entry]:
    """Return a year's lines, the newest first, at most ``MOST``."""
    return await calls.read_all(YEAR, most=MOST, year=year)


def as_csv(entries: Sequence[Entry]) -> bytes:
    """Return a year's lines as a file that spreadsheets open."""
    rows = ([_cell(value) for value in one.model_dump().values()] for one in entries)
    return csv_of([list(Entry.model_fields), *rows])


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(CHINA).isoformat(timespec="seconds")
    return "" if value is None else str(value)

"""Two entries side by side, what they have served, and what is done about them."""

import asyncio
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Read, RefusedByServiceError, Upstream, unless_away


class Entry(BaseModel):
    """One of two entries, masked."""

    id: UUID
    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    category: str
    team: str | None
    registered_on: date
    id_number_checked: bool
    can_log_in: bool
    qualifications: int
    pairings: int


class Pair(BaseModel):
    """Two entries, and what is the same behind the masks."""

    kept: Entry
    merged: Entry
    same_name: bool
    same_phone: bool
    same_gender: bool
    same_birth_date: bool


class Hours(BaseModel):
    """What an entry has served in all."""

    lifetime_minutes: int
    sessions: int
    stars: int


class Overlap(BaseModel):
    """Two records of the same time."""

    kept_record_id: UUID
    kept_title: str
    merged_record_id: UUID
    merged_title: str
    started_at: datetime
    minutes: int


class Overlaps(BaseModel):
    """The minutes that both have of the same time."""

    minutes: int
    records: int
    items: list[Overlap]


class Merged(BaseModel):
    """The entry that is kept."""

    kept_id: UUID


class Undone(BaseModel):
    """Two entries that are two again."""

    kept_id: UUID


PAIR = Read("registry", "/v1/volunteers/{volunteer_id}/merging", Pair)
MERGE = Change("POST", "registry", "/v1/volunteers/{volunteer_id}/merging", Merged)
UNDO = Change("POST", "registry", "/v1/volunteers/{volunteer_id}/merging/undoing", Undone)
HOURS = Read("assessment", "/v1/volunteers/{volunteer_id}/hours", Hours)
OVERLAPS = Read("assessment", "/v1/volunteers/{volunteer_id}/overlaps/{other_id}", Overlaps)


async def hours_of(calls: Upstream, volunteer_id: UUID) -> Hours | None:
    """Return what an entry has served; None where assessment is away, or has not heard of it yet."""
    try:
        return await unless_away(calls.read(HOURS, volunteer_id=volunteer_id))
    except RefusedByServiceError:
        return None


async def overlaps_of(calls: Upstream, kept_id: UUID, merged_id: UUID) -> Overlaps | None:
    """Return what two entries both have of the same time; None where that is not known now."""
    try:
        return await unless_away(calls.read(OVERLAPS, volunteer_id=kept_id, other_id=merged_id))
    except RefusedByServiceError:
        return None


async def served(calls: Upstream, pair: Pair) -> tuple[Hours | None, Hours | None, Overlaps | None]:
    """Return what each of two entries has served, and what they both have of the same time."""
    return await asyncio.gather(
        hours_of(calls, pair.kept.id),
        hours_of(calls, pair.merged.id),
        overlaps_of(calls, pair.kept.id, pair.merged.id),
    )

"""What is shown of the activities that somebody deals with, and what can be done about them."""

import asyncio
from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.portal.activities.queries import Places
from services.portal.rules.queries import Rules
from services.portal.shell.kept import Kept
from shared.contracts.actor import Role
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away

State = Literal["open", "running", "ended", "cancelled"]
_MANY = 200


class OwnShift(Places):
    """A shift of one's own activity."""

    is_cancelled: bool


class OwnActivity(BaseModel):
    """An activity that the caller deals with."""

    activity_id: UUID
    title: str
    service: str
    place: str
    station_name: str
    state: str
    shifts: list[OwnShift]


class OwnActivities(BaseModel):
    """A page of those in one state, and how many there are in each."""

    items: list[OwnActivity]
    next_cursor: str | None
    counts: dict[str, int]


class Wording(BaseModel):
    """An activity as its organiser wrote it; ``version`` is what a change is based on."""

    id: UUID
    title: str
    service: str
    place: str
    station_code: str
    person_in_charge: str
    risk_text: str
    description: str
    dangerous: bool = False
    version: int
    rules_version: int
    rules: Rules
    needs: list[str] = []


class Standing(BaseModel):
    """How an activity and its shifts stand."""

    state: str
    cancelled_reason: str | None
    shifts: list[OwnShift]


class Station(BaseModel):
    """A station that an activity can be of."""

    id: UUID
    code: str
    name: str
    division_code: str
    closed_on: date | None


class Stations(BaseModel):
    """A district's stations."""

    items: list[Station]


class Account(BaseModel):
    """What the caller's account may deal with: ids of stations and teams."""

    roles: list[str]
    units: list[str]


class Published(BaseModel):
    """The new activity."""

    id: UUID


class DraftRow(BaseModel):
    """A draft in the list of those that the caller may edit."""

    draft_id: UUID
    title: str
    place: str
    station_name: str | None
    shifts: int
    is_own: bool
    changed_at: datetime


class Drafts(BaseModel):
    """A page of drafts, the last changed first."""

    items: list[DraftRow]
    next_cursor: str | None


class TypedShift(BaseModel):
    """A row of a draft's shifts, as it was typed."""

    day: str
    starts: str
    ends: str
    capacity: str


class Draft(BaseModel):
    """A draft as it was typed."""

    id: UUID
    station: str
    title: str
    service: str
    place: str
    person_in_charge: str
    risk_text: str
    description: str
    dangerous: str = ""
    shifts: list[TypedShift]
    weeks: str
    needs: list[str] = []
    version: int


class Changed(BaseModel):
    """What was changed, and its version now."""

    id: UUID
    version: int


OWN_ACTIVITIES = Read("activities", "/v1/me/activities", OwnActivities)
WORDING = Read("activities", "/v1/activities/{activity_id}", Wording)
STANDING = Read("activities", "/v1/public/activities/{activity_id}", Standing)
STATIONS = Read("registry", "/v1/stations", Stations)
ACCOUNT = Read("registry", "/v1/me", Account)
PUBLISH = Change("POST", "activities", "/v1/activities", Published)
DRAFTS = Read("activities", "/v1/drafts", Drafts)
DRAFT = Read("activities", "/v1/drafts/{draft_id}", Draft)
KEEP = Change("POST", "activities", "/v1/drafts", Changed)
KEEP_CHANGED = Change("PUT", "activities", "/v1/drafts/{draft_id}", Changed)
DISCARD = Change("DELETE", "activities", "/v1/drafts/{draft_id}", Nothing)
EDIT = Change("PATCH", "activities", "/v1/activities/{activity_id}", Changed)
CANCEL = Change("POST", "activities", "/v1/activities/{activity_id}/cancel", Nothing)
ADD_SHIFT = Change("POST", "activities", "/v1/activities/{activity_id}/shifts", Changed)
CHANGE_SHIFT = Change("PATCH", "activities", "/v1/shifts/{shift_id}", Changed)
CANCEL_SHIFT = Change("POST", "activities", "/v1/shifts/{shift_id}/cancel", Nothing)


async def own_activities(
    calls: Upstream, state: State, cursor: str | None = None, limit: int | None = None
) -> OwnActivities:
    """Return the activities in a state that the caller deals with. Raises AwayError."""
    return await calls.read(OWN_ACTIVITIES, state=state, cursor=cursor, limit=limit)


async def find_own(calls: Upstream, district: str, activity_id: UUID) -> tuple[Wording, Standing]:
    """Return an activity and how it stands. Raises RefusedByServiceError (404) and AwayError."""
    return await asyncio.gather(
        calls.read(WORDING, activity_id=activity_id), calls.read(STANDING, activity_id=activity_id, district=district)
    )


async def own_stations(calls: Upstream, kept: Kept, district: str, roles: frozenset[str]) -> Sequence[Station]:
    """Return the stations that the caller may publish for; none while registry is away."""
    found = await unless_away(
        kept.get((STATIONS, district, "codes"), lambda: calls.read(STATIONS, district=district, limit=_MANY))
    )
    if found is None or not roles.isdisjoint({Role.DISTRICT_ADMIN, Role.TEAM_LEADER}):
        return found.items if found else []
    account = await unless_away(calls.read(ACCOUNT))
    units = set(account.units) if account else set()
    return [station for station in found.items if units & {station.code, str(station.id)}]

"""What is shown of volunteers to staff: names and numbers masked, until somebody says why not."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream, unless_away

_MANY = 200


class Name(BaseModel):
    """How a volunteer is named on a roster."""

    id: UUID
    volunteer_number: str
    name_masked: str
    phone_masked: str


class Names(BaseModel):
    """The names of those who were asked for."""

    items: list[Name]


class Volunteer(BaseModel):
    """A volunteer, personal data masked."""

    id: UUID
    number: str
    name: str
    phone: str
    category: str
    organisation: str | None
    team: str | None
    community: str | None
    registered_on: date
    minor: bool
    moved_from_name: str | None = None
    """The district that they have come from, where they have moved."""


class Volunteers(BaseModel):
    """A page of volunteers."""

    items: list[Volunteer]
    next_cursor: str | None


class InClear(BaseModel):
    """A volunteer's name and phone number as they are."""

    name: str
    phone: str


class Team(BaseModel):
    """A team that volunteers are of."""

    code: str
    name: str


class Teams(BaseModel):
    """A district's teams."""

    items: list[Team]


class Registered(BaseModel):
    """Who was registered."""

    id: UUID
    number: str


class Merger(BaseModel):
    """Two entries of which one is, or was, merged into the other."""

    kept_id: UUID
    kept_number: str
    merged_id: UUID
    merged_number: str
    merged_at: datetime
    undone_at: datetime | None


class Mergers(BaseModel):
    """The mergers that an entry is part of."""

    items: list[Merger]


class Doubled(BaseModel):
    """What two entries both have of the same time."""

    minutes: int
    records: int


class Carried(BaseModel):
    """What was served in another district before they moved to this one."""

    minutes: int


class Hours(BaseModel):
    """What somebody has served in all."""

    lifetime_minutes: int
    carried: list[Carried] = []


NAMES = Read("registry", "/v1/volunteers", Names)
VOLUNTEERS = Read("registry", "/v1/volunteers", Volunteers)
VOLUNTEER = Read("registry", "/v1/volunteers/{volunteer_id}", Volunteer)
REVEAL = Change("POST", "registry", "/v1/volunteers/{volunteer_id}/reveal", InClear)
REGISTER = Change("POST", "registry", "/v1/volunteers", Registered)
TEAMS = Read("registry", "/v1/teams", Teams)
MERGERS = Read("registry", "/v1/volunteers/{volunteer_id}/mergers", Mergers)
DOUBLED = Read("assessment", "/v1/volunteers/{volunteer_id}/overlaps/{other_id}", Doubled)
HOURS = Read("assessment", "/v1/volunteers/{volunteer_id}/hours", Hours)


async def names(calls: Upstream, ids: Collection[UUID]) -> Mapping[UUID, Name]:
    """Return how volunteers are named; nobody while registry is away: the rest of a roster is of use without."""
    found: dict[UUID, Name] = {}
    wanted = sorted(set(ids))
    for first in range(0, len(wanted), _MANY):
        some = wanted[first : first + _MANY]
        answer = await unless_away(calls.read(NAMES, ids=",".join(map(str, some))))
        if answer is None:
            break
        found |= {name.id: name for name in answer.items}
    return found


async def teams(calls: Upstream, kept: Kept, district: str) -> Sequence[Team] | None:
    """Return a district's teams; None while registry is away."""
    found = await unless_away(kept.get((TEAMS, district), lambda: calls.read(TEAMS, district=district, limit=1000)))
    return found.items if found else None


async def team_names(calls: Upstream, kept: Kept, district: str) -> Mapping[str, str]:
    """Return what a district's teams are called, by code; nothing while registry is away: the codes stand for them."""
    return {team.code: team.name for team in await teams(calls, kept, district) or ()}

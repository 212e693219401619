"""What is shown of individuals and of invitations to teams, and what can be done about them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.activities.queries import OpenActivity, Wanted, open_activities
from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream, unless_away

STATES = ("invited", "accepted", "declined", "expired", "withdrawn")
_SOON = 31
"""Projects of so many days are looked at."""
_MOST_SERVICES, _MOST_PROJECTS = 3, 5


class Individual(BaseModel):
    """Somebody without a team, masked."""

    id: UUID
    number: str
    name_masked: str
    phone_masked: str
    category: str
    community: str | None
    community_name: str | None
    skills: list[str]
    services: list[str]
    registered_on: date
    last_contacted_on: date | None
    last_outcome: str | None
    invited_to: str | None
    invitation_state: str | None


class Individuals(BaseModel):
    """A page of them."""

    items: list[Individual]
    next_cursor: str | None


class Contact(BaseModel):
    """When somebody was contacted, and what about."""

    id: UUID
    contacted_on: date
    way: str
    outcome: str
    note: str


class Suggestion(BaseModel):
    """A team that suits, and why."""

    team: str
    name: str
    why: str
    points: int
    is_invited: bool


class Invitation(BaseModel):
    """An invitation to a team, and what came of it."""

    id: UUID
    team_name: str
    why: str
    state: str
    invited_at: datetime
    answer_by: datetime
    answered_at: datetime | None


class IndividualInFull(Individual):
    """Somebody with contacts, invitations, and the teams that suit best."""

    team: str | None
    contacts: list[Contact]
    invitations: list[Invitation]
    suggestions: list[Suggestion]
    is_left_out: bool


class InvitationOfOffice(Invitation):
    """An invitation in the centre's list."""

    volunteer_id: UUID
    volunteer_number: str
    name_masked: str


class Invitations(BaseModel):
    """A page of them."""

    items: list[InvitationOfOffice]
    next_cursor: str | None


class Division(BaseModel):
    """A township or a community."""

    code: str
    level: str
    name: str


class Divisions(BaseModel):
    """A district's divisions."""

    items: list[Division]


class Noted(BaseModel):
    """What is on file now."""

    id: UUID


INDIVIDUALS = Read("registry", "/v1/individuals", Individuals)
INDIVIDUAL = Read("registry", "/v1/individuals/{volunteer_id}", IndividualInFull)
INVITATIONS = Read("registry", "/v1/team-invitations", Invitations)
OWN_INVITATIONS = Read("registry", "/v1/me/team-invitations", list[Invitation])
DIVISIONS = Read("registry", "/v1/divisions", Divisions)
CONTACT = Change("POST", "registry", "/v1/individuals/{volunteer_id}/contacts", Noted)
INVITE = Change("POST", "registry", "/v1/individuals/{volunteer_id}/invitations", Noted)
ANSWER = Change("POST", "registry", "/v1/team-invitations/{invitation_id}/answer", Noted)


async def communities(calls: Upstream, kept: Kept, district: str) -> Sequence[tuple[str, str]]:
    """Return a district's communities, code and name; none while registry is away."""
    read = kept.get((DIVISIONS, district), lambda: calls.read(DIVISIONS, district=district, limit=1000))
    found = await unless_away(read)
    return [(one.code, one.name) for one in found.items if one.level == "community"] if found else []


async def projects(
    calls: Upstream, kept: Kept, district: str, services: Sequence[str]
) -> Sequence[OpenActivity] | None:
    """Return open activities of the kinds that somebody likes, by their first shift; None while activities is away."""
    asked = [Wanted(days=_SOON, service=service, free=True) for service in sorted(services)[:_MOST_SERVICES]]
    found = await asyncio.gather(*(unless_away(open_activities(calls, kept, district, one)) for one in asked))
    if asked and all(page is None for page in found):
        return None
    by_id: Mapping[UUID, OpenActivity] = {
        one.activity_id: one for page in found if page for one in page.items if one.shifts
    }
    ordered = sorted(by_id.values(), key=lambda one: (min(shift.starts_at for shift in one.shifts), one.title))
    return ordered[:_MOST_PROJECTS]

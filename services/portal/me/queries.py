"""What a volunteer's own pages are made of."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.sign_ups.queries import MySignUp, MySignUps, mine
from shared.http.upstream import Read, Upstream, unless_away


class Person(BaseModel):
    """A volunteer as registry shows them: masked."""

    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None


class Me(BaseModel):
    """The account that asks."""

    user_name: str
    volunteer: Person | None


class Month(BaseModel):
    """What was given in a month, ``2026-03``."""

    month: str
    minutes: int
    sessions: int


class Kind(BaseModel):
    """What was given to one kind of service."""

    service: str
    minutes: int
    sessions: int


class Hours(BaseModel):
    """A volunteer's hours and stars."""

    volunteer_id: UUID
    lifetime_minutes: int
    sessions: int
    stars: int
    next_level: int | None
    minutes_to_next_level: int | None
    rule_set: str
    by_month: list[Month]
    by_service: list[Kind]

    @property
    def next_level_minutes(self) -> int | None:
        """How many minutes the next star needs in all; None at the highest."""
        missing = self.minutes_to_next_level
        return None if missing is None else self.lifetime_minutes + missing


class Message(BaseModel):
    """A message of the inbox."""

    id: UUID
    subject: str
    body: str
    occurred_at: datetime
    read_at: datetime | None


class Inbox(BaseModel):
    """A page of the inbox."""

    items: list[Message]
    next_cursor: str | None
    unread: int


ME = Read("registry", "/v1/me", Me)
MY_HOURS = Read("assessment", "/v1/me/hours", Hours)
MY_MESSAGES = Read("notifications", "/v1/me/messages", Inbox)


@dataclass(frozen=True, slots=True)
class Start:
    """A volunteer's first page; what is None is away."""

    me: Me | None
    upcoming: MySignUps | None
    waiting: MySignUps | None
    hours: Hours | None
    inbox: Inbox | None

    @property
    def next(self) -> MySignUp | None:
        """What is next, or under way."""
        return self.upcoming.items[0] if self.upcoming and self.upcoming.items else None


async def start(calls: Upstream) -> Start:
    """Return a volunteer's first page, from four services at once."""
    me, upcoming, waiting, hours, inbox = await asyncio.gather(
        unless_away(calls.read(ME)),
        unless_away(mine(calls, "upcoming", limit=4)),
        unless_away(mine(calls, "waiting", limit=3)),
        unless_away(calls.read(MY_HOURS)),
        unless_away(calls.read(MY_MESSAGES, limit=3)),
    )
    return Start(me, upcoming, waiting, hours, inbox)

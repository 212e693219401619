"""What a volunteer's own pages are made of."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.claims.queries import Claim, latest_about, my_claims
from services.portal.timetable.queries import Listed, MySignUp, latest
from shared.http.upstream import Change, Nothing, Read, Upstream, unless_away
from shared.store.event_log import now


class Person(BaseModel):
    """A volunteer as registry shows them: masked."""

    number: str
    name: str
    gender: str
    document: str = "resident_id"
    id_number: str
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    minor: bool = False


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


class Placement(BaseModel):
    """A place that was proposed to the volunteer: the service of a station, why, and how it stands."""

    id: UUID
    state: str
    station_name: str
    service: str
    answer_by: datetime
    answered_at: datetime | None
    why: str


class Answered(BaseModel):
    """What has become of a proposed place."""

    state: str


class Carried(BaseModel):
    """What was served in another district before they moved to this one."""

    from_district: str
    minutes: int
    sessions: int
    recorded_at: datetime


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
    carried: list[Carried] = []

    @property
    def next_level_minutes(self) -> int | None:
        """How many minutes the next star needs in all; None at the highest."""
        missing = self.minutes_to_next_level
        return None if missing is None else self.lifetime_minutes + missing


class Entry(BaseModel):
    """What one event changed in the ledger."""

    record_id: UUID
    kind: str
    minutes: int
    provenance: str
    service: str
    activity_title: str
    started_at: datetime
    recorded_at: datetime
    rule_set: str


class Ledger(BaseModel):
    """A page of the ledger."""

    items: list[Entry]
    next_cursor: str | None


class Record(BaseModel):
    """A service record."""

    id: UUID
    record_no: str
    sign_up_id: UUID | None
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None
    organiser_rating: int | None
    provenance: str


class Rules(BaseModel):
    """What the district's stars are given for."""

    name: str
    star_hours: list[int]


class Message(BaseModel):
    """A message of the inbox."""

    id: UUID
    template: str
    sign_up_id: UUID | None
    record_id: UUID | None
    subject: str
    body: str
    occurred_at: datetime
    read_at: datetime | None


class Inbox(BaseModel):
    """A page of the inbox."""

    items: list[Message]
    next_cursor: str | None
    unread: int


class Pairing(BaseModel):
    """A pairing with a household of a station; with which one is not said."""

    station_name: str
    rhythm: str
    starts_on: date
    ends_on: date | None
    ended_on: date | None
    visits: int
    minutes: int
    next_visit_on: date | None


ME = Read("registry", "/v1/me", Me)
MY_HOURS = Read("assessment", "/v1/me/hours", Hours)
PAIRINGS = Read("registry", "/v1/me/pairings", list[Pairing])
PLACEMENTS = Read("registry", "/v1/me/placements", list[Placement])
ANSWER_PLACEMENT = Change("POST", "registry", "/v1/placements/{placement_id}/answer", Answered)
MY_MESSAGES = Read("notifications", "/v1/me/messages", Inbox)
READ_MESSAGE = Change("POST", "notifications", "/v1/me/messages/{message_id}/read", Nothing)
LEDGER = Read("assessment", "/v1/volunteers/{volunteer_id}/ledger", Ledger)
RECORD = Read("activities", "/v1/service-records/{record_id}", Record)
RULES = Read("assessment", "/v1/rule-sets/current", Rules)
_A_PAGE = 30
_UPCOMING, _WAITING = 4, 3
"""So many of either are on the first page."""


@dataclass(frozen=True, slots=True)
class Start:
    """A volunteer's first page; what is None is away."""

    me: Me | None
    sign_ups: list[MySignUp] | None
    claims: list[Claim] | None
    hours: Hours | None
    inbox: Inbox | None

    @property
    def to_do(self) -> list[MySignUp]:
        """What waits for an answer, and where a check-out is missing that nothing has been said of."""
        said = {claim.sign_up_id for claim in self.claims or ()}
        missing = [one for one in self._listed("past") if one.state == "missing_check_out"]
        return [one for one in self._to_come if one.is_asked(now())] + [
            one for one in missing if one.sign_up_id not in said
        ]

    @property
    def next(self) -> MySignUp | None:
        """What is next, or under way."""
        return next(iter(self._listed("upcoming")), None)

    @property
    def later(self) -> list[MySignUp]:
        """What comes after that, and what one waits for."""
        return [one for one in self._to_come if one is not self.next]

    @property
    def _to_come(self) -> list[MySignUp]:
        return self._listed("upcoming")[:_UPCOMING] + self._listed("waiting")[:_WAITING]

    def _listed(self, listed: Listed) -> list[MySignUp]:
        """Return one of the three lists, by start."""
        found = [one for one in self.sign_ups or () if one.listed == listed]
        return sorted(found, key=lambda one: (one.starts_at, one.sign_up_id))


async def start(calls: Upstream) -> Start:
    """Return a volunteer's first page, from four services at once."""
    me, sign_ups, claims, hours, inbox = await asyncio.gather(
        unless_away(calls.read(ME)),
        unless_away(latest(calls)),
        unless_away(my_claims(calls, "open")),
        unless_away(calls.read(MY_HOURS)),
        unless_away(calls.read(MY_MESSAGES, limit=3)),
    )
    return Start(me, sign_ups, claims, hours, inbox)


@dataclass(frozen=True, slots=True)
class HoursPage:
    """Hours, and the entries that they are the sum of; what is None is away."""

    hours: Hours | None
    ledger: Ledger | None


async def hours(calls: Upstream, volunteer_id: UUID, cursor: str | None) -> HoursPage:
    """Return what somebody has given, and every entry that made it so."""
    totals, ledger = await asyncio.gather(
        unless_away(calls.read(MY_HOURS)),
        unless_away(calls.read(LEDGER, volunteer_id=volunteer_id, cursor=cursor, limit=_A_PAGE)),
    )
    return HoursPage(totals, ledger)


@dataclass(frozen=True, slots=True)
class RecordPage:
    """A record, what the ledger made of it, and what its volunteer has claimed; None is away."""

    record: Record
    entries: Sequence[Entry] | None
    claim: Claim | None


async def record(calls: Upstream, volunteer_id: UUID, record_id: UUID) -> RecordPage:
    """Return a record and what has become of it. Raises RefusedByServiceError and AwayError."""
    found, ledger, claims = await asyncio.gather(
        calls.read(RECORD, record_id=record_id),
        unless_away(calls.read(LEDGER, volunteer_id=volunteer_id, limit=1000)),
        unless_away(my_claims(calls)),
    )
    entries = [entry for entry in ledger.items if entry.record_id == record_id] if ledger else None
    return RecordPage(found, entries, latest_about(claims or [], found.sign_up_id, record_id))


async def stars(calls: Upstream) -> tuple[Hours | None, Rules | None]:
    """Return hours and what the stars are given for."""
    return await asyncio.gather(unless_away(calls.read(MY_HOURS)), unless_away(calls.read(RULES)))

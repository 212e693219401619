"""What the services hold of a person, put together.

Invariant: each service is asked as that person, and what it says is copied as it says it, with what no page shows too.
"""

import asyncio
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.http.upstream import Change, Nothing, Read, Upstream
from shared.store.event_log import now


class Held(BaseModel):
    """Something that a service holds: the fields that pages show, and whatever else it says."""

    model_config = ConfigDict(extra="allow")


class Consent(Held):
    """What was consented to."""

    purpose: str
    given: bool
    stated_at: datetime


class Acceptance(Held):
    """A version of a rule document that was accepted, or reminded of."""

    title: str
    version: int
    accepted_at: datetime | None


class Account(Held):
    """The account."""

    user_name: str
    created_at: datetime
    second_factor: bool


class Placement(Held):
    """A place that was proposed."""

    station: str
    state: str


class Invitation(Held):
    """A team that one was asked to join."""

    team: str
    state: str


class Contact(Held):
    """A contact of the office's with somebody without a team."""

    contacted_on: date
    way: str
    outcome: str
    note: str


class Training(Held):
    """Training material that one has got."""

    subject: str
    delivered_at: datetime
    read_at: datetime | None
    passed_at: datetime | None


class Correction(Held):
    """What was to be put right."""

    id: UUID
    field: str
    state: str
    asked_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class Move(Held):
    """A district that one has asked to move to."""

    to_name: str
    state: str
    asked_at: datetime


class MergedEntry(Held):
    """Another entry of one's own, which was merged into this one."""

    number: str
    id_number: str
    phone: str


class Registered(Held):
    """What registry holds."""

    number: str
    name: str
    gender: str
    document: str = "resident_id"
    id_number: str
    born_on: date | None = None
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    community_name: str | None
    registered_on: date
    account: Account | None
    consents: list[Consent]
    rules: list[Acceptance]
    placements: list[Placement]
    invitations: list[Invitation] = []
    contacts: list[Contact] = []
    training: list[Training] = []
    corrections: list[Correction]
    merged_entries: list[MergedEntry] = []


class SignUp(Held):
    """A sign-up."""

    activity: str
    starts_at: datetime
    ends_at: datetime
    state: str


class Record(Held):
    """A service record."""

    activity: str
    service: str
    started_at: datetime
    minutes: int


class Claim(Held):
    """What was claimed."""

    activity: str
    reason: str
    state: str
    made_at: datetime


class Served(Held):
    """What activities holds."""

    sign_ups: list[SignUp]
    records: list[Record]
    claims: list[Claim]
    calendar_made_at: datetime | None


class Carried(Held):
    """What was served in another district before they moved to this one."""

    from_district: str
    minutes: int


class Hours(Held):
    """What assessment has added up."""

    lifetime_minutes: int
    sessions: int
    stars: int
    carried: list[Carried] = []


class Entry(Held):
    """An entry of the ledger."""

    minutes: int


class Ledger(BaseModel):
    """A page of the ledger."""

    items: list[Entry]
    next_cursor: str | None


class Message(Held):
    """A message."""

    subject: str
    occurred_at: datetime


class Messages(BaseModel):
    """A page of the inbox."""

    items: list[Message]
    next_cursor: str | None


class Preferences(Held):
    """What one wants to be told."""


class Access(BaseModel):
    """Who read or changed what is on file of oneself."""

    happened_at: datetime
    by_oneself: bool
    roles: list[str]
    unit: str | None
    action: str
    reason: str


class Accesses(BaseModel):
    """A page of the access log."""

    items: list[Access]
    next_cursor: str | None


class Asked(BaseModel):
    """A correction that was asked for."""

    due_on: date


class ToDecide(BaseModel):
    """A correction that the office is to decide."""

    id: UUID
    volunteer_number: str
    field: str
    asked_at: datetime
    due_on: date


class AllToDecide(BaseModel):
    """A page of them."""

    items: list[ToDecide]
    next_cursor: str | None


class Opened(BaseModel):
    """What is to be put right, in clear, and what is on file."""

    id: UUID
    volunteer_number: str
    name: str
    phone: str
    field: str
    on_file: str
    value: str
    reason: str
    document_on_file: str | None = None
    document: str | None = None
    born_on: str | None = None


class Decided(BaseModel):
    """What became of it."""

    state: str


class Ended(BaseModel):
    """A registration that has ended."""

    volunteer_number: str


OWN_DATA = Read("registry", "/v1/me/data", Registered)
COPY = Change("POST", "registry", "/v1/me/data/copies", Registered)
SERVED = Read("activities", "/v1/me/data", Served)
HOURS = Read("assessment", "/v1/me/hours", Hours)
LEDGER = Read("assessment", "/v1/volunteers/{volunteer_id}/ledger", Ledger)
MESSAGES = Read("notifications", "/v1/me/messages", Messages)
PREFERENCES = Read("notifications", "/v1/me/preferences", Preferences)
CHANGE_PROFILE = Change("PUT", "registry", "/v1/me/profile", Nothing)
MOVES = Read("registry", "/v1/me/moves", list[Move])
CORRECTIONS = Read("registry", "/v1/me/corrections", list[Correction])
ASK = Change("POST", "registry", "/v1/me/corrections", Asked)
ACCESSES = Read("registry", "/v1/me/access-log", Accesses)
END = Change("POST", "registry", "/v1/me/closing", Ended)
TO_DECIDE = Read("registry", "/v1/corrections", AllToDecide)
OPEN = Change("POST", "registry", "/v1/corrections/{correction_id}/opening", Opened)
ANSWER = Change("POST", "registry", "/v1/corrections/{correction_id}/answer", Decided)


class Everything(BaseModel):
    """All that is held of a person, by service; the copy as a file is this in JSON."""

    copied_at: datetime
    registry: Registered
    moves: list[Move]
    activities: Served
    assessment: Hours
    ledger: list[Entry]
    messages: list[Message]
    preferences: Preferences
    access_log: list[Access]


async def everything(calls: Upstream, volunteer_id: UUID) -> Everything:
    """Return all of it, in clear. Raises RefusedByServiceError and AwayError: a copy is whole, or there is none."""
    registered = await calls.change(COPY)  # asks for a step-up before anything else is read
    moves, served, hours, preferences, ledger, messages, accesses = await asyncio.gather(
        calls.read(MOVES),
        calls.read(SERVED),
        calls.read(HOURS),
        calls.read(PREFERENCES),
        calls.read_all(LEDGER, volunteer_id=volunteer_id),
        calls.read_all(MESSAGES),
        calls.read_all(ACCESSES),
    )
    return Everything(
        copied_at=now(),
        registry=registered,
        moves=moves,
        activities=served,
        assessment=hours,
        ledger=ledger,
        messages=messages,
        preferences=preferences,
        access_log=accesses,
    )

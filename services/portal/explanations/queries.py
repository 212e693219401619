"""Why a record counts what it counts: what activities has told, beside what assessment has entered.

Invariant: the events of activities' log are the truth; an entry is right where it says what its event says. What is not
so is shown as a fault, and nothing is put right here.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.ids import uuid_of
from shared.http.upstream import AwayError, Read, RefusedByServiceError, Upstream, unless_away

_EVERY = 1000
_NOT_FOUND = 404


class RecordEvent(BaseModel):
    """An event of a record, and what caused it."""

    event_id: UUID
    kind: Literal["logged", "corrected", "rated"]
    version: int
    topic: str
    position: int
    occurred_at: datetime
    cause: str
    cause_id: str
    minutes: int | None
    previous_minutes: int | None
    reason: str | None

    @property
    def change(self) -> int:
        """By how many minutes it changes what the record counts."""
        return 0 if self.minutes is None else self.minutes - (self.previous_minutes or 0)


class RecordEvents(BaseModel):
    """A record's events, the first one first."""

    items: list[RecordEvent]


class Place(BaseModel):
    """Where an event is in Kafka."""

    topic: str
    partition: int
    offset: int


class Entered(BaseModel):
    """One entry in the ledger."""

    kind: str
    minutes: int


class Step(BaseModel):
    """What one event has changed in the ledger."""

    event_id: UUID
    version: int
    recorded_at: datetime
    rule_set: str
    entries: list[Entered]
    change: int
    total: int
    place: Place | None


class InLedger(BaseModel):
    """A record as the ledger has it."""

    volunteer_id: UUID
    volunteer_no: str | None
    activity_title: str
    service: str
    started_at: datetime
    provenance: str
    minutes: int
    places_known: bool
    steps: list[Step]


class AccountRoles(BaseModel):
    """What an account may act as."""

    roles: list[str]


EVENTS = Read("activities", "/v1/service-records/{record_id}/events", RecordEvents)
IN_LEDGER = Read("assessment", "/v1/service-records/{record_id}/explanation", InLedger)
ACCOUNT = Read("registry", "/v1/accounts/{account_id}", AccountRoles)


@dataclass(frozen=True, slots=True)
class Line:
    """An event and what the ledger made of it; one of the two may be missing."""

    event: RecordEvent | None
    step: Step | None

    @property
    def fault(self) -> Literal["", "missing", "differs", "unaccounted"]:
        """What is wrong with the ledger here."""
        if self.event is None:
            return "unaccounted"
        if self.step is None:
            return "missing" if self.event.change else ""
        return "" if self.step.change == self.event.change else "differs"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A record's events and entries, side by side; what is None is away. ``roles`` are of accounts that acted."""

    record_id: UUID
    events: Sequence[RecordEvent] | None
    ledger: InLedger | None
    ledger_is_away: bool
    roles: Mapping[str, Sequence[str]]

    @property
    def lines(self) -> Sequence[Line]:
        """All of it in order of versions; the entries alone while activities is away."""
        steps = {step.event_id: step for step in self.ledger.steps} if self.ledger else {}
        if self.events is None:
            return [Line(None, step) for step in steps.values()]
        told = [Line(event, steps.pop(event.event_id, None)) for event in self.events]
        return told + [Line(None, step) for step in steps.values()]

    @property
    def faults(self) -> int | None:
        """How many lines are at fault; None where one of the two sides is away."""
        if self.events is None or self.ledger_is_away:
            return None
        return sum(bool(line.fault) for line in self.lines)


async def explanation(calls: Upstream, record_id: UUID, *, with_roles: bool) -> Explanation:
    """Return why a record counts what it counts, from two services at once, and as what those act who did it.

    Raises RefusedByServiceError where there is no such record, or it is not for the one who asks.
    """
    found, (ledger, is_away) = await asyncio.gather(
        unless_away(calls.read(EVENTS, record_id=record_id, limit=_EVERY)), _in_ledger(calls, record_id)
    )
    events = found.items if found else None
    acted = {event.cause_id for event in events or () if event.cause == "account"}
    roles = await _roles(calls, sorted(acted)) if with_roles else {}
    return Explanation(record_id, events, ledger, is_away, roles)


async def _in_ledger(calls: Upstream, record_id: UUID) -> tuple[InLedger | None, bool]:
    """Return a record as the ledger has it, and whether assessment is away; neither: nothing is entered (yet)."""
    try:
        return await calls.read(IN_LEDGER, record_id=record_id), False
    except AwayError:
        return None, True
    except RefusedByServiceError as refused:
        if refused.status != _NOT_FOUND:
            raise
        return None, False


async def _roles(calls: Upstream, accounts: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Return what accounts may act as today; nothing of one that registry does not know or tell of."""
    known = await asyncio.gather(*(_account(calls, account) for account in accounts))
    return {account: found.roles for account, found in zip(accounts, known, strict=True) if found}


async def _account(calls: Upstream, account: str) -> AccountRoles | None:
    account_id = uuid_of(account)
    try:
        return await unless_away(calls.read(ACCOUNT, account_id=account_id)) if account_id else None
    except RefusedByServiceError:
        return None

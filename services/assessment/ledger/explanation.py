"""Why a volunteer's hours are what they are: the events that make them, and the ledger's entries beside those.

Invariant: the events of activities' log are the truth; an entry is sound where it says what its event says. What
somebody has changed in the ledger changes no event, so the explanation stays right and shows where the ledger is not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby
from typing import Any, Literal, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceCorrected, ServiceLogged
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.received import Received

Entries = Mapping[tuple[UUID, int, str], int]
"""Minutes of ledger entries by record, version and kind."""

_ENTRIES = text("""
    SELECT record_id, version, kind, minutes FROM ledger_entry
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND (CAST(:at AS timestamptz) IS NULL OR recorded_at < :at)
""")
_HOURS = text("SELECT minutes FROM volunteer_hours WHERE district = :district AND volunteer_id = :volunteer_id")

_CARRIED = text("""
    SELECT from_district, minutes, sessions, event_id FROM carried_hours
    WHERE district = :district AND volunteer_id = :volunteer_id ORDER BY from_district
""")


@dataclass(frozen=True, slots=True)
class Line:
    """One event: what it changes, in minutes, the sum so far, and what is wrong with its ledger entries."""

    event: Received[Any]
    change: int
    total: int
    fault: str | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """All lines in order, entries that no event accounts for, and the figures that should be one."""

    lines: Sequence[Line]
    unaccounted: Sequence[tuple[UUID, int, str]]
    by_events: int
    by_entries: int
    hours: int | None
    """The sum that is kept; None where a past moment is explained."""

    @property
    def sound(self) -> bool:
        """Whether the ledger says what the events say."""
        figures = {self.by_events, self.by_entries} | ({self.hours} if self.hours is not None else set())
        return len(figures) == 1 and not self.unaccounted and not any(line.fault for line in self.lines)


async def entries(
    tx: AsyncConnection, district: str, volunteer_id: UUID, at: datetime | None
) -> tuple[Entries, int | None]:
    """Return a volunteer's ledger entries before a moment, and the kept sum where none is named."""
    values = {"district": district, "volunteer_id": volunteer_id}
    rows = await tx.execute(_ENTRIES, {**values, "at": at})
    found = {(row.record_id, row.version, row.kind): row.minutes for row in rows}
    return found, None if at else (await tx.scalar(_HOURS, values) or 0)


class Carried(NamedTuple):
    """What was served in another district before somebody moved, and the event that says so."""

    from_district: str
    minutes: int
    sessions: int
    event_id: UUID


async def carried(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Sequence[Carried]:
    """Return what somebody has brought along: it is in their lifetime, and in no entry of this district."""
    rows = await tx.execute(_CARRIED, {"district": district, "volunteer_id": volunteer_id})
    return [Carried(*row) for row in rows]


def explain(events: Sequence[Received[Any]], found: Entries, hours: int | None) -> Explanation:
    """Hold a volunteer's events, in log order, against the ledger's entries."""
    lines: list[Line] = []
    left, total = dict(found), 0
    for event in events:
        expected = _expected(event)
        faults = []
        for kind, minutes in expected:
            there = left.pop((event.data.record_id, event.attributes.sequence, kind), None)
            if there is None:
                faults.append(f"no {kind} in the ledger")
            elif there != minutes:
                faults.append(f"the ledger's {kind} is {there}")
        change = sum(minutes for _, minutes in expected)
        total += change
        lines.append(Line(event, change, total, "; ".join(faults) or None))
    return Explanation(lines, list(left), total, sum(found.values()), hours)


def _expected(event: Received[Any]) -> list[tuple[str, int]]:
    """Return the entries, kind and minutes, that an event makes."""
    match event.data:
        case ServiceLogged():
            return [("credit", event.data.minutes)]
        case ServiceCorrected():
            pair = [("reversal", -event.data.previous_minutes), ("correction", event.data.minutes)]
            return [(kind, minutes) for kind, minutes in pair if minutes]
    return []


class Place(BaseModel):
    """Where an event is in Kafka; the topic without the installation's prefix."""

    topic: str
    partition: int
    offset: int


class Entered(BaseModel):
    """One entry of a step."""

    kind: Literal["credit", "reversal", "correction"]
    minutes: int


class Step(BaseModel):
    """What one event of a record has changed in the ledger, by which rules, and what the record came to by it."""

    event_id: UUID
    version: int
    recorded_at: datetime
    rule_set: str
    entries: list[Entered]
    change: int
    total: int
    place: Place | None = None
    """Null where Kafka holds the event no more, or was not asked."""


class RecordExplanation(BaseModel):
    """Every step of a record's figure, the first one first.

    ``places_known`` is false where Kafka was not asked for them (a volunteer asks) or did not answer in time.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "record_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "volunteer_id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                    "volunteer_no": "51011500000002",
                    "activity_title": "社区读书会",
                    "service": "culture",
                    "started_at": "2026-03-01T01:00:00Z",
                    "provenance": "leader",
                    "minutes": 90,
                    "places_known": True,
                    "steps": [
                        {
                            "event_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                            "version": 1,
                            "recorded_at": "2026-03-02T03:05:00Z",
                            "rule_set": "510115/2025.1",
                            "entries": [{"kind": "credit", "minutes": 90}],
                            "change": 90,
                            "total": 90,
                            "place": {"topic": "activities.service-record", "partition": 3, "offset": 1207},
                        }
                    ],
                }
            ]
        }
    )

    record_id: UUID
    volunteer_id: UUID
    volunteer_no: str | None
    activity_title: str
    service: str
    started_at: datetime
    provenance: str
    minutes: int
    places_known: bool
    steps: list[Step]

    def with_places(self, places: Mapping[UUID, Place] | None) -> "RecordExplanation":
        """Return the same with the places of the events; None: Kafka did not answer."""
        if places is None:
            return self
        steps = [step.model_copy(update={"place": places.get(step.event_id)}) for step in self.steps]
        return self.model_copy(update={"steps": steps, "places_known": True})


FindPlaces = Callable[[UUID, Sequence[Step]], Awaitable[Mapping[UUID, Place] | None]]
"""Asks Kafka where the events of a record's steps are."""

_OF_RECORD = text("""
    SELECT coalesce(m.kept_id, e.volunteer_id) AS volunteer_id, v.number AS volunteer_no, e.activity_title, e.service,
           e.started_at, e.provenance, e.event_id, e.version, e.recorded_at, e.rule_set, e.kind, e.minutes
    FROM ledger_entry e
    LEFT JOIN merged_volunteer m ON m.district = e.district AND m.id = e.volunteer_id
    LEFT JOIN known_volunteer v ON v.district = e.district AND v.id = coalesce(m.kept_id, e.volunteer_id)
    WHERE e.district = :district AND e.record_id = :record_id ORDER BY e.version, e.minutes
""")


async def explain_record(tx: AsyncConnection, district: str, record_id: UUID) -> RecordExplanation:
    """Return a record's steps without their places. Raises RefusedError ``not_found`` where the ledger has none of it.

    As many rows as the record has versions, twice: a record is corrected by hand.
    """
    rows = (await tx.execute(_OF_RECORD, {"district": district, "record_id": record_id})).all()
    if not rows:
        raise RefusedError(Fault("record_id", Code.NOT_FOUND))
    by_event = [list(of_event) for _, of_event in groupby(rows, lambda row: row.event_id)]
    changes = [sum(row.minutes for row in of_event) for of_event in by_event]
    return RecordExplanation(
        **rows[0]._asdict() | {"record_id": record_id, "minutes": sum(changes), "places_known": False},
        steps=[
            Step(
                **of_event[0]._asdict(),
                entries=[Entered(kind=row.kind, minutes=row.minutes) for row in of_event],
                change=change,
                total=total,
            )
            for of_event, change, total in zip(by_event, changes, accumulate(changes), strict=True)
        ],
    )

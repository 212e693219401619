"""What an activity must say before it may be published.

Invariant: nobody can sign up for something whose place, person in charge, places or risks are not stated
(State Council Decree 685, art. 12), nor for a shift that has begun.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.activities.domain.text import text_fault, title_fault
from shared.contracts.faults import Fault, RefusedError

SERVICES = frozenset(
    {"elderly", "tutoring", "youth", "law", "culture", "event", "environment", "disability", "health", "civic"}
)
"""Codes of the kinds of service, as the district's files have them."""

MAX_SHIFTS = 200
MAX_CAPACITY = 10_000
MAX_SHIFT_LENGTH = timedelta(hours=23)
"""So that a record with an early check-in and a late check-out stays within a day."""
MAX_AHEAD = timedelta(days=730)
_LINE, _TEXT = 200, 4000


@dataclass(frozen=True, slots=True)
class ShiftDraft:
    """A shift to be. Times carry an offset; ``capacity`` counts confirmed places."""

    starts_at: datetime
    ends_at: datetime
    capacity: int | None


@dataclass(frozen=True, slots=True)
class ActivityDraft:
    """An activity to be, as its organiser wrote it."""

    title: str
    service: str
    place: str
    person_in_charge: str
    risk_text: str
    description: str
    shifts: Sequence[ShiftDraft]


def check_draft(draft: ActivityDraft, now: datetime) -> None:
    """Raise RefusedError with every fault of the draft."""
    faults = [*_text_faults(draft), *_shift_faults(draft.shifts, now)]
    if faults:
        raise RefusedError(*faults)


def _text_faults(draft: ActivityDraft) -> Iterator[Fault]:
    required = (
        ("place", draft.place, _LINE),
        ("person_in_charge", draft.person_in_charge, _LINE),
        ("risk_text", draft.risk_text, _TEXT),
    )
    if fault := title_fault("title", draft.title):
        yield fault
    for field, value, longest in required:
        if fault := text_fault(field, value, longest):
            yield fault
    if draft.description and (fault := text_fault("description", draft.description, _TEXT)):
        yield fault
    if draft.service not in SERVICES:
        yield Fault("service", "unknown_value" if draft.service else "missing")


def _shift_faults(shifts: Sequence[ShiftDraft], now: datetime) -> Iterator[Fault]:
    if not shifts:
        yield Fault("shifts", "missing")
    if len(shifts) > MAX_SHIFTS:
        yield Fault("shifts", "too_many")
        return
    for number, shift in enumerate(shifts):
        name = f"shifts.{number}"
        if shift.starts_at <= now:
            yield Fault(f"{name}.starts_at", "in_past")
        elif shift.starts_at > now + MAX_AHEAD:
            yield Fault(f"{name}.starts_at", "out_of_range")
        if shift.ends_at <= shift.starts_at:
            yield Fault(f"{name}.ends_at", "end_before_start")
        elif shift.ends_at - shift.starts_at > MAX_SHIFT_LENGTH:
            yield Fault(f"{name}.ends_at", "out_of_range")
        if shift.capacity is None:
            yield Fault(f"{name}.capacity", "missing")
        elif not 1 <= shift.capacity <= MAX_CAPACITY:
            yield Fault(f"{name}.capacity", "out_of_range")

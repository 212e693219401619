"""What an activity must say before it may be published.

Invariant: nobody can sign up for something whose place, person in charge, places or risks are not stated
(State Council Decree 685, art. 12), nor for a shift that has begun.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from shared.contracts import text
from shared.contracts.codes import QUALIFICATIONS, SERVICES
from shared.contracts.faults import Code, Fault, RefusedError

MAX_SHIFTS = 200
MAX_CAPACITY = 10_000
MAX_SHIFT_LENGTH = timedelta(hours=23)
"""So that a record with an early check-in and a late check-out stays within a day."""
MAX_AHEAD = timedelta(days=730)
_LINE, _TEXT = 200, 4000
LONGEST_TITLE = 100
MOST_NEEDS = 5
"""Kinds of qualification."""
_FORMULA_STARTS = ("=", "+", "-", "@")
_NUMBER_OR_ADDRESS = re.compile(r"\+?\d[\d\s()-]{4,}\d|\S+@\S+")
_LINE_BREAKS = str.maketrans({"\n": " ", "\r": " ", "\t": " "})


class ActivityState(StrEnum):
    """Where an activity stands: a shift is on now, the next is still to come, or all are over, or cancelled."""

    OPEN = "open"
    RUNNING = "running"
    ENDED = "ended"
    CANCELLED = "cancelled"


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
    needs: Sequence[str] = ()
    """Kinds of qualification that whoever comes must hold (Decree 685, art. 16)."""
    dangerous: bool = False
    """Nobody under 18 takes part. Said when it is published, for good: who has signed up by then relies on it."""


def check_draft(draft: ActivityDraft, now: datetime) -> None:
    """Raise RefusedError with every fault of the draft."""
    faults = [*text_faults(draft), *_shift_faults(draft.shifts, now)]
    if faults:
        raise RefusedError(*faults)


def text_faults(draft: ActivityDraft) -> Iterator[Fault]:
    """Yield what is wrong with the text of an activity."""
    required = (
        ("place", draft.place, _LINE),
        ("person_in_charge", draft.person_in_charge, _LINE),
        ("risk_text", draft.risk_text, _TEXT),
    )
    if fault := title_fault("title", draft.title):
        yield fault
    for field, value, longest in required:
        if fault := text_fault(field, value, longest, lines=longest > _LINE):
            yield fault
    if draft.description and (fault := text_fault("description", draft.description, _TEXT)):
        yield fault
    if draft.service not in SERVICES:
        yield Fault("service", Code.UNKNOWN_VALUE if draft.service else Code.MISSING)
    if any(kind not in QUALIFICATIONS for kind in draft.needs):
        yield Fault("needs", Code.UNKNOWN_VALUE)


def _shift_faults(shifts: Sequence[ShiftDraft], now: datetime) -> Iterator[Fault]:
    if not shifts:
        yield Fault("shifts", Code.MISSING)
    if len(shifts) > MAX_SHIFTS:
        yield Fault("shifts", Code.TOO_MANY)
        return
    for number, shift in enumerate(shifts):
        yield from shift_faults(shift, now, f"shifts.{number}.")


def shift_faults(shift: ShiftDraft, now: datetime, prefix: str = "") -> Iterator[Fault]:
    """Yield what is wrong with a shift; ``prefix`` comes before the names of its fields."""
    if shift.starts_at <= now:
        yield Fault(f"{prefix}starts_at", Code.IN_PAST)
    elif shift.starts_at > now + MAX_AHEAD:
        yield Fault(f"{prefix}starts_at", Code.OUT_OF_RANGE)
    if shift.ends_at <= shift.starts_at:
        yield Fault(f"{prefix}ends_at", Code.END_BEFORE_START)
    elif shift.ends_at - shift.starts_at > MAX_SHIFT_LENGTH:
        yield Fault(f"{prefix}ends_at", Code.OUT_OF_RANGE)
    if shift.capacity is None:
        yield Fault(f"{prefix}capacity", Code.MISSING)
    elif not 1 <= shift.capacity <= MAX_CAPACITY:
        yield Fault(f"{prefix}capacity", Code.OUT_OF_RANGE)


def title_fault(field: str, value: str) -> Fault | None:
    """Return what is wrong with the title of an activity, or None."""
    if value.startswith(_FORMULA_STARTS):
        return Fault(field, Code.FORMULA)
    return text_fault(field, value, LONGEST_TITLE, lines=False)


def text_fault(field: str, value: str, longest: int, *, lines: bool = True) -> Fault | None:
    """Return what is wrong with a required text, or None.

    ``longest`` is in characters; ``lines`` says whether there may be several.
    """
    if not value.strip():
        return Fault(field, Code.MISSING)
    if len(value) > longest:
        return Fault(field, Code.TOO_LONG)
    if text.has_control_character(value.translate(_LINE_BREAKS) if lines else value):
        return Fault(field, Code.CONTROL_CHARACTER)
    if text.is_garbled(value):
        return Fault(field, Code.GARBLED)
    return Fault(field, Code.LOOK_ALIKES) if text.mixes_alphabets(value) else None


def public_wording(contact: str) -> str:
    """Return how a person in charge is named to everybody: without telephone numbers and addresses.

    Who looks at the activity itself is shown all of it; an event goes everywhere and stays for ever.
    """
    return _NUMBER_OR_ADDRESS.sub("…", contact).strip()

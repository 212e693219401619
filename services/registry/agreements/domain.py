"""What an agreement between a university and a station says, and how it stands on a day.

League committees of universities have signed such agreements with towns since 2021 (domain.md section 1, line 23).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.contracts.calendar import begin_of
from shared.contracts.faults import Code, Fault

TOLD_BEFORE = timedelta(days=30)
"""Both managers are told so long before an agreement's last day is over."""
LONGEST = timedelta(days=3660)
EARLIEST = timedelta(days=3660)
MOST_STUDENTS = 100_000
PURPOSE_LENGTH = 500
UNIVERSITIES = "university"
"""What the kind of a university's organisation begins with."""


class AgreementState(StrEnum):
    """How an agreement stands today: it follows from its dates."""

    TO_COME = "to_come"
    IN_FORCE = "in_force"
    EXPIRING = "expiring"
    OVER = "over"
    ENDED = "ended"
    """Before its last day."""


@dataclass(frozen=True, slots=True)
class NewAgreement:
    """An agreement to be put on file; days in the district's zone, both included."""

    organisation_id: UUID
    station_id: UUID
    starts_on: date
    ends_on: date
    students: int
    purpose: str


def agreement_faults(new: NewAgreement, today: date) -> Iterator[Fault]:
    """Yield what is wrong with an agreement but for its units. One that is on paper since long may be entered."""
    if new.starts_on < today - EARLIEST or new.starts_on > today + LONGEST:
        yield Fault("starts_on", Code.OUT_OF_RANGE)
    if new.ends_on < new.starts_on:
        yield Fault("ends_on", Code.END_BEFORE_START)
    elif new.ends_on < today:
        yield Fault("ends_on", Code.IN_PAST)
    elif new.ends_on - new.starts_on > LONGEST:
        yield Fault("ends_on", Code.OUT_OF_RANGE)
    if not 1 <= new.students <= MOST_STUDENTS:
        yield Fault("students", Code.OUT_OF_RANGE)
    if not new.purpose:
        yield Fault("purpose", Code.MISSING)
    elif len(new.purpose) > PURPOSE_LENGTH:
        yield Fault("purpose", Code.TOO_LONG)


def state_on(starts_on: date, ends_on: date, ended_on: date | None, today: date) -> AgreementState:
    """Return how an agreement stands on a day."""
    if ended_on is not None:
        return AgreementState.ENDED
    if today > ends_on:
        return AgreementState.OVER
    if today < starts_on:
        return AgreementState.TO_COME
    return AgreementState.EXPIRING if ends_on - today <= TOLD_BEFORE else AgreementState.IN_FORCE


def told_at(ends_on: date) -> datetime:
    """Return the moment from which on an agreement is about to expire."""
    return begin_of(ends_on - TOLD_BEFORE)

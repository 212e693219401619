"""What an organiser may change about a shift.

Invariant: nobody loses a place because a number was typed: fewer places than are held are refused, unless it is said
who leaves.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.activities.publishing.domain import ShiftDraft, shift_faults
from services.activities.signing_up.domain import Shift
from shared.contracts.faults import Code, Fault, RefusedError


@dataclass(frozen=True, slots=True)
class ShiftChange:
    """What is to be different; None is left as it is. ``leaving`` are the sign-ups that lose their place by it."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    capacity: int | None = None
    leaving: Collection[UUID] = ()


def changed_shift(shift: Shift, change: ShiftChange, now: datetime) -> Shift:
    """Return a shift with what is to be different. Raises RefusedError, as publishing does, or as it is over."""
    check_to_come(shift, now)
    changed = replace(
        shift,
        starts_at=change.starts_at or shift.starts_at,
        ends_at=change.ends_at or shift.ends_at,
        capacity=shift.capacity if change.capacity is None else change.capacity,
    )
    faults = [*shift_faults(ShiftDraft(changed.starts_at, changed.ends_at, changed.capacity), now)]
    if change.leaving and change.capacity is None:
        faults.append(Fault("capacity", Code.MISSING))
    if faults:
        raise RefusedError(*faults)
    return changed


def check_to_come(shift: Shift, now: datetime) -> None:
    """Raise RefusedError where a shift is cancelled, or has begun: then it is closed, and changed no more."""
    if shift.is_cancelled:
        raise RefusedError(Fault("shift_id", Code.NOT_OPEN))
    if shift.starts_at <= now:
        raise RefusedError(Fault("shift_id", Code.TOO_LATE))


def check_capacity(shift: Shift) -> None:
    """Raise RefusedError ``below_confirmed`` where a shift has fewer places than are held."""
    if shift.capacity < shift.taken:
        raise RefusedError(Fault("capacity", Code.BELOW_CONFIRMED))

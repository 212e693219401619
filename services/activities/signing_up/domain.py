"""Who gets a place on a shift.

Invariant: ``taken <= capacity``, and somebody waits only while no place is free; places and queue numbers are given
strictly in order of arrival. ``decide_group`` decides any number of requests at once as if they had come one by one.
"""

from collections.abc import Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from shared.contracts.faults import Code, Fault


class SignUpState(StrEnum):
    """Where a sign-up stands. All but ``withdrawn`` are live: one of them a volunteer and shift."""

    CONFIRMED = "confirmed"
    WAITING = "waiting"
    WITHDRAWN = "withdrawn"
    ATTENDING = "attending"
    COMPLETED = "completed"
    MISSING_CHECK_OUT = "missing_check_out"
    """Had come, and never checked out."""


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift as it is locked: its times (UTC) and how its places stand."""

    id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    ends_at: datetime
    capacity: int
    taken: int
    waiting: int
    next_queue_number: int


@dataclass(frozen=True, slots=True)
class Place:
    """What a request got: ``queue_number`` rises with arrival; ``position`` on the waiting list counts from 1."""

    state: SignUpState
    queue_number: int
    position: int | None


@dataclass(frozen=True, slots=True)
class GroupDecision:
    """A verdict per request, in order, and how the shift's places stand after them."""

    verdicts: list[Place | Fault]
    taken: int
    waiting: int
    next_queue_number: int


def decide_group(
    shift: Shift, now: datetime, volunteers: Sequence[UUID], known: Set[UUID], live: Set[UUID]
) -> GroupDecision:
    """Decide requests in order of arrival.

    ``known`` are the volunteers on the register, ``live`` those who are signed up for the shift already.
    Whoever withdrew may sign up again, at the end of the queue.
    """
    taken, waiting, queue_number = shift.taken, shift.waiting, shift.next_queue_number
    present = set(live)
    verdicts: list[Place | Fault] = []
    for volunteer in volunteers:
        if shift.starts_at <= now:
            verdicts.append(Fault("shift_id", Code.TOO_LATE))
        elif volunteer not in known:
            verdicts.append(Fault("volunteer_id", Code.UNKNOWN_REFERENCE))
        elif volunteer in present:
            verdicts.append(Fault("shift_id", Code.ALREADY_SIGNED_UP))
        else:
            present.add(volunteer)
            if taken < shift.capacity:
                taken += 1
                verdicts.append(Place(SignUpState.CONFIRMED, queue_number, None))
            else:
                waiting += 1
                verdicts.append(Place(SignUpState.WAITING, queue_number, waiting))
            queue_number += 1
    return GroupDecision(verdicts, taken, waiting, queue_number)

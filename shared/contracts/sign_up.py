"""Events of one sign-up after it was made (key: the sign-up): offered, asked again, cancelled, excused.

Each names the one person it is told to, with all that a message needs: title, place, times and the date to answer by.
"""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class WithdrawalReason(StrEnum):
    """Why somebody is no longer on a shift that takes place."""

    GIVEN_UP = "given_up"
    """The volunteer gave up a place, left the waiting list, or does not agree to moved times."""
    OFFER_DECLINED = "offer_declined"
    OFFER_EXPIRED = "offer_expired"
    """An offered place was not accepted in time."""
    NOT_AGREED = "not_agreed"
    """Moved times were not agreed to in time."""


class CancellationCause(StrEnum):
    """What took a sign-up away from a volunteer."""

    SHIFT_CANCELLED = "shift_cancelled"
    ACTIVITY_CANCELLED = "activity_cancelled"
    FEWER_PLACES = "fewer_places"


class AbsenceClass(StrEnum):
    """How somebody with a place stayed away (domain.md row 29). A class is counted, and a leader can excuse it."""

    LATE_WITHDRAWAL = "late_withdrawal"
    """The place was given back within the period of notice (Decree 685, art. 22)."""
    NO_SHOW = "no_show"


class SignUpOffered(Event):
    """A waiting volunteer can have a free place, until ``accept_by``."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    volunteer_id: UUID
    accept_by: datetime


class SignUpAskedAgain(Event):
    """The shift of a volunteer with a place has moved: they agree until ``answer_by``, or have no place any more."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    place: str
    from_starts_at: datetime
    from_ends_at: datetime
    starts_at: datetime
    ends_at: datetime
    volunteer_id: UUID
    answer_by: datetime


class SignUpAgreed(Event):
    """A volunteer who was asked again comes at the new times: the place is confirmed."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    volunteer_id: UUID


class SignUpCancelled(Event):
    """The organiser has taken a sign-up away: the shift does not take place, or has fewer places."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID
    cause: CancellationCause
    reason: str
    """As the organiser has worded it; empty where a place was taken away without a word."""


class VolunteerTakenOff(Event):
    """Somebody who staffs the activity has taken a volunteer off a shift that takes place, or off its waiting list."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID
    reason: str
    """As it was worded for the volunteer; empty where nobody took them off by hand."""
    lacking: tuple[str, ...] = ()
    """Kinds of qualification that the activity needs and the volunteer holds no more; nobody took them off by hand."""
    guardian_took_back: bool = False
    """The volunteer is under 18 and their guardian does not agree any more; nobody took them off by hand."""


class AbsenceExcused(Event):
    """A leader has taken back that somebody withdrew late or did not come: it is not counted any more."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    absence: AbsenceClass
    reason: str
    activity_title: str | None = None
    """Absent in older events."""
    claim_id: UUID | None = None
    """The claim that was accepted by it: ``ClaimAnswered`` tells the volunteer."""


class SignUpMoved(Event):
    """A sign-up is another entry's now: two entries of one person were merged, or are two again."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID
    """Whose it is now."""
    from_id: UUID
    """Whose it was."""

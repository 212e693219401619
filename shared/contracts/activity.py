"""Events of an activity and of the sign-ups for its shifts."""

from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event
from shared.contracts.sign_up import WithdrawalReason


class PublishedShift(BaseModel):
    """One shift of a published activity. Times are UTC; capacity counts confirmed places."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    capacity: int


class ActivityPublished(Event):
    """An activity is open for sign-up (Decree 685, art. 12: complete information, risks included)."""

    topic: ClassVar[str] = "activities.activity"
    version: ClassVar[int] = 2

    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    place: str
    person_in_charge: str
    """Whom to ask, as the organiser has worded it, without telephone numbers and addresses."""
    risk_text: str
    description: str
    published_at: datetime | None = None
    """Absent in events of before version 2."""
    shifts: tuple[PublishedShift, ...]
    needs: tuple[str, ...] = ()
    """Kinds of qualification that whoever comes must hold."""
    dangerous: bool = False
    """Nobody under 18 takes part; absent in older events."""


class VolunteerSignedUp(Event):
    """A volunteer has a confirmed place on a shift."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID
    ends_at: datetime | None = None
    """Absent in events of before the place and the end were told, like ``place``."""
    place: str | None = None


class VolunteerWaitlisted(Event):
    """A volunteer waits for a place on a full shift; ``queue_number`` rises in order of arrival."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    volunteer_id: UUID
    queue_number: int
    position: int | None = None
    """Which place in the queue that was then, from 1; absent in older events, like ``activity_title``."""
    activity_title: str | None = None
    starts_at: datetime | None = None


class SignUpPromoted(Event):
    """A waiting volunteer has got a place: has accepted the one that was offered (``SignUpOffered``)."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID
    ends_at: datetime | None = None
    """Absent in events of before the place and the end were told, like ``place``."""
    place: str | None = None


class SignUpWithdrawn(Event):
    """A volunteer has left a shift that takes place (Decree 685, art. 22), or has not answered in time."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    volunteer_id: UUID
    reason: WithdrawalReason = WithdrawalReason.GIVEN_UP
    is_late: bool = False
    """Within the period of notice: counted, unless a leader excuses it."""
    place_stays_free: bool = False
    """So near the start nobody is offered the place any more: the leader is told."""
    activity_title: str | None = None
    """Absent in older events, like ``starts_at``."""
    starts_at: datetime | None = None
    organiser_id: UUID | None = None
    """Who published the activity, where that is a volunteer."""


class CheckInWay(StrEnum):
    """How a check-in or a check-out came about."""

    SELF_CHECK_IN = "self_check_in"
    """By the volunteer: in with the code shown at the place, out with it or without."""
    LEADER = "leader"
    """From the leader's list."""
    KIOSK = "kiosk"
    """At a device of the station."""
    OFFLINE = "offline"
    """From a list that was kept without a network."""


class Undone(StrEnum):
    """Which tap was taken back."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"


class VolunteerCheckedIn(Event):
    """A volunteer with a confirmed place has begun to serve."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    checked_in_at: datetime
    way: CheckInWay | None = None
    """Absent in events from before there were codes."""


class VolunteerCheckedOut(Event):
    """A volunteer has ended to serve; what of that counts is in the service record."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    checked_out_at: datetime
    way: CheckInWay
    reason: str | None = None
    """Why a leader states other times than the rules give; absent where nobody had to say."""


class CheckUndone(Event):
    """The last tap was a mistake: after a check-out the volunteer serves on, after a check-in they have not come."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    undone: Undone


class CheckOutMissed(Event):
    """Somebody who had come never checked out: nothing is credited until a leader confirms what was true."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    volunteer_id: UUID
    checked_in_at: datetime
    ends_at: datetime
    """The shift's end."""


class ShiftMissed(Event):
    """Somebody with a confirmed place had not come when the shift was closed."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID


class ShiftClosed(Event):
    """A leader has confirmed a shift's attendance: who served for how long, who did not come."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    shift_id: UUID
    closed_at: datetime
    served: int
    missed: int
    """How many with a confirmed place did not come."""
    minutes: int
    """What all who served were credited together."""


class ShiftReopened(Event):
    """A closed shift's attendance is to be put right."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    shift_id: UUID
    reason: str

"""Events of an activity and of the sign-ups for its shifts."""

from datetime import datetime
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


class VolunteerCheckedIn(Event):
    """A volunteer with a confirmed place has begun to serve."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    checked_in_at: datetime

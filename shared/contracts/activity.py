"""Events of an activity and of the sign-ups for its shifts."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.event import Event


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


class VolunteerWaitlisted(Event):
    """A volunteer waits for a place on a full shift; ``queue_number`` rises in order of arrival."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    volunteer_id: UUID
    queue_number: int


class SignUpPromoted(Event):
    """A waiting volunteer has got the place that somebody gave back."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    activity_title: str
    starts_at: datetime
    volunteer_id: UUID


class SignUpWithdrawn(Event):
    """A volunteer gave up a place or left the waiting list (Decree 685, art. 22)."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    volunteer_id: UUID


class VolunteerCheckedIn(Event):
    """A volunteer with a confirmed place has begun to serve."""

    topic: ClassVar[str] = "activities.sign-up"

    sign_up_id: UUID
    shift_id: UUID
    volunteer_id: UUID
    checked_in_at: datetime

"""Events of what became of an activity after it was published (key: the activity).

What changes for one person is an event of that person's sign-up (`shared.contracts.sign_up`). Where nothing changes for
somebody who is to be told all the same, the event names them; it is told again, with the next version and the next
people, where there are more than `MOST_NAMED` of them, so that none outgrows a broker's limit.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.activity import PublishedShift
from shared.contracts.event import Event

MOST_NAMED = 5_000
"""People in one event: 195 kB."""


class ActivityChanged(Event):
    """What is said of an activity is different now; carries the new text in full."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    place: str
    person_in_charge: str
    """Whom to ask, without telephone numbers and addresses."""
    risk_text: str
    description: str
    changed: tuple[str, ...]
    """Which of these fields are new."""
    volunteer_ids: tuple[UUID, ...] = ()
    """Who holds or waits for a place on a shift to come."""


class ShiftAdded(Event):
    """An activity has one more shift, open for sign-up."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    activity_title: str
    shift: PublishedShift


class ShiftMoved(Event):
    """A shift has other times. Who held a place is asked again (``SignUpAskedAgain``); who waited waits on."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    shift_id: UUID
    activity_title: str
    place: str
    from_starts_at: datetime
    from_ends_at: datetime
    starts_at: datetime
    ends_at: datetime
    waiting_ids: tuple[UUID, ...] = ()
    """The volunteers on its waiting list."""


class ShiftCapacityChanged(Event):
    """A shift has more or fewer places. Whoever gets or loses one by it has an event of their own."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    shift_id: UUID
    activity_title: str
    from_capacity: int
    capacity: int


class ShiftCancelled(Event):
    """A shift does not take place: it earns no hours. Everybody on it has a ``SignUpCancelled``."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    shift_id: UUID
    activity_title: str
    starts_at: datetime
    ends_at: datetime
    reason: str
    organiser_id: UUID | None = None
    """Who published it, where that is a volunteer."""


class ActivityCancelled(Event):
    """An activity does not take place, none of its shifts to come. Everybody on them has a ``SignUpCancelled``."""

    topic: ClassVar[str] = "activities.activity"

    activity_id: UUID
    activity_title: str
    reason: str
    shift_ids: tuple[UUID, ...]
    """The shifts that are cancelled by it: those that had not begun."""
    organiser_id: UUID | None = None
    """Who published it, where that is a volunteer."""

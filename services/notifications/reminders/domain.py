"""When somebody is reminded of a shift, and when that is of no use any more.

Invariant: a reminder is told by its sign-up, the shift's start and how long before; so the same one is never told
twice, and a shift that is moved has reminders of its own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

REMINDER = "reminder"
"""The kind of work that a reminder is; the item has the reminder's id, and so has its message."""
BEFORE = (timedelta(hours=24), timedelta(hours=3))
"""How long before the start, the earlier ones first."""


@dataclass(frozen=True, slots=True)
class Place:
    """A sign-up as its last event leaves it. ``starts_at`` is None where there is no confirmed place any more."""

    district: str
    sign_up_id: UUID
    version: int
    volunteer_id: UUID
    activity_title: str | None = None
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder, due so long before the start."""

    sign_up_id: UUID
    starts_at: datetime
    before: timedelta

    @property
    def id(self) -> UUID:
        """The same one however often its sign-up's event comes."""
        return uuid5(self.sign_up_id, f"{self.starts_at.astimezone(UTC).isoformat()}-{self.before}")

    @property
    def due_at(self) -> datetime:
        """When it is due."""
        return self.starts_at - self.before


def reminders_of(place: Place, at: datetime) -> Iterator[Reminder]:
    """Return the reminders of a place that are still to come at a moment."""
    if place.starts_at is not None:
        for before in BEFORE:
            reminder = Reminder(place.sign_up_id, place.starts_at, before)
            if reminder.due_at > at:
                yield reminder


def is_of_use(reminder: Reminder, at: datetime) -> bool:
    """Return whether a reminder is still to be told: not once the shift, or a later reminder, is due."""
    later = [before for before in BEFORE if before < reminder.before]
    return at < reminder.starts_at - max(later, default=timedelta(0))

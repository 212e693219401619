"""What messages are for, on which channels they go, and what a person wants of that.

Invariant: what somebody must know is always in the inbox. Everything else is wanted until the person says otherwise.
Quiet hours are those of a clock on the wall in China, and may go past midnight.
"""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum

from shared.contracts.calendar import CHINA


class Channel(StrEnum):
    """How a message reaches a person."""

    IN_APP = "in_app"
    EMAIL = "email"


class Purpose(StrEnum):
    """What a message is for: what a person can want or not want to be told."""

    ACCOUNT = "account"
    """That one is registered, and under which number."""
    PLACE = "place"
    """That one has a place, is offered one, or has none any more."""
    CHANGE = "change"
    """That a shift or an activity is moved, cancelled or described differently."""
    REMINDER = "reminder"
    """That a shift begins soon."""
    ATTENDANCE = "attendance"
    """That a check-out is missing, or how a claim was answered."""
    HOURS = "hours"
    """That hours are credited, or a star level is reached."""
    LEADING = "leading"
    """What whoever published an activity, manages a station or is the centre has to see to."""


MAY_LEAVE_INBOX = frozenset({Purpose.REMINDER, Purpose.HOURS})
"""What nobody has to know: it alone can be kept out of the inbox."""


@dataclass(frozen=True, slots=True)
class QuietHours:
    """When no mail is to come, each day."""

    starts: time
    ends: time

    def end_of(self, moment: datetime) -> datetime | None:
        """Return when the quiet hours end that a moment lies in; None where it lies in none."""
        at = moment.astimezone(CHINA)
        begun, over = at.time() >= self.starts, at.time() >= self.ends
        past_midnight = self.starts > self.ends
        if not ((begun or not over) if past_midnight else (begun and not over)):
            return None
        end = datetime.combine(at.date(), self.ends, CHINA)
        return end + timedelta(days=1) if over else end


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one person wants. ``unwanted`` are the channels on which messages for a purpose are not to come."""

    unwanted: frozenset[tuple[Purpose, Channel]] = frozenset()
    quiet_hours: QuietHours | None = None

    def want(self, purpose: Purpose, channel: Channel) -> bool:
        """Return whether messages for a purpose are to come on a channel."""
        return (purpose, channel) not in self.unwanted or is_needed(purpose, channel)


def is_needed(purpose: Purpose, channel: Channel) -> bool:
    """Return whether messages for a purpose come on a channel whatever a person wants."""
    return channel is Channel.IN_APP and purpose not in MAY_LEAVE_INBOX

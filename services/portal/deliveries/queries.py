"""How a district's deliveries stand: how many are in which state on which channel, and why.

Invariant: codes and counts alone; to whom and what is notifications' own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault
from shared.http.upstream import Change, Read

FINAL_FAILURES = ("undeliverable", "uncertain")
"""States that nothing is tried after by itself: refused for good, or maybe taken by a server that died."""
WAITING = ("queued", "sending")


class Count(BaseModel):
    """How many deliveries of a channel are in a state for a reason, and since when the oldest is there."""

    channel: str
    state: str
    reason: str | None
    deliveries: int
    oldest: datetime


class FailedMail(BaseModel):
    """A mail that has failed for good: which message, why and when."""

    id: UUID
    template: str
    reason: str | None
    occurred_at: datetime
    sent_again: int
    too_late: bool


class FailedMails(BaseModel):
    """A page of them."""

    items: list[FailedMail]
    next_cursor: str | None


class Ordered(BaseModel):
    """How many mails the worker is going to look at."""

    failed: int


class SendingForm(BaseModel):
    """Of which days what has failed is sent again, and why."""

    first_day: ShortText = ""
    last_day: ShortText = ""
    reason: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing or no day, each field with its sentence."""
        days = {"first_day": self.first_day, "last_day": self.last_day}
        wrong = {field: typed for field, typed in days.items() if read_day(typed) is None}
        return {
            field: Fault("", Code.DATE if typed else Code.MISSING).message(language) for field, typed in wrong.items()
        }

    def body(self) -> dict[str, object]:
        """Return it as notifications wants it."""
        days = {"first_day": read_day(self.first_day), "last_day": read_day(self.last_day)}
        return {**{field: day.isoformat() for field, day in days.items() if day}, "reason": self.reason}


SUMMARY = Read("notifications", "/v1/deliveries/summary", list[Count])
FAILED = Read("notifications", "/v1/deliveries/failed", FailedMails)
SEND_ALL_AGAIN = Change("POST", "notifications", "/v1/deliveries/sending-again", Ordered)
SEND_AGAIN = Change("POST", "notifications", "/v1/deliveries/{delivery_id}/sending-again", Ordered)


class Standing:
    """A district's deliveries."""

    def __init__(self, counts: Sequence[Count]) -> None:
        self._counts = counts
        self.failed = _largest_first(count for count in counts if count.state in FINAL_FAILURES)
        self.waiting = _largest_first(count for count in counts if count.state in WAITING and count.reason)

    @property
    def by_channel(self) -> Mapping[str, Mapping[str, int]]:
        """How many there are by channel and state."""
        found: dict[str, Counter[str]] = {}
        for count in self._counts:
            found.setdefault(count.channel, Counter())[count.state] += count.deliveries
        return found


def _largest_first(counts: Iterable[Count]) -> list[Count]:
    return sorted(counts, key=lambda count: -count.deliveries)

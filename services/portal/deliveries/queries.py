"""How a district's deliveries stand: how many are in which state on which channel, and why.

Invariant: codes and counts alone; to whom and what is notifications' own.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from pydantic import BaseModel

from shared.http.upstream import Read

FINAL_FAILURES = ("undeliverable", "uncertain")
"""States that nothing is tried after: the mail was refused for good, or may have been taken by a server that died."""
WAITING = ("queued", "sending")


class Count(BaseModel):
    """How many deliveries of a channel are in a state for a reason, and since when the oldest is there."""

    channel: str
    state: str
    reason: str | None
    deliveries: int
    oldest: datetime


SUMMARY = Read("notifications", "/v1/deliveries/summary", list[Count])


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

"""A delivery's identity, and when a mail is tried again.

Invariant: a server that is away is never given up on; only how long to wait has a limit.
"""

from datetime import timedelta
from uuid import UUID, uuid5

from services.notifications.messages.domain import Channel

FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=15)
CONTACT_PATIENCE = timedelta(days=7)
"""How long a mail waits for its volunteer's contact; by then it is no news any more, or the volunteer is erased."""
_MOST_DOUBLINGS = 16  # far beyond LONGEST_WAIT, and far below what a timedelta can hold


def back_off(attempts: int, jitter: float) -> timedelta:
    """Return the wait after the given number of attempts (at least 1): doubling from FIRST_WAIT up to LONGEST_WAIT.

    ``jitter`` in [0, 1) takes off up to half of it, so that mails which failed together do not return together.
    """
    doublings = min(attempts - 1, _MOST_DOUBLINGS)
    return min(FIRST_WAIT * (1 << doublings), LONGEST_WAIT) * (1 - jitter / 2)


def delivery_id(event_id: UUID, channel: Channel) -> UUID:
    """Return the id of an event's delivery on a channel: always the same one, so its mail's Message-ID is too."""
    return uuid5(event_id, channel)

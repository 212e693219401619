"""What staff read a minor's data for, with another person's approval (未成年人网络保护条例 art. 36).

Invariant: an approval is for one reader, one minor and one purpose, and for a few hours; whoever asks is never who
answers.
"""

from datetime import timedelta
from enum import StrEnum

GOOD_FOR = timedelta(hours=4)
"""How long one may read once it is approved."""
ANSWERED_WITHIN = timedelta(days=3)
"""After that a request has lapsed: what it was asked for is done otherwise, or is asked for again."""


class ReadingPurpose(StrEnum):
    """What is read in clear, and what for."""

    CONTACT = "contact"
    """Name and phone number, to reach somebody."""
    CORRECTION = "correction"
    """What somebody wants put right, beside what is on file."""
    QUALIFICATION = "qualification"
    """What a paper says and shows, to verify it."""


class ReadingState(StrEnum):
    """Where a request stands, as it is on file."""

    OPEN = "open"
    APPROVED = "approved"
    REFUSED = "refused"

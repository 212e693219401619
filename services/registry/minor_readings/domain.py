"""What a request and its answer must say."""

from datetime import date, datetime

from shared.contracts.calendar import begin_of
from shared.contracts.faults import Code, Fault

LEAST_REASON = 2
"""Characters: what an auditor reads as a reason."""


def words_fault(field: str, words: str) -> Fault | None:
    """Return what is wrong with a reason, or with a refusal's words (art. 34: a refusal is in writing)."""
    return Fault(field, Code.MISSING) if len(words.strip()) < LEAST_REASON else None


def moments_of(year: int) -> tuple[datetime, datetime]:
    """Return when a year begins and ends, in China."""
    first, last = date(year, 1, 1), date(year + 1, 1, 1)
    return begin_of(first), begin_of(last)

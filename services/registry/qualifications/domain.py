"""What a qualification must say, how long it holds, and what its picture may be.

Invariant: nothing holds that nobody has looked at, and nothing beyond its last day, in the district's zone.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from shared.contracts import text
from shared.contracts.calendar import CHINA, begin_of
from shared.contracts.codes import QUALIFICATIONS
from shared.contracts.evidence import LARGEST_EVIDENCE, media_type_of
from shared.contracts.faults import Code, Fault

NOTICE = timedelta(days=30)
"""So long before its last day is over the volunteer hears of it (domain.md row 16)."""
_TOLD_AT = time(9)
MOST_WAITING = 20
"""As many of one volunteer wait for the office at most."""
_LONGEST = 100
_LONGEST_REASON = 200
_EARLIEST, _LATEST = date(1940, 1, 1), timedelta(days=366 * 50)


class QualificationState(StrEnum):
    """Where a qualification stands: it holds as ``verified`` alone."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REFUSED = "refused"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Paper:
    """What a volunteer says of a paper; ``expires_on`` is its last day, None where it has none."""

    kind: str
    issued_by: str
    number: str
    issued_on: date | None
    expires_on: date | None


def paper_faults(paper: Paper, evidence: bytes | None, today: date) -> Iterator[Fault]:
    """Yield everything that is wrong with what is submitted on a day."""
    if paper.kind not in QUALIFICATIONS:
        yield Fault("kind", Code.UNKNOWN_VALUE if paper.kind else Code.MISSING)
    for field, value in (("issued_by", paper.issued_by), ("number", paper.number)):
        if code := _line_fault(value, _LONGEST):
            yield Fault(field, code)
    if paper.issued_on is None:
        yield Fault("issued_on", Code.MISSING)
    elif paper.issued_on > today:
        yield Fault("issued_on", Code.IN_FUTURE)
    elif paper.issued_on < _EARLIEST:
        yield Fault("issued_on", Code.OUT_OF_RANGE)
    if paper.expires_on is not None:
        yield from _expiry_faults(paper.issued_on, paper.expires_on, today)
    if evidence is not None:
        yield from _evidence_faults(evidence)


def _expiry_faults(issued_on: date | None, expires_on: date, today: date) -> Iterator[Fault]:
    if expires_on < today:
        yield Fault("expires_on", Code.IN_PAST)
    elif issued_on is not None and expires_on < issued_on:
        yield Fault("expires_on", Code.END_BEFORE_START)
    elif expires_on > today + _LATEST:
        yield Fault("expires_on", Code.OUT_OF_RANGE)


def _evidence_faults(evidence: bytes) -> Iterator[Fault]:
    if len(evidence) > LARGEST_EVIDENCE:
        yield Fault("evidence", Code.TOO_LARGE)
    elif media_type_of(evidence) is None:
        yield Fault("evidence", Code.FILE_TYPE)


def reason_fault(reason: str) -> Fault | None:
    """Return what is wrong with a reason that a volunteer is to read, or None."""
    if code := _line_fault(" ".join(reason.split()), _LONGEST_REASON):
        return Fault("reason", code)
    return None


def _line_fault(value: str, longest: int) -> Code | None:
    if not value:
        return Code.MISSING
    if len(value) > longest:
        return Code.TOO_LONG
    if text.has_control_character(value):
        return Code.CONTROL_CHARACTER
    return Code.GARBLED if text.is_garbled(value) else None


def over_at(expires_on: date) -> datetime:
    """Return the moment from which on something holds no more whose last day this is."""
    return begin_of(expires_on + timedelta(days=1))


def told_at(expires_on: date) -> datetime:
    """Return when the volunteer is told that it will expire."""
    return datetime.combine(expires_on - NOTICE, _TOLD_AT, CHINA)

"""From check-in to check-out: when it is possible, what of it counts, what can be taken back.

Invariant: what counts is the time actually given (MCA Order 67, art. 7): never more than lies between check-in and
check-out, nor, unless a leader confirms more and says why, than the shift; nothing where nobody checked out
(domain.md row 33).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from services.activities.records.domain import whole_minutes
from services.activities.rules.domain import FIRST_RULES, RuleSet
from services.activities.signing_up.domain import SignUpState
from shared.contracts import AbsenceClass, CheckInWay, Provenance
from shared.contracts.faults import Code, Fault, RefusedError

UNDO = timedelta(minutes=5)
"""For as long a volunteer can take back a tap of their own (issue 12)."""
TRIES, TRIES_WITHIN = 5, timedelta(minutes=10)
"""How many codes somebody may type, within how long: against guessing, so no district's to choose."""
INSTANT = timedelta(microseconds=1)
CAME = (SignUpState.ATTENDING, SignUpState.COMPLETED, SignUpState.MISSING_CHECK_OUT)
"""The states of those who have come."""


class Span(NamedTuple):
    """Time given: from when until when (UTC), and the net minutes of it."""

    started_at: datetime
    ended_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """A sign-up as attendance sees it, with what its service record says of the activity."""

    sign_up_id: UUID
    shift_id: UUID
    activity_id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int
    absence: AbsenceClass | None
    checked_in_at: datetime | None
    checked_in_by: CheckInWay | None
    inside: bool | None
    code_from: datetime | None
    checked_out_at: datetime | None
    checked_out_by: CheckInWay | None
    station_id: UUID
    published_by: str
    activity_title: str
    service: str
    starts_at: datetime
    ends_at: datetime
    rules: RuleSet = FIRST_RULES
    """Those that its activity keeps."""

    @property
    def provenance(self) -> Provenance:
        """Who vouches for its times: the volunteer alone with the code of the place, or staff."""
        ways = {self.checked_in_by, self.checked_out_by}
        return Provenance.SELF_CHECK_IN if ways == {CheckInWay.SELF_CHECK_IN} else Provenance.LEADER


def check_in(found: Attendance, now: datetime) -> None:
    """Raise RefusedError where the volunteer cannot begin to serve now; ``too_early`` says when they can."""
    if found.state is not SignUpState.CONFIRMED:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    check_hours(found.starts_at, found.ends_at, now, found.rules)


def check_hours(starts_at: datetime, ends_at: datetime, now: datetime, rules: RuleSet) -> None:
    """Raise RefusedError where a shift cannot be checked into now; ``too_early`` says when it can."""
    opens_at = starts_at - rules.check_in_opens
    if now < opens_at:
        raise RefusedError(Fault("shift_id", Code.TOO_EARLY), opens_at=opens_at.isoformat())
    if now >= ends_at:
        raise RefusedError(Fault("shift_id", Code.TOO_LATE))


def is_forgotten(found: Attendance, now: datetime) -> bool:
    """Return whether it is too late for a check-out to say when the service ended."""
    return now > found.ends_at + found.rules.forgotten_after


def counts_from(came_at: datetime, starts_at: datetime, rules: RuleSet) -> datetime:
    """Return from when on an attendance counts."""
    return max(came_at, starts_at - rules.counts_early)


def counts_until(left_at: datetime, ends_at: datetime, rules: RuleSet) -> datetime:
    """Return until when an attendance counts."""
    return min(left_at, ends_at + rules.counts_late)


def credited(
    came_at: datetime, left_at: datetime, starts_at: datetime, ends_at: datetime, rules: RuleSet
) -> Span | None:
    """Return what counts of an attendance by the rules alone; None where that is not a minute."""
    started_at, ended_at = counts_from(came_at, starts_at, rules), counts_until(left_at, ends_at, rules)
    minutes = whole_minutes(started_at, ended_at)
    return Span(started_at, ended_at, minutes) if minutes >= 1 else None


def by_rules(found: Attendance) -> Span | None:
    """Return what counts of an attendance as it stands; None where it has not ended, or gave no minute."""
    if found.checked_in_at is None or found.checked_out_at is None:
        return None
    return credited(found.checked_in_at, found.checked_out_at, found.starts_at, found.ends_at, found.rules)


def needs_a_reason(found: Attendance, span: Span) -> bool:
    """Return whether a leader confirms something else than the rules give for what is known of an attendance.

    Where nobody checked out nothing is known of the end: any within the shift is theirs to state.
    """
    if found.checked_in_at is None or span.started_at != counts_from(found.checked_in_at, found.starts_at, found.rules):
        return True
    if found.checked_out_at is None or found.state is SignUpState.MISSING_CHECK_OUT:
        return span.ended_at > found.ends_at + found.rules.counts_late
    return span.ended_at != counts_until(found.checked_out_at, found.ends_at, found.rules)


def check_undo_by_volunteer(found: Attendance, now: datetime) -> None:
    """Raise RefusedError where the last tap is not the volunteer's own, or longer ago than they may take back."""
    if found.state is SignUpState.COMPLETED:
        way, at = found.checked_out_by, found.checked_out_at
    else:
        way, at = found.checked_in_by, found.checked_in_at
    if way is not CheckInWay.SELF_CHECK_IN or at is None:
        raise RefusedError(Fault("sign_up_id", Code.FORBIDDEN))
    if now > at + UNDO:
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))

"""What may be claimed, and until when it is answered.

Invariant: Order 67 asks for an answer "in time" (art. 13) and names no days; the district answers within five working
days (domain.md 2.2).
"""

from datetime import date, datetime
from enum import StrEnum

from services.activities.attendance.domain import Attendance
from services.activities.signing_up.domain import SignUpState
from shared.contracts.calendar import add_working_days, district_day
from shared.contracts.faults import Code, Fault, RefusedError

ANSWERED_WITHIN = 5
"""Working days."""
_CLAIMABLE = (SignUpState.CONFIRMED, SignUpState.ATTENDING, SignUpState.COMPLETED, SignUpState.MISSING_CHECK_OUT)


class ClaimState(StrEnum):
    """Where a claim stands."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REFUSED = "refused"


def due_on(made_at: datetime) -> date:
    """Return the last day for the answer to a claim."""
    return add_working_days(district_day(made_at), ANSWERED_WITHIN)


def check_claimable(found: Attendance, now: datetime) -> None:
    """Raise RefusedError where nothing can be claimed of an attendance: it had no place, or is not over."""
    if found.state not in _CLAIMABLE or now < found.ends_at:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))

"""From check-in to check-out: when it is possible, and from when until when it counts.

Invariant: what counts is the time actually given (MCA Order 67, art. 7).
"""

from datetime import datetime, timedelta

from services.activities.signing_up.domain import Shift, SignUpState
from shared.contracts.faults import Code, Fault, RefusedError

CHECK_IN_OPENS = timedelta(minutes=30)
"""How long before a shift's start one may check in."""
OVERRUN = timedelta(minutes=30)
"""How long after a shift's end a check-out is still believed."""


def check_in(state: SignUpState, shift: Shift, now: datetime) -> None:
    """Raise RefusedError where the volunteer cannot begin to serve now."""
    if state is not SignUpState.CONFIRMED:
        raise RefusedError(Fault("sign_up_id", Code.NOT_OPEN))
    if now < shift.starts_at - CHECK_IN_OPENS:
        raise RefusedError(Fault("sign_up_id", Code.TOO_EARLY))
    if now >= shift.ends_at:
        raise RefusedError(Fault("sign_up_id", Code.TOO_LATE))


def end_of_service(checked_out_at: datetime, shift_ends_at: datetime) -> datetime:
    """Return when the service ended: whoever forgets to check out is credited to the shift's end."""
    return checked_out_at if checked_out_at <= shift_ends_at + OVERRUN else shift_ends_at

"""Where shifts and activities stand, as SQL says it: the one place that a state more is added to.

Invariant: no state is kept that time alone would change; ``s`` is the shift, ``a`` the activity.
"""

from services.activities.publishing.domain import MAX_SHIFT_LENGTH, ActivityState

OPEN_SHIFT = "s.starts_at > now() AND s.cancelled_at IS NULL"
"""Whether one may still sign up for a shift, or wait for it."""

_HOURS = int(MAX_SHIFT_LENGTH.total_seconds() // 3600) + 1
LIVE_SHIFTS = f"""
    SELECT s.activity_id, min(s.starts_at) AS next_start, bool_or(s.starts_at <= now()) AS is_running
    FROM shift s
    WHERE s.district = :district AND s.starts_at > now() - interval '{_HOURS} hours' AND s.ends_at > now()
      AND s.cancelled_at IS NULL
    GROUP BY s.activity_id
"""
"""What ``ACTIVITY_STATE`` follows from, by activity, where it has a shift that stands and is not over: joined as ``t``.

The first bound follows from the second, for no shift is longer; by it the index ``shift_by_start`` leaves out the past.
"""

ACTIVITY_STATE = f"""
    CASE WHEN t.is_running THEN '{ActivityState.RUNNING}'
         WHEN a.cancelled_at IS NOT NULL THEN '{ActivityState.CANCELLED}'
         WHEN t.next_start IS NOT NULL THEN '{ActivityState.OPEN}'
         WHEN EXISTS (
             SELECT FROM shift WHERE district = :district AND activity_id = a.id AND cancelled_at IS NULL
         ) THEN '{ActivityState.ENDED}'
         ELSE '{ActivityState.CANCELLED}' END
"""
"""A shift that was on when its activity was cancelled goes on; where each shift was cancelled, so was the activity."""

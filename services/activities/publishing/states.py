"""Where shifts and activities stand, as SQL says it: the one place that a state more is added to.

Invariant: no state is kept that time alone would change; ``s`` is the shift, ``a`` the activity.
"""

from services.activities.publishing.domain import ActivityState

OPEN_SHIFT = "s.starts_at > now() AND s.cancelled_at IS NULL"
"""Whether one may still sign up for a shift, or wait for it."""

TIMES = """
    CROSS JOIN LATERAL (
        SELECT min(s.starts_at) FILTER (WHERE s.ends_at > now() AND s.cancelled_at IS NULL) AS next_start,
               max(s.ends_at) AS last_end, bool_and(s.cancelled_at IS NOT NULL) AS is_cancelled,
               coalesce(bool_or(s.starts_at <= now() AND s.ends_at > now() AND s.cancelled_at IS NULL), false)
                   AS is_running
        FROM shift s WHERE s.district = a.district AND s.activity_id = a.id
    ) t
"""
"""What ``ACTIVITY_STATE`` follows from, joined to the activity as ``t``."""

ACTIVITY_STATE = f"""
    CASE WHEN t.is_cancelled THEN '{ActivityState.CANCELLED}'
         WHEN t.is_running THEN '{ActivityState.RUNNING}'
         WHEN t.next_start IS NOT NULL THEN '{ActivityState.OPEN}'
         ELSE '{ActivityState.ENDED}' END
"""

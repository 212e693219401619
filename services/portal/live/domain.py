"""Which events change what an open page shows.

What has changed is named ``activity:<id>`` (how its places stand), ``shift:<id>`` (its roster), ``queue:<id>`` (who is
next there) or ``inbox:<volunteer id>``.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.contracts import (
    MessageDelivered,
    ShiftCancelled,
    ShiftCapacityChanged,
    ShiftMoved,
    SignUpAgreed,
    SignUpAskedAgain,
    SignUpCancelled,
    SignUpOffered,
    SignUpPromoted,
    SignUpWithdrawn,
)

TOPICS = ("activities.activity", "activities.sign-up", "notifications.delivery")
_IN_APP = "in_app"
_QUEUE_MOVES_BY = frozenset(
    event.__name__
    for event in (
        ShiftCancelled,
        ShiftCapacityChanged,
        ShiftMoved,
        SignUpAgreed,
        SignUpAskedAgain,
        SignUpCancelled,
        SignUpOffered,
        SignUpPromoted,
        SignUpWithdrawn,
    )
)
"""Whoever signs up joins the end of it, which changes nothing for those who are there."""


def changed_by(event: str, data: Mapping[str, Any]) -> Iterator[str]:
    """Return the names of what an event changes; ``event`` is its class's name."""
    if event == MessageDelivered.__name__ and data["channel"] == _IN_APP:
        yield f"inbox:{data['volunteer_id']}"
    if "activity_id" in data:
        yield f"activity:{data['activity_id']}"
    if "shift_id" in data:
        yield f"shift:{data['shift_id']}"
        if event in _QUEUE_MOVES_BY:
            yield f"queue:{data['shift_id']}"

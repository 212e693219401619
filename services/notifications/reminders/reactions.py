"""Whoever gets a place is reminded of it; whoever has it no more, or is asked again, is not.

Places of before the subscription are left out: IGNORE.

Invariant: a reminder is scheduled in the transaction in which its place is noted. Nothing is taken back when a place is
lost or a shift moved: a reminder that is due looks whether the place still stands at that time.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.messages.domain import one_line
from services.notifications.reminders.domain import REMINDER, Place, reminders_of
from services.notifications.reminders.repository import keep_places
from shared.contracts import (
    SignUpAgreed,
    SignUpAskedAgain,
    SignUpCancelled,
    SignUpPromoted,
    SignUpWithdrawn,
    VolunteerSignedUp,
    VolunteerTakenOff,
)
from shared.contracts.received import Received
from shared.messaging.reactions import History, Reaction
from shared.store.event_log import now
from shared.work.kind import NewWork
from shared.work.queue import schedule


async def schedule_reminders(tx: AsyncConnection, events: Sequence[Received[Any]], _: object) -> None:
    """Note how the sign-ups stand, and schedule what is to be told of those with a place."""
    places = [_place(event) for event in events]
    await keep_places(tx, places)
    await schedule(
        tx,
        [
            NewWork(
                district=place.district,
                kind=REMINDER,
                payload={
                    "sign_up_id": str(place.sign_up_id),
                    "starts_at": reminder.starts_at.isoformat(),
                    "before_seconds": int(reminder.before.total_seconds()),
                },
                due_at=reminder.due_at,
                id=reminder.id,
            )
            for place in places
            for reminder in reminders_of(place, now())
        ],
    )


def _place(event: Received[Any]) -> Place:
    attributes, data = event
    lost = Place(attributes.district, data.sign_up_id, attributes.sequence, data.volunteer_id)
    if not isinstance(data, VolunteerSignedUp | SignUpPromoted | SignUpAgreed):
        return lost
    return replace(lost, activity_title=one_line(data.activity_title), starts_at=data.starts_at)


_remind = partial(Reaction, decides=schedule_reminders, history=History.IGNORE)

REACTIONS = (
    _remind(VolunteerSignedUp),
    _remind(SignUpPromoted),
    _remind(SignUpAgreed),
    _remind(SignUpAskedAgain),
    _remind(SignUpWithdrawn),
    _remind(SignUpCancelled),
    _remind(VolunteerTakenOff),
)

"""Reminding people of the shifts that begin soon: the work that reactions have scheduled.

Invariant: a reminder's message, its deliveries and the end of its work commit together, so it is told once. One whose
place is given up, moved or cancelled meanwhile, or that comes too late, is dropped.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.telling import tell
from services.notifications.messages.domain import EVERYWHERE, Message, Template
from services.notifications.reminders.domain import REMINDER, Place, Reminder, is_of_use
from services.notifications.reminders.repository import load_places
from shared.store.event_log import now
from shared.work.kind import Item, Outcome, Patience, WorkKind, in_transaction

BATCH = 200


async def remind(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome] | None:
    """Tell people of the shifts that these items remind of; with that, all of them are done."""
    reminders = {item: _reminder(item) for item in items}
    places = await load_places(tx, [(item.district, reminder.sign_up_id) for item, reminder in reminders.items()])
    at = now()
    messages = [
        _message(item, places[reminder.sign_up_id], reminder, at)
        for item, reminder in reminders.items()
        if _still_stands(places.get(reminder.sign_up_id), reminder) and is_of_use(reminder, at)
    ]
    await tell(tx, messages)
    return None


REMINDERS = WorkKind(name=REMINDER, run=in_transaction(remind), patience=Patience(attempts=10), batch=BATCH)


def _reminder(item: Item) -> Reminder:
    payload = item.payload
    starts_at = datetime.fromisoformat(payload["starts_at"])
    return Reminder(UUID(payload["sign_up_id"]), starts_at, timedelta(seconds=payload["before_seconds"]))


def _still_stands(place: Place | None, reminder: Reminder) -> bool:
    return place is not None and place.starts_at == reminder.starts_at


def _message(item: Item, place: Place, reminder: Reminder, at: datetime) -> Message:
    facts = {
        "activity_title": place.activity_title or "",
        "starts_at": reminder.starts_at.isoformat(),
        "sign_up_id": str(reminder.sign_up_id),
    }
    return Message(
        place.district, item.id, place.volunteer_id, Template.SHIFT_REMINDER, facts, at, EVERYWHERE, by_clock=True
    )

"""All SQL on the places that people are reminded of."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.reminders.domain import Place
from services.notifications.reminders.tables import reminded_place
from shared.store.statements import keep_latest, unnest

_COLUMNS = ("volunteer_id", "activity_title", "starts_at")
_KEEP = keep_latest(reminded_place, _COLUMNS)
_LOAD = text(f"""
    SELECT p.district, p.sign_up_id, p.version, p.volunteer_id, p.activity_title, p.starts_at
    FROM {unnest(reminded_place, ("district", "sign_up_id"))} JOIN reminded_place AS p USING (district, sign_up_id)
""")


async def keep_places(tx: AsyncConnection, places: Sequence[Place]) -> None:
    """Note how sign-ups stand; what is older than what is known of one changes nothing."""
    columns = ("district", "sign_up_id", "version", *_COLUMNS)
    await tx.execute(_KEEP, {column: [getattr(place, column) for place in places] for column in columns})


async def load_places(tx: AsyncConnection, sign_ups: Collection[tuple[str, UUID]]) -> dict[UUID, Place]:
    """Return the places of these sign-ups (district, id), by sign-up."""
    values = {"district": [district for district, _ in sign_ups], "sign_up_id": [each for _, each in sign_ups]}
    return {row["sign_up_id"]: Place(**row) for row in (await tx.execute(_LOAD, values)).mappings()}

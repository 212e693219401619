"""All SQL on preferences. A person without a row wants everything."""

from collections.abc import Sequence
from datetime import time
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.preferences.domain import Channel, Preferences, Purpose, QuietHours
from services.notifications.preferences.tables import preference
from shared.store.statements import unnest

_LOAD = text("""
    SELECT unwanted, quiet_from, quiet_until FROM preference WHERE district = :district AND recipient_id = :recipient_id
""")
_PUT = text("""
    INSERT INTO preference (district, recipient_id, unwanted, quiet_from, quiet_until)
    VALUES (:district, :recipient_id, :unwanted, :quiet_from, :quiet_until)
    ON CONFLICT (district, recipient_id) DO UPDATE
    SET unwanted = excluded.unwanted, quiet_from = excluded.quiet_from, quiet_until = excluded.quiet_until
""")


_FORGET = text(f"""
    DELETE FROM preference p USING {unnest(preference, ("district", "recipient_id"))}
    WHERE (p.district, p.recipient_id) = (r.district, r.recipient_id)
""")


async def load_preferences(tx: AsyncConnection, district: str, recipient_id: UUID) -> Preferences:
    """Return what a person wants."""
    row = (await tx.execute(_LOAD, {"district": district, "recipient_id": recipient_id})).one_or_none()
    return preferences_of(row.unwanted, row.quiet_from, row.quiet_until) if row else Preferences()


async def put_preferences(tx: AsyncConnection, district: str, recipient_id: UUID, wanted: Preferences) -> None:
    """Note what a person wants from now on."""
    quiet = wanted.quiet_hours
    await tx.execute(
        _PUT,
        {
            "district": district,
            "recipient_id": recipient_id,
            "unwanted": sorted(f"{purpose}/{channel}" for purpose, channel in wanted.unwanted),
            "quiet_from": quiet and quiet.starts,
            "quiet_until": quiet and quiet.ends,
        },
    )


async def forget_preferences(tx: AsyncConnection, people: Sequence[tuple[str, UUID]]) -> None:
    """Forget what these people, (district, id) each, wanted."""
    districts, ids = zip(*people, strict=True)
    await tx.execute(_FORGET, {"district": districts, "recipient_id": ids})


def preferences_of(unwanted: Sequence[str] | None, quiet_from: time | None, quiet_until: time | None) -> Preferences:
    """Return what a row says; one that is not there is None in all of them."""
    pairs = (entry.split("/") for entry in unwanted or ())
    # A purpose or channel of a newer version is none that this one could tell anything for.
    known = [(Purpose(p), Channel(c)) for p, c in pairs if p in set(Purpose) and c in set(Channel)]
    quiet = QuietHours(quiet_from, quiet_until) if quiet_from is not None and quiet_until is not None else None
    return Preferences(frozenset(known), quiet)

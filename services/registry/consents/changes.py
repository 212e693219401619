"""Entering what somebody has stated, with the events that tell other services of it.

Invariant: a statement and its event are in one transaction, so whoever handles data for a purpose hears of every
change; what says the same as before is neither.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents import repository
from services.registry.consents.domain import ConsentChannel, StatedConsent, consent_id, news
from shared.contracts import ConsentGiven, ConsentWithdrawn
from shared.store import event_log
from shared.store.event_log import NewEvent


async def state_consents(
    tx: AsyncConnection,
    district: str,
    volunteer_id: UUID,
    channel: ConsentChannel,
    stated: Sequence[StatedConsent],
    caused_by: str,
) -> None:
    """Put on file what a volunteer states and tell of it. Raises RefusedError (not_found)."""
    await repository.lock_volunteer(tx, district, volunteer_id)
    latest = await repository.latest(tx, district, volunteer_id)
    new = [
        (each, latest[each.purpose].statements + 1 if each.purpose in latest else 1) for each in news(stated, latest)
    ]
    if not new:
        return
    await repository.state(tx, district, volunteer_id, channel, new)
    await event_log.append(tx, [event_of(district, volunteer_id, each, number, caused_by) for each, number in new])


def event_of(district: str, volunteer_id: UUID, stated: StatedConsent, number: int, caused_by: str) -> NewEvent:
    """Return the event of a statement, which is the so-manieth of its person and purpose."""
    aggregate = consent_id(volunteer_id, stated.purpose)
    told = (ConsentGiven if stated.given else ConsentWithdrawn)(
        consent_id=aggregate,
        volunteer_id=volunteer_id,
        purpose=stated.purpose.value,
        text_version=stated.text_version,
    )
    return NewEvent(district, aggregate, number, told, caused_by)

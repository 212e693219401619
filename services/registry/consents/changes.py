"""Entering what somebody has stated, with the events that tell other services of it.

Invariant: a statement and its event are in one transaction, so whoever handles data for a purpose hears of every
change; what says the same as before is neither.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents import repository
from services.registry.consents.domain import ConsentChannel, Guardian, StatedConsent, consent_id, news
from services.registry.consents.texts import GUARDIAN_TEXT
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import profile_changed
from shared.contracts import ConsentGiven, ConsentWithdrawn
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id


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


async def guardian_agrees(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID, guardian: Guardian, caused_by: str
) -> None:
    """Put on file that a minor's guardian has agreed to the present text, and tell of it.

    Raises RefusedError: ``not_found``, or ``not_open`` for somebody who is no minor.
    """
    await people.lock_district(tx, district)
    known = await people.in_full(tx, keys, district, volunteer_id)
    if not known.minor:
        raise RefusedError(Fault("guardian_phone", Code.NOT_OPEN))
    guardian_id = new_id()
    content = json.dumps({"name": guardian.name, "phone": guardian.phone}, ensure_ascii=False).encode()
    sealed = guardian_id, keys.seal_guardian(guardian_id, content)
    await repository.keep_guardian(tx, district, volunteer_id, sealed, GUARDIAN_TEXT.version)
    if known.guardian_agreed:
        return
    await people.note_guardian_agreed(tx, district, volunteer_id, known.version + 1)
    told = profile_changed(known, minor=True, guardian_agreed=True)
    await event_log.append(tx, [NewEvent(district, volunteer_id, known.version + 1, told, caused_by)])

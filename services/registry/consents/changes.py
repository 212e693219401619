"""Entering what somebody has stated, with the events that tell other services of it.

Invariant: a statement and its event are in one transaction, so whoever handles data for a purpose hears of every
change; what says the same as before is neither. A guardian's contact point is published and taken back with it.
"""

import json
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents import repository
from services.registry.consents.domain import ConsentChannel, Guardian, StatedConsent, consent_id, guardian_of, news
from services.registry.consents.texts import GUARDIAN_TEXT
from services.registry.people import repository as people
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import profile_changed
from services.registry.people.repository import OnFileInFull
from shared.contracts import ConsentGiven, ConsentWithdrawn
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.received import StateRecord
from shared.contracts.topics import CONTACT, guardian_key
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id
from shared.store.sealing import seal


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
    await event_log.put_state(tx, CONTACT.name, [guardian_contact(keys, district, known, guardian.phone)])
    if not known.guardian_agreed:
        await _tell(tx, district, known, caused_by, agreed=True)


async def guardian_takes_back(
    tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID, phone: str, caused_by: str
) -> None:
    """Take back what a minor's guardian, who is reached by this phone, has agreed to; they are written to no more.

    Raises RefusedError: ``not_found``, or ``unknown_reference`` where it is not this guardian whose consent holds.
    """
    await people.lock_district(tx, district)
    known = await people.in_full(tx, keys, district, volunteer_id)
    last = await repository.last_guardian(tx, district, volunteer_id)
    if last is None or guardian_of(keys, last.id, last.sealed).phone != phone:
        raise RefusedError(Fault("volunteer_number", Code.UNKNOWN_REFERENCE))
    await repository.end_guardianship(tx, district, volunteer_id)
    await event_log.put_state(tx, CONTACT.name, [StateRecord(district, str(guardian_key(volunteer_id)), None)])
    await _tell(tx, district, known, caused_by, agreed=False)


async def _tell(tx: AsyncConnection, district: str, known: OnFileInFull, caused_by: str, *, agreed: bool) -> None:
    await people.note_guardian_agreed(tx, district, known.id, known.version + 1, agreed=agreed)
    told = profile_changed(known, minor=known.minor, guardian_agreed=agreed)
    await event_log.append(tx, [NewEvent(district, known.id, known.version + 1, told, caused_by)])


def guardian_contact(keys: KeyRing, district: str, minor: OnFileInFull, phone: str) -> StateRecord:
    """Return a guardian's contact point as notifications reads it: no name, and the minor by number alone."""
    key = str(guardian_key(minor.id))
    content = {"phone": phone, "number": minor.volunteer.number, "language": minor.language}
    [sealed] = seal(keys.contact_public_key, [(key, json.dumps(content).encode())])
    return StateRecord(district, key, sealed)

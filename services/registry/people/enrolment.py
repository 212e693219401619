"""What enrolling or changing volunteers writes: rows, events and contact points, the same by roster and by HTTP.

Invariant: rows, events and contact points of a set of volunteers go into one transaction, rows first.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository as volunteers
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.roster import Entry, OnFile, public_profile
from services.registry.people.domain.volunteer import Checked, Volunteer, check, is_minor, issued_number, serial_of
from services.registry.people.repository import OnFileInFull, StoredVolunteer
from shared.contracts import RegistrationSource, VolunteerProfileChanged, VolunteerRegistered
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.contracts.received import StateRecord
from shared.contracts.topics import CONTACT, guardian_key
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now
from shared.store.sealing import seal


class VolunteerCreated(BaseModel):
    """A new volunteer: the id that other services know and the number that people use."""

    id: UUID
    number: str


@dataclass(frozen=True, slots=True)
class Origin:
    """How volunteers came in, and who or what caused it."""

    district: str
    caused_by: str
    source: RegistrationSource
    language: str = "zh-CN"
    import_id: UUID | None = None
    left_team: str | None = None
    """The name of a team that has come to its end, and so is left."""
    joined_team: str | None = None
    """The name of the team that it was merged into."""


@dataclass
class Enrolment:
    """All that is to be written for a set of volunteers."""

    origin: Origin
    registered: list[StoredVolunteer] = field(default_factory=list)
    changed: list[StoredVolunteer] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)
    contacts: list[StateRecord] = field(default_factory=list)

    async def write(self, tx: AsyncConnection) -> None:
        """Write rows, events and contact points, one statement each."""
        await volunteers.insert(tx, self.origin.district, self.registered)
        await volunteers.update(tx, self.origin.district, self.changed)
        await event_log.append(tx, self.events)
        await event_log.put_state(tx, CONTACT.name, self.contacts)


def prepare(
    keys: KeyRing, origin: Origin, registered: Sequence[Entry], changed: Sequence[tuple[OnFile, Entry]] = ()
) -> Enrolment:
    """Encrypt, seal and word everything; takes time in proportion, so keep it off the event loop for many.

    A change that other services do not know of (a phone number, a skill) makes no event and keeps the version.
    """
    enrolment = Enrolment(origin)
    today = district_day(now())
    for entry in registered:
        row = _stored(keys, entry.id or new_id(), entry, origin.source, origin.language, 1, today)
        enrolment.registered.append(row)
        enrolment.events.append(_event(origin, row, _registered(origin, row)))
    for known, entry in changed:
        minor = is_minor(entry.volunteer, today)
        news = known.public_profile != public_profile(entry.volunteer) or known.minor != minor
        row = _stored(keys, known.id, entry, origin.source, known.language, known.version + news, today)
        enrolment.changed.append(row)
        if news:
            told = profile_changed(row, minor=minor, guardian_agreed=known.guardian_agreed, origin=origin)
            enrolment.events.append(_event(origin, row, told))
    rows = enrolment.registered + enrolment.changed
    sealed = seal(keys.contact_public_key, [(str(row.id), _contact(row)) for row in rows])
    enrolment.contacts = [
        StateRecord(origin.district, str(row.id), value) for row, value in zip(rows, sealed, strict=True)
    ]
    of_age = [row.id for (known, _), row in zip(changed, enrolment.changed, strict=True) if known.minor > row.minor]
    enrolment.contacts += [guardian_not_reached(origin.district, volunteer_id) for volunteer_id in of_age]
    return enrolment


def guardian_not_reached(district: str, volunteer_id: UUID) -> StateRecord:
    """Return the tombstone of where a minor's guardian is reached; one that nobody has put before changes nothing."""
    return StateRecord(district, str(guardian_key(volunteer_id)), None)


def not_reached(district: str, volunteer_id: UUID) -> list[StateRecord]:
    """Return the tombstones of where somebody who leaves is reached, and their guardian."""
    return [StateRecord(district, str(volunteer_id), None), guardian_not_reached(district, volunteer_id)]


def _stored(
    keys: KeyRing,
    volunteer_id: UUID,
    entry: Entry,
    source: RegistrationSource,
    language: str,
    version: int,
    today: date,
) -> StoredVolunteer:
    sealed = keys.seal_person(volunteer_id, entry.volunteer)
    return StoredVolunteer(
        id=volunteer_id,
        volunteer=entry.volunteer,
        blind_index=entry.blind_index,
        digest=entry.digest,
        name_index=keys.name_index(entry.volunteer.name),
        phone_tail_index=keys.phone_tail_index(entry.volunteer.phone),
        sealed=sealed,
        source=source,
        language=language,
        version=version,
        minor=is_minor(entry.volunteer, today),
    )


def _event(origin: Origin, row: StoredVolunteer, data: VolunteerRegistered | VolunteerProfileChanged) -> NewEvent:
    return NewEvent(origin.district, row.id, row.version, data, origin.caused_by)


def _registered(origin: Origin, row: StoredVolunteer) -> VolunteerRegistered:
    volunteer = row.volunteer
    return VolunteerRegistered(
        volunteer_id=row.id,
        volunteer_no=volunteer.number,
        category=volunteer.category.value,
        organisation_id=volunteer.organisation_id,
        team_id=volunteer.team_id,
        registered_on=volunteer.registered_on,
        source=origin.source,
        language=origin.language,
        import_id=origin.import_id,
        minor=row.minor,
    )


def profile_changed(
    row: StoredVolunteer | OnFileInFull, *, minor: bool, guardian_agreed: bool, origin: Origin | None = None
) -> VolunteerProfileChanged:
    """Return what is told of a volunteer whose entry has changed: all that other services know of them.

    ``origin`` says by which import, or by the end of which team, where it was one.
    """
    volunteer = row.volunteer
    return VolunteerProfileChanged(
        volunteer_id=row.id,
        volunteer_no=volunteer.number,
        category=volunteer.category.value,
        organisation_id=volunteer.organisation_id,
        team_id=volunteer.team_id,
        registered_on=volunteer.registered_on,
        import_id=origin.import_id if origin else None,
        minor=minor,
        guardian_agreed=guardian_agreed,
        left_team=origin.left_team if origin else None,
        joined_team=origin.joined_team if origin else None,
    )


def _contact(row: StoredVolunteer) -> bytes:
    """Return the contact point as notifications reads it."""
    return json.dumps(
        {
            "name": row.volunteer.name,
            "phone": row.volunteer.phone,
            "email": row.volunteer.email,
            "language": row.language,
        },
        ensure_ascii=False,
    ).encode()


async def check_person(
    tx: AsyncConnection, keys: KeyRing, district: str, values: Mapping[str, str]
) -> tuple[Entry, OnFile | None]:
    """Check everything about one person under the district's next free number; also return who of them is on file.

    ``values`` are the fields as written. Raises RefusedError with every fault found. The number is free until the
    transaction ends; ``repository.raise_serial`` takes it.
    """
    serial = await volunteers.lock_district(tx, district) + 1
    checked = await _check(tx, district, issued_number(district, serial), values)
    if checked.volunteer is None:
        raise RefusedError(*checked.faults)
    entry = keys.entry(0, checked.volunteer, normalised=checked.normalised)
    on_file = await volunteers.on_file(tx, district, [entry])
    if any(known.number == entry.volunteer.number for known in on_file):
        entry = await _under_a_free_number(tx, keys, district, entry)
    return entry, next((known for known in on_file if known.blind_index == entry.blind_index), None)


async def _under_a_free_number(tx: AsyncConnection, keys: KeyRing, district: str, entry: Entry) -> Entry:
    """Return a person under the next number that no file has used."""
    last = await volunteers.last_before_a_free_number(tx, district, entry.volunteer.number)
    number = issued_number(district, serial_of(district, last) + 1)
    return keys.entry(0, replace(entry.volunteer, number=number), normalised=entry.normalised)


async def person_faults(tx: AsyncConnection, district: str, values: Mapping[str, str]) -> Sequence[Fault]:
    """Return what is wrong with what a person says of themselves, without a look at who is registered."""
    return (await _check(tx, district, issued_number(district, 1), values)).faults


async def _check(tx: AsyncConnection, district: str, number: str, values: Mapping[str, str]) -> Checked:
    today = district_day(now())
    issued = {"number": number, "registered_on": today.isoformat()}
    written = {field: value for field, value in values.items() if value}
    return check(issued | written, await volunteers.references(tx, district), today)


async def check_one(tx: AsyncConnection, keys: KeyRing, district: str, values: Mapping[str, str]) -> Entry:
    """Issue the district's next number to one person and check everything.

    ``values`` are the fields as written. Raises RefusedError with every fault found.
    """
    entry, known = await check_person(tx, keys, district, values)
    if known is not None:
        raise RefusedError(Fault("id_number", Code.ALREADY_REGISTERED))
    await volunteers.raise_serial(tx, district, serial_of(district, entry.volunteer.number))
    return entry


async def change_one(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID, change: Callable[[Volunteer], Volunteer]
) -> OnFileInFull:
    """Change what is on file of one person; return how it was before. Raises RefusedError (not_found)."""
    await volunteers.lock_district(tx, actor.district)
    before = await volunteers.in_full(tx, keys, actor.district, volunteer_id)
    entry = keys.entry(0, change(before.volunteer), normalised=False)
    origin = Origin(actor.district, actor.name, before.source, before.language)
    await prepare(keys, origin, [], [(before.on_file(keys), entry)]).write(tx)
    return before


async def enrol_one(tx: AsyncConnection, keys: KeyRing, origin: Origin, entry: Entry) -> VolunteerCreated:
    """Put one person on file; return the id and the number."""
    enrolment = prepare(keys, origin, [entry])
    await enrolment.write(tx)
    return VolunteerCreated(id=enrolment.registered[0].id, number=entry.volunteer.number)

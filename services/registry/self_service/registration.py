"""Registering oneself: a volunteer and the account that logs in by the number, in one transaction.

Invariant: who holds the phone that a code went to gets one answer, of one form, whoever is registered; what a stranger
must not learn is told to the phone that is on file instead (ADR 0031).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes
from services.registry.accounts.repository import Account
from services.registry.codes import repository as codes
from services.registry.codes.domain import Channel, Purpose, Template, Text
from services.registry.consents.changes import guardian_agrees, state_consents
from services.registry.consents.domain import (
    ConsentChannel,
    Guardian,
    StatedConsent,
    check_guardian,
    with_every_choice,
)
from services.registry.people.domain import identity
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.roster import Entry, OnFile
from services.registry.people.domain.volunteer import serial_of
from services.registry.people.enrolment import Origin, check_person, enrol_one
from services.registry.people.repository import raise_serial
from services.registry.self_service import repository
from shared.contracts import RegistrationSource
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id, now


class SelfRegistered(BaseModel):
    """What somebody who has registered logs in by."""

    volunteer_id: UUID
    volunteer_number: str
    user_name: str
    registered_on: date


@dataclass(frozen=True, slots=True, repr=False)
class Registering:
    """Somebody who registers in a district; ``values`` are the fields as written, ``code`` the digest of their code."""

    district: str
    values: Mapping[str, str]
    phone: str
    code: bytes
    password_hash: str
    consents: Sequence[StatedConsent]
    language: str
    guardian: tuple[str, str]
    """Name and phone of a minor's guardian as written; empty for an adult."""
    guardian_code: bytes | None
    """The digest of the code that went to that phone."""


async def register_self(tx: AsyncConnection, keys: KeyRing, registering: Registering) -> SelfRegistered:
    """Register the person who asks. Raises RefusedError with every fault found, or where the code was used already."""
    destination = keys.destination(Channel.SMS, registering.phone)
    await codes.use_code(tx, Purpose.REGISTER, destination, registering.code)
    entry, known = await check_person(tx, keys, registering.district, registering.values)
    guardian = await _guardian(tx, keys, registering, entry)
    if known is not None:
        return await _of_known(tx, keys, registering, entry, known, guardian)
    await _take_number(tx, registering, entry)
    account_id = new_id()
    origin = Origin(registering.district, f"account:{account_id}", RegistrationSource.SELF, registering.language)
    created = await enrol_one(tx, keys, origin, entry)
    await _open_account(tx, keys, registering, (account_id, created.id, created.number), guardian)
    return _answer(created.id, created.number, entry.volunteer.registered_on)


async def _guardian(tx: AsyncConnection, keys: KeyRing, registering: Registering, entry: Entry) -> Guardian | None:
    """Return the guardian who agrees for a minor, and use their code up; None for an adult. Raises RefusedError."""
    today = district_day(now())
    born = entry.volunteer.born
    if born is None or not identity.is_minor(born, today):
        return None
    name, phone = registering.guardian
    guardian = check_guardian(name, phone, born=born, own_phone=entry.volunteer.phone, today=today)
    if registering.guardian_code is None:
        raise RefusedError(Fault("guardian_code", Code.MISSING))
    destination = keys.destination(Channel.SMS, guardian.phone)
    await codes.use_code(tx, Purpose.GUARDIAN, destination, registering.guardian_code, "guardian_code")
    return guardian


async def _of_known(
    tx: AsyncConnection,
    keys: KeyRing,
    registering: Registering,
    entry: Entry,
    known: OnFile,
    guardian: Guardian | None,
) -> SelfRegistered:
    """Answer for a person who is on file already.

    Who holds that person's phone and knows the name is let in: by a new account, where they have none yet. Anybody
    else gets an answer that leads nowhere, and the person on file is told.
    """
    district = registering.district
    reached = await repository.person_of(tx, keys, district, known.id)
    if (reached.person.phone, reached.person.name) != (entry.volunteer.phone, entry.volunteer.name):
        await _take_number(tx, registering, entry)
        told = Text(Channel.SMS, reached.person.phone, Template.REGISTRATION_ATTEMPTED, reached.language, known.number)
        await codes.send_later(tx, keys, district, told)
        return _answer(new_id(), entry.volunteer.number, entry.volunteer.registered_on)
    user_name = await repository.user_name_of(tx, district, known.id)
    if user_name is None:
        await _open_account(tx, keys, registering, (new_id(), known.id, known.number), guardian)
    else:
        told = Text(Channel.SMS, registering.phone, Template.ALREADY_REGISTERED, reached.language, known.number)
        await codes.send_later(tx, keys, district, told)
    return _answer(known.id, known.number, known.registered_on, user_name)


async def _take_number(tx: AsyncConnection, registering: Registering, entry: Entry) -> None:
    """Use a number up: also one that is only told, for numbers that follow on would tell that it was never given."""
    await raise_serial(tx, registering.district, serial_of(registering.district, entry.volunteer.number))


async def _open_account(
    tx: AsyncConnection,
    keys: KeyRing,
    registering: Registering,
    who: tuple[UUID, UUID, str],
    guardian: Guardian | None,
) -> None:
    """Open the account of ``who``: its id, the volunteer's id and number. A minor's guardian has agreed by then."""
    account_id, volunteer_id, number = who
    account = Account(
        registering.district,
        account_id,
        number,
        registering.password_hash,
        (Role.VOLUNTEER,),
        volunteer_id=volunteer_id,
    )
    caused_by = f"account:{account_id}"
    await changes.enter_account(tx, account, [number], caused_by)
    stated = with_every_choice(registering.consents)
    channel = ConsentChannel.SELF_REGISTRATION
    await state_consents(tx, registering.district, volunteer_id, channel, stated, caused_by)
    if guardian is not None:
        await guardian_agrees(tx, keys, registering.district, volunteer_id, guardian, caused_by)


def _answer(volunteer_id: UUID, number: str, registered_on: date, user_name: str | None = None) -> SelfRegistered:
    return SelfRegistered(
        volunteer_id=volunteer_id,
        volunteer_number=number,
        user_name=user_name or number,
        registered_on=registered_on,
    )

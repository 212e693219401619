"""Registering one volunteer by HTTP, through an organisation or by themselves (State Council Decree 685, art. 7).

Invariant: the rules are the roster's (``domain.volunteer.check``); the volunteer number is issued here, under the
district's lock, and never asked for.
"""

from collections.abc import Mapping
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.commands.enrolment import Origin, prepare
from services.registry.commands.passwords import Passwords
from services.registry.domain import credentials
from services.registry.domain.calendar import district_day
from services.registry.domain.privacy import KeyRing
from services.registry.domain.roster import Entry, decide
from services.registry.domain.volunteer import Volunteer, check, issued_number
from services.registry.repository import accounts, volunteers
from services.registry.repository.accounts import Account
from shared.contracts import RegistrationSource
from shared.contracts.actor import Reach, Role, Scope
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, once
from shared.store.engine import Store
from shared.store.event_log import new_id, now

_ANYONE = UUID(int=0)


class VolunteerCreated(BaseModel):
    """A new volunteer: the id that other services know and the number that people use."""

    id: UUID
    number: str


async def register_volunteer(
    store: Store, keys: KeyRing, caller: Caller, claim: Claim | None, values: Mapping[str, str], language: str
) -> Answer:
    """Register a volunteer for an organisation; a team leader or station manager only into a team of their own.

    ``values`` are the fields as written (``domain.volunteer.FIELDS``) but for the number; registered today where no
    day is given. Raises RefusedError with every fault found.
    """
    origin = Origin(caller.district, caller.name, RegistrationSource.ORGANISATION, language)
    async with store.transaction(caller.district) as tx:

        async def create() -> Answer:
            entry = await _enter(tx, keys, caller.district, values)
            await _require_own_team(tx, caller, entry.volunteer)
            return Answer.of(201, await _register(tx, keys, origin, entry))

        return await once(tx, caller, claim, create)


async def register_self(
    store: Store,
    keys: KeyRing,
    passwords: Passwords,
    district: str,
    claim: Claim | None,
    values: Mapping[str, str],
    password: str,
    language: str,
) -> Answer:
    """Register the person who asks, with an account that logs in by volunteer number. Raises as above."""
    credentials.check_password(password)
    password_hash = await passwords.hash(password)
    account_id = new_id()
    origin = Origin(district, f"account:{account_id}", RegistrationSource.SELF, language)
    anyone = Caller(
        name=f"account:{_ANYONE}", account_id=_ANYONE, district=district, scope=Scope(frozenset([district]))
    )
    async with store.transaction(district) as tx:

        async def create() -> Answer:
            created = await _register(tx, keys, origin, await _enter(tx, keys, district, values))
            account = Account(
                district, account_id, created.number, password_hash, (Role.VOLUNTEER,), volunteer_id=created.id
            )
            await accounts.insert(tx, account, [created.number])
            return Answer.of(201, created)

        return await once(tx, anyone, claim, create)


async def _enter(tx: AsyncConnection, keys: KeyRing, district: str, values: Mapping[str, str]) -> Entry:
    """Issue a number and check everything. Raises RefusedError with every fault found."""
    serial = await volunteers.lock_district(tx, district) + 1
    today = district_day(now())
    issued = {"number": issued_number(district, serial), "registered_on": today.isoformat()}
    written = {field: value for field, value in values.items() if value}
    checked = check(issued | written, await volunteers.references(tx, district), today)
    if checked.volunteer is None:
        raise RefusedError(*checked.faults)
    entry = keys.entry(0, checked.volunteer, normalised=checked.normalised)
    verdict = decide([entry], await volunteers.on_file(tx, district, [entry]), []).verdicts[0]
    if verdict.code:
        raise RefusedError(Fault(verdict.field, Code(verdict.code)))
    await volunteers.raise_serial(tx, district, serial)
    return entry


async def _register(tx: AsyncConnection, keys: KeyRing, origin: Origin, entry: Entry) -> VolunteerCreated:
    enrolment = prepare(keys, origin, [entry])
    await enrolment.write(tx)
    return VolunteerCreated(id=enrolment.registered[0].id, number=entry.volunteer.number)


async def _require_own_team(tx: AsyncConnection, caller: Caller, volunteer: Volunteer) -> None:
    if caller.reach is Reach.DISTRICT:
        return
    if volunteer.team_id not in await volunteers.teams_of_units(tx, caller.district, caller.scope.units):
        raise RefusedError(Fault("team", Code.FORBIDDEN))

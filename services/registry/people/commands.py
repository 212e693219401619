"""Registering a volunteer for an organisation. Invariant: a number is issued under the district's row lock, once."""

from collections.abc import Mapping

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import Volunteer
from services.registry.people.enrolment import Origin, VolunteerCreated, check_one, enrol_one
from shared.contracts import RegistrationSource
from shared.contracts.actor import Actor, Reach
from shared.contracts.faults import Code, Fault, RefusedError


async def register_volunteer(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, values: Mapping[str, str], language: str
) -> VolunteerCreated:
    """Register a volunteer for an organisation; a team leader or station manager only into a team of their own.

    ``values`` are the fields as written (``domain.volunteer.FIELDS``) but for the number; registered today where no
    day is given. Raises RefusedError with every fault found.
    """
    entry = await check_one(tx, keys, actor.district, values)
    await _require_own_team(tx, actor, entry.volunteer)
    return await enrol_one(
        tx, keys, Origin(actor.district, actor.name, RegistrationSource.ORGANISATION, language), entry
    )


async def _require_own_team(tx: AsyncConnection, actor: Actor, volunteer: Volunteer) -> None:
    if actor.reach is Reach.DISTRICT:
        return
    if volunteer.team_id not in await repository.teams_of_units(tx, actor.district, actor.scope.units):
        raise RefusedError(Fault("team", Code.FORBIDDEN))

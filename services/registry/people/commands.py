"""Registering a volunteer for an organisation, and reading one in clear.

Invariant: a number is issued under the district's row lock, once; nobody reads in clear without an entry in the access
log: it commits before the answer is sent.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ReadingPurpose
from services.registry.access_log.repository import Noted, approval_for, note
from services.registry.people import repository
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.volunteer import Volunteer
from services.registry.people.enrolment import Origin, VolunteerCreated, check_one, enrol_one
from services.registry.people.queries import VolunteerInClear, read_in_clear
from shared.contracts import RegistrationSource
from shared.contracts.actor import Actor, Reach
from shared.contracts.faults import Code, Fault, RefusedError

LEAST_REASON = 2
"""Characters: what an auditor reads as a reason, 回访 (calling back) for one."""


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


async def reveal_volunteer(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID, reason: str
) -> VolunteerInClear:
    """Read a volunteer's name and phone number in clear, for a reason, which stands in the access log.

    Raises RefusedError: a reason is missing, the volunteer is not the actor's to see (not_found), or is a minor and
    nobody has approved it (approval_needed).
    """
    if len(reason.strip()) < LEAST_REASON:
        raise RefusedError(Fault("reason", Code.MISSING))
    shown = await read_in_clear(tx, keys, actor, volunteer_id)
    approval = await approval_for(tx, actor.district, actor.name, volunteer_id, ReadingPurpose.CONTACT)
    await note(tx, Noted(actor.district, actor.name, "volunteer_revealed", volunteer_id, reason.strip(), approval))
    return shown


async def _require_own_team(tx: AsyncConnection, actor: Actor, volunteer: Volunteer) -> None:
    if actor.reach is Reach.DISTRICT:
        return
    if volunteer.team_id not in await repository.teams_of_units(tx, actor.district, actor.scope.units):
        raise RefusedError(Fault("team", Code.FORBIDDEN))

"""Taking a household into care, changing and reading its file, who is assigned to it, and its end.

Invariant: only who is assigned to a household, as a case worker of its station, reads its file, for a reason that is in
the access log before the answer is sent; whoever assigns reads nothing by that, and nobody assigns themself. What
others can see of a change is the same whatever was changed.
"""

from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import repository as accounts
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.repository import lock_district
from services.registry.recipients import pairings, queries, repository
from services.registry.recipients.domain.household import HouseholdFile, Reading
from services.registry.recipients.domain.sealing import SealedFile, open_file, seal_file
from services.registry.recipients.queries import HouseholdInClear
from shared.contracts.actor import Actor, Role
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id, now


class HouseholdIsOn(BaseModel):
    """A household that is on file: its number, which says nothing of it, and the version of its file."""

    id: UUID
    number: int
    version: int


async def open_household(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID, station_code: str, file: HouseholdFile
) -> HouseholdIsOn:
    """Take a household into care at a station of one's own; whoever does, and knows it, is assigned to it.

    Raises RefusedError: the station is unknown, ``closed``, or not the case worker's.
    """
    station = await repository.station(tx, actor.district, station_code)
    if station is None:
        raise RefusedError(Fault("station", Code.UNKNOWN_REFERENCE))
    if station.id not in actor.scope.units:
        raise RefusedError(Fault("station", Code.FORBIDDEN))
    if station.closed_on is not None:
        raise RefusedError(Fault("station", Code.CLOSED))
    await lock_district(tx, actor.district)
    household_id, number = new_id(), await repository.next_number(tx, actor.district)
    await repository.act_for(tx, actor, account_id)
    await repository.insert(
        tx,
        actor.district,
        household_id,
        number=number,
        station_id=station.id,
        groups=file.groups,
        opened_on=district_day(now()),
    )
    await repository.assign(tx, actor.district, household_id, account_id)
    await repository.insert_file(tx, actor.district, household_id, seal_file(keys, household_id, file))
    await note(tx, Noted(actor.district, actor.name, "household_opened", household_id))
    return HouseholdIsOn(id=household_id, number=number, version=1)


async def read_household(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID, household_id: UUID, reason: Reading
) -> HouseholdInClear:
    """Read a household's file and the notes of its last visits, for a reason, which stands in the access log.

    Raises RefusedError: ``not_found`` where it is not assigned to the actor, or is erased.
    """
    found, sealed = await _assigned(tx, actor, account_id, household_id)
    shown = await queries.in_clear(
        tx, keys, actor.district, found, sealed.wrapped_key, open_file(keys, household_id, sealed)
    )
    await note(tx, Noted(actor.district, actor.name, "household_read", household_id, reason.value))
    return shown


async def change_household(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    account_id: UUID,
    household_id: UUID,
    version: int,
    file: HouseholdFile,
) -> HouseholdIsOn:
    """Replace what is in a household's file, people who have moved away included.

    Raises RefusedError: ``not_found``, ``closed``, ``changed_meanwhile``.
    """
    found, sealed = await _assigned(tx, actor, account_id, household_id, is_open=True)
    if found.version != version:
        raise RefusedError(Fault("version", Code.CHANGED_MEANWHILE))
    await repository.change_file(
        tx, actor.district, household_id, seal_file(keys, household_id, file, sealed.wrapped_key)
    )
    changed = await repository.change(tx, actor.district, household_id, file.groups)
    await note(tx, Noted(actor.district, actor.name, "household_changed", household_id))
    return HouseholdIsOn(id=household_id, number=found.number, version=changed)


async def close_household(tx: AsyncConnection, actor: Actor, account_id: UUID, household_id: UUID) -> HouseholdIsOn:
    """End the care for a household, and its pairings with it. Raises RefusedError: ``not_found``, ``closed``."""
    found, _ = await _assigned(tx, actor, account_id, household_id, is_open=True)
    today = district_day(now())
    await pairings.end_all(tx, actor, found, today)
    version = await repository.close(tx, actor.district, household_id, today)
    await note(tx, Noted(actor.district, actor.name, "household_closed", household_id))
    return HouseholdIsOn(id=household_id, number=found.number, version=version)


async def erase_household(tx: AsyncConnection, actor: Actor, account_id: UUID, household_id: UUID) -> None:
    """Destroy what is known of a household that is closed: its file, its key, and with that the notes of visits.

    What remains is its number, the groups, and when who visited. Raises RefusedError: ``not_found``, ``not_open``.
    """
    found, _ = await _assigned(tx, actor, account_id, household_id)
    if found.closed_on is None:
        raise RefusedError(Fault("household_id", Code.NOT_OPEN))
    await repository.erase_file(tx, actor.district, household_id)
    await repository.unassign(tx, actor.district, household_id, None)
    await note(tx, Noted(actor.district, actor.name, "household_erased", household_id))


async def assign_household(
    tx: AsyncConnection, actor: Actor, own_account_id: UUID, household_id: UUID, account_id: UUID
) -> None:
    """Assign a household to a case worker of its station; assigned already is as good.

    Raises RefusedError: ``not_found``; ``forbidden`` for oneself; ``unknown_value`` for whoever is no case worker of
    that station, may administer the district, or is locked.
    """
    found = await repository.lock(tx, actor, None, household_id)
    if found is None:
        raise RefusedError(Fault("household_id", Code.NOT_FOUND))
    if account_id == own_account_id:
        raise RefusedError(Fault("account_id", Code.FORBIDDEN))
    account = await accounts.find(tx, actor.district, account_id)
    if (
        account is None
        or account.locked
        or Role.CASE_WORKER not in account.roles
        or Role.DISTRICT_ADMIN in account.roles
        or found.station_id not in account.units
    ):
        raise RefusedError(Fault("account_id", Code.UNKNOWN_VALUE))
    if await repository.assign(tx, actor.district, household_id, account_id):
        await note(tx, Noted(actor.district, actor.name, "household_assigned", household_id, f"account:{account_id}"))


async def unassign_household(tx: AsyncConnection, actor: Actor, household_id: UUID, account_id: UUID) -> None:
    """Take a household from a case worker, who can read its file no longer. Raises RefusedError (not_found)."""
    found = await repository.lock(tx, actor, None, household_id)
    if found is None or not await repository.unassign(tx, actor.district, household_id, account_id):
        raise RefusedError(Fault("household_id" if found is None else "account_id", Code.NOT_FOUND))
    await note(tx, Noted(actor.district, actor.name, "household_unassigned", household_id, f"account:{account_id}"))


async def _assigned(
    tx: AsyncConnection, actor: Actor, account_id: UUID, household_id: UUID, *, is_open: bool = False
) -> tuple[Row[Any], SealedFile]:
    return await pairings.assigned(tx, actor, account_id, household_id, is_open=is_open)

"""Somebody registers themselves: a volunteer and the account that logs in by the number, in one transaction."""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes
from services.registry.accounts.repository import Account
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import Origin, VolunteerCreated, check_one, enrol_one
from shared.contracts import RegistrationSource
from shared.contracts.actor import Role


async def register_self(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    account_id: UUID,
    values: Mapping[str, str],
    password_hash: str,
    language: str,
) -> VolunteerCreated:
    """Register the person who asks, with an account that logs in by volunteer number.

    ``values`` are the fields as written. Raises RefusedError with every fault found.
    """
    entry = await check_one(tx, keys, district, values)
    origin = Origin(district, f"account:{account_id}", RegistrationSource.SELF, language)
    created = await enrol_one(tx, keys, origin, entry)
    account = Account(district, account_id, created.number, password_hash, (Role.VOLUNTEER,), volunteer_id=created.id)
    await changes.enter_account(tx, account, [created.number], origin.caused_by)
    return created

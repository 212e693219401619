"""Ending one's registration: from then on nothing of a person is dealt with but their data stored (PIPL art. 47).

Invariant: that nobody finds the person any more, the end of their log-in, the tombstone of their contact point and the
event that tells the other services are one transaction.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.accounts import changes
from services.registry.accounts import repository as accounts
from services.registry.codes.domain import Channel, Template, Text
from services.registry.codes.repository import send_later
from services.registry.own_data.changes import end_entry
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.repository import in_full, lock_district
from shared.contracts.actor import Actor, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class RegistrationEnded(BaseModel):
    """A registration that its person has ended: the number under which hours and proofs stay."""

    volunteer_number: str
    restricted_at: datetime


async def end_registration(tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID) -> RegistrationEnded:
    """End one's own registration.

    Raises RefusedError: ``not_found`` for an account that is no volunteer's, or whose registration has ended;
    ``has_duties`` where the account is also one of staff: the office takes these from it first.
    """
    district, volunteer_id, at = actor.district, actor.own_id(), now()
    await lock_district(tx, district)
    before = await in_full(tx, keys, district, volunteer_id)
    account = await accounts.lock(tx, district, account_id)
    if set(account.roles) - {Role.VOLUNTEER}:
        raise RefusedError(Fault("account_id", Code.HAS_DUTIES))
    if not await end_entry(tx, district, volunteer_id, at, actor.name):
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    await note(tx, Noted(district, actor.name, "registration_ended", volunteer_id))
    await changes.lock(tx, account, actor.name)
    told = Text(
        Channel.SMS, before.volunteer.phone, Template.REGISTRATION_ENDED, before.language, before.volunteer.number
    )
    await send_later(tx, keys, district, told)
    return RegistrationEnded(volunteer_number=before.volunteer.number, restricted_at=at)

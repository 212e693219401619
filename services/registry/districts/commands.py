"""Opening a district with its first administrator.

Invariant: district, account and the event that tells of both are in one transaction, and all else about a district is
data that it brings: who administers it can log in and import at once. The administrator's first password is good for
one thing, to be changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts import changes, domain
from services.registry.accounts.repository import Account
from services.registry.places import repository as places
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import NAME_LENGTH
from shared.contracts import DistrictOpened
from shared.contracts.actor import Actor, Role
from shared.contracts.faults import Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id


@dataclass(frozen=True, slots=True, repr=False)
class NewAdministrator:
    """Who is to administer a district: a user name, and the hash of a password that is good once."""

    user_name: str
    password_hash: str


class OpenDistrict(BaseModel):
    """A district that is open: GB/T 2260 code, name, and the user name of its first administrator, if it got one."""

    code: str
    name: str
    administrator: str | None = None


async def open_district(
    tx: AsyncConnection, actor: Actor, code: str, name: str, administrator: NewAdministrator | None
) -> OpenDistrict:
    """Open a district. Raises RefusedError with every fault found.

    ``name`` is no name, the district is open already (``already_registered``), or the administrator's user name is
    malformed or taken.
    """
    plain_name, user_name = _checked(name, administrator)
    await places.open_district(tx, code, plain_name)
    if administrator and user_name:
        roles = (Role.DISTRICT_ADMIN.value,)
        account = Account(code, new_id(), user_name, administrator.password_hash, roles, must_change_password=True)
        await changes.enter_account(tx, account, [user_name], actor.name)
    opened = DistrictOpened(action_id=new_id(), service="registry", code=code, name=plain_name)
    await event_log.append(tx, [NewEvent(code, opened.action_id, 1, opened, actor.name)])
    return OpenDistrict(code=code, name=plain_name, administrator=user_name)


def _checked(name: str, administrator: NewAdministrator | None) -> tuple[str, str | None]:
    """Return the name, and the administrator's user name, as they are on file. Raises RefusedError."""
    fields = Fields({"name": name})
    plain_name = fields.name("name", NAME_LENGTH)
    faults: Sequence[Fault] = fields.faults
    user_name = None
    try:
        user_name = domain.user_name(administrator.user_name) if administrator else None
    except RefusedError as refused:
        faults = [*faults, *refused.faults]
    if plain_name is None or faults:
        raise RefusedError(*faults)
    return plain_name, user_name

"""Opening a district: nothing but an entry in the list; all else is data that the district brings."""

from pydantic import BaseModel

from services.registry.domain.fields import Fields
from services.registry.domain.reference import NAME_LENGTH
from services.registry.repository import reference
from shared.contracts.faults import RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, once
from shared.store.engine import Store


class DistrictOpened(BaseModel):
    """A district that is open: GB/T 2260 code and name."""

    code: str
    name: str


async def open_district(store: Store, caller: Caller, claim: Claim | None, code: str, name: str) -> Answer:
    """Open a district. Raises RefusedError where the name is no name or the district is open already."""
    fields = Fields({"name": name})
    plain_name = fields.name("name", NAME_LENGTH)
    if plain_name is None:
        raise RefusedError(*fields.faults)
    async with store.transaction(caller.district) as tx:

        async def create() -> Answer:
            await reference.open_district(tx, code, plain_name)
            return Answer.of(201, DistrictOpened(code=code, name=plain_name))

        return await once(tx, caller, claim, create)

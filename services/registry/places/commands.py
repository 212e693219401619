"""Opening a district: nothing but an entry in the list; all else is data that the district brings."""

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places import repository
from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import NAME_LENGTH
from shared.contracts.faults import RefusedError


class DistrictOpened(BaseModel):
    """A district that is open: GB/T 2260 code and name."""

    code: str
    name: str


async def open_district(tx: AsyncConnection, code: str, name: str) -> DistrictOpened:
    """Open a district. Raises RefusedError where the name is no name or the district is open already."""
    fields = Fields({"name": name})
    plain_name = fields.name("name", NAME_LENGTH)
    if plain_name is None:
        raise RefusedError(*fields.faults)
    await repository.open_district(tx, code, plain_name)
    return DistrictOpened(code=code, name=plain_name)

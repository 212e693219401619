"""How the holder of an account is reached, and whose account a volunteer's is."""

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson


@dataclass(frozen=True, slots=True, repr=False)
class Reached:
    """A person, and the language in which they are written to."""

    person: PersonalData
    language: str


_PERSON = "v.id, v.wrapped_key, v.personal_data, v.language"
_HOLDER = text(f"""
    SELECT {_PERSON} FROM volunteer v JOIN account a ON a.district = v.district AND a.volunteer_id = v.id
    WHERE a.district = :district AND a.id = :id AND a.locked_at IS NULL
""")
_VOLUNTEER = text(f"SELECT {_PERSON} FROM volunteer v WHERE v.district = :district AND v.id = :id")
_USER_NAME = text("SELECT user_name FROM account WHERE district = :district AND volunteer_id = :volunteer_id")


async def holder(tx: AsyncConnection, keys: KeyRing, district: str, account_id: UUID) -> Reached | None:
    """Return the volunteer whose account it is; None for staff who are none, a locked account, or none at all."""
    row = (await tx.execute(_HOLDER, {"district": district, "id": account_id})).one_or_none()
    if row is None:
        return None
    return Reached(keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)), row.language)


async def person_of(tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID) -> Reached:
    """Return a volunteer who is on file."""
    row = (await tx.execute(_VOLUNTEER, {"district": district, "id": volunteer_id})).one()
    return Reached(keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)), row.language)


async def user_name_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> str | None:
    """Return the name that a volunteer's account logs in by, or None where there is no account."""
    name: str | None = await tx.scalar(_USER_NAME, {"district": district, "volunteer_id": volunteer_id})
    return name

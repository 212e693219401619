"""What is shown of volunteers. Personal data leaves registry masked."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from shared.contracts import VolunteerCategory
from shared.contracts.actor import Actor, Reach
from shared.contracts.faults import Code, Fault, RefusedError


class VolunteerView(BaseModel):
    """A volunteer, personal data masked. ``organisation`` and ``team`` are codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "number": "51011500027301",
                    "name": "张**",
                    "gender": "female",
                    "id_number": "519900********0186",
                    "phone": "170****8271",
                    "email": "x***@example.org",
                    "category": "university_student",
                    "organisation": "510115-ORG-01",
                    "team": "510115-TEAM-001",
                    "skills": ["english"],
                    "services": ["tutoring", "event"],
                    "community": None,
                    "registered_on": "2026-03-01",
                    "source": "self",
                }
            ]
        },
    )

    id: UUID
    number: str
    name: str
    gender: str
    id_number: str
    phone: str
    email: str
    category: str
    organisation: str | None
    team: str | None
    skills: list[str]
    services: list[str]
    community: str | None
    registered_on: date
    source: str


class VolunteerCounts(BaseModel):
    """How many volunteers a district has; the categories sum to the total."""

    total: int
    by_category: dict[str, int]


_VOLUNTEER = """
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, o.code AS organisation, t.code AS team,
           v.skills, v.services, v.community, v.registered_on, v.source
    FROM volunteer v
    LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    WHERE v.district = :district
      AND (CAST(:units AS uuid[]) IS NULL OR t.id = ANY(CAST(:units AS uuid[]))
           OR t.station_id = ANY(CAST(:units AS uuid[])))
"""
_ONE_VOLUNTEER = text(f"{_VOLUNTEER} AND v.id = :id")
_SOME_VOLUNTEERS = text(f"""{_VOLUNTEER}
      AND v.number > :after AND starts_with(v.number, :number)
      AND (CAST(:category AS text) IS NULL OR v.category = :category)
    ORDER BY v.number LIMIT :limit
""")
_COUNTS = text("SELECT category, count(*) AS volunteers FROM volunteer WHERE district = :district GROUP BY category")


async def find_volunteer(tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID) -> VolunteerView:
    """Return one's own entry, or one that the actor may see. Raises RefusedError (not_found)."""
    own = actor.volunteer_id == volunteer_id
    values = {"district": actor.district, "units": None if own else _units(actor), "id": volunteer_id}
    row = (await tx.execute(_ONE_VOLUNTEER, values)).one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    return _masked(keys, row)


async def find_volunteers(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    after: str,
    limit: int,
    *,
    number: str,
    category: VolunteerCategory | None,
) -> list[VolunteerView]:
    """Return volunteers that the actor may see, by number, from after a number on; theirs start with ``number``."""
    rows = await tx.execute(
        _SOME_VOLUNTEERS,
        {
            "district": actor.district,
            "units": _units(actor),
            "after": after,
            "number": number,
            "category": category and category.value,
            "limit": limit,
        },
    )
    return [_masked(keys, row) for row in rows]


async def count_volunteers(tx: AsyncConnection, district: str) -> VolunteerCounts:
    """Count a district's volunteers by category."""
    found = {row.category: row.volunteers for row in await tx.execute(_COUNTS, {"district": district})}
    by_category = {category.value: found.get(category.value, 0) for category in VolunteerCategory}
    return VolunteerCounts(total=sum(by_category.values()), by_category=by_category)


def _units(actor: Actor) -> Collection[UUID] | None:
    """Return the units that limit what an actor sees, or None where they reach the whole district."""
    return None if actor.reach is Reach.DISTRICT else list(actor.scope.units)


def _masked(keys: KeyRing, row: Row[Any]) -> VolunteerView:
    person = keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data)).masked()
    return VolunteerView(
        id=row.id,
        number=row.number,
        name=person.name,
        gender=person.gender,
        id_number=person.id_number,
        phone=person.phone,
        email=person.email,
        category=row.category,
        organisation=row.organisation,
        team=row.team,
        skills=row.skills,
        services=row.services,
        community=row.community,
        registered_on=row.registered_on,
        source=row.source,
    )

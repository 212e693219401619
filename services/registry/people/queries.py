"""What is shown of volunteers. Personal data leaves registry masked; who has left is counted and no more."""

from collections.abc import Collection
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.papers import Document
from services.registry.people.domain.privacy import KeyRing, PersonalData, SealedPerson
from services.registry.people.domain.search import Search
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
                    "document": "resident_id",
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
                    "minor": False,
                    "guardian_agreed": False,
                    "moved_from": None,
                    "moved_from_name": None,
                }
            ]
        },
    )

    id: UUID
    number: str
    name: str
    gender: str
    document: Document
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
    minor: bool
    guardian_agreed: bool
    moved_from: str | None
    """The code of the district that they have come from, where they have moved."""
    moved_from_name: str | None


class VolunteerName(BaseModel):
    """How a volunteer is named in a list of somebody else's, a shift's roster above all: masked."""

    id: UUID
    volunteer_number: str
    name_masked: str
    number_last_four: str
    phone_masked: str


class VolunteerNames(BaseModel):
    """The volunteers that were asked for by id; one that is not the district's is not among them."""

    items: list[VolunteerName]


class VolunteerInClear(BaseModel):
    """What a reading in clear shows; it stands in the access log."""

    id: UUID
    volunteer_number: str
    name: str
    phone: str


class VolunteerCounts(BaseModel):
    """How many volunteers a district has; the categories sum to the total."""

    total: int
    by_category: dict[str, int]


_VOLUNTEER = """
    SELECT v.id, v.number, v.wrapped_key, v.personal_data, v.category, o.code AS organisation, t.code AS team,
           v.skills, v.services, v.community, v.registered_on, v.source, v.minor, v.guardian_agreed,
           v.moved_from, f.name AS moved_from_name
    FROM volunteer v
    LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    LEFT JOIN team t ON t.district = v.district AND t.id = v.team_id
    LEFT JOIN district f ON f.code = v.moved_from
    WHERE v.district = :district AND v.restricted_at IS NULL
      AND (CAST(:units AS uuid[]) IS NULL OR t.id = ANY(CAST(:units AS uuid[]))
           OR t.station_id = ANY(CAST(:units AS uuid[])))
"""
_ONE_VOLUNTEER = text(f"{_VOLUNTEER} AND v.id = :id")
# A number that was merged finds the entry that was kept.
_SOME_VOLUNTEERS = text(f"""{_VOLUNTEER}
      AND v.merged_into_id IS NULL AND v.number > :after
      AND (starts_with(replace(v.number, '-', ''), CAST(:number_start AS text))
           OR right(v.number, 4) = CAST(:number_end AS text)
           OR v.name_index = CAST(:name_index AS bytea) OR v.phone_tail_index = CAST(:phone_tail_index AS bytea)
           OR v.id IN (SELECT m.merged_into_id FROM volunteer m
                       WHERE m.district = :district AND m.merged_into_id IS NOT NULL
                         AND replace(m.number, '-', '') = CAST(:number_start AS text)))
      AND (CAST(:category AS text) IS NULL OR v.category = :category)
    ORDER BY v.number LIMIT :limit
""")
_NAMES = text("""
    SELECT v.id, v.number, v.wrapped_key, v.personal_data
    FROM unnest(CAST(:ids AS uuid[])) AS l(id) JOIN volunteer v ON v.district = :district AND v.id = l.id
    WHERE v.restricted_at IS NULL
    ORDER BY v.number
""")
_COUNTS = text("""
    SELECT category, count(*) AS volunteers FROM volunteer
    WHERE district = :district AND restricted_at IS NULL AND merged_into_id IS NULL GROUP BY category
""")


async def find_volunteer(tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID) -> VolunteerView:
    """Return one's own entry, or one that the actor may see. Raises RefusedError (not_found)."""
    return _view(*await _one(tx, keys, actor, volunteer_id))


async def read_in_clear(tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID) -> VolunteerInClear:
    """Return what the masks hide of a volunteer that the actor may see. Raises RefusedError (not_found).

    Who calls it notes the reading in the access log, in the same transaction.
    """
    row, person = await _one(tx, keys, actor, volunteer_id)
    return VolunteerInClear(id=row.id, volunteer_number=row.number, name=person.name, phone=person.phone)


async def find_volunteers(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    after: str,
    limit: int,
    *,
    search: Search,
    category: VolunteerCategory | None,
) -> list[VolunteerView]:
    """Return volunteers that the actor may see and the search finds, by number, from after a number on."""
    rows = await tx.execute(
        _SOME_VOLUNTEERS,
        {
            "district": actor.district,
            "units": _units(actor),
            "after": after,
            "number_start": search.number_start,
            "number_end": search.number_end,
            "name_index": search.name_index,
            "phone_tail_index": search.phone_tail_index,
            "category": category and category.value,
            "limit": None if search.phone else limit,  # of those whose phones end alike, most are left out below
        },
    )
    people = [(row, _open(keys, row)) for row in rows]
    return [_view(row, person) for row, person in people if search.phone in (None, person.phone)]


async def name_volunteers(tx: AsyncConnection, keys: KeyRing, district: str, ids: Collection[UUID]) -> VolunteerNames:
    """Return how volunteers of a district are named, masked, by number; one statement for all of them."""
    rows = await tx.execute(_NAMES, {"district": district, "ids": list(set(ids))})
    return VolunteerNames(items=[_named(row, _open(keys, row).masked()) for row in rows])


async def count_volunteers(tx: AsyncConnection, district: str) -> VolunteerCounts:
    """Count a district's volunteers by category."""
    found = {row.category: row.volunteers for row in await tx.execute(_COUNTS, {"district": district})}
    by_category = {category.value: found.get(category.value, 0) for category in VolunteerCategory}
    return VolunteerCounts(total=sum(by_category.values()), by_category=by_category)


def _units(actor: Actor) -> Collection[UUID] | None:
    """Return the units that limit what an actor sees, or None where they reach the whole district."""
    return None if actor.reach is Reach.DISTRICT else list(actor.scope.units)


async def _one(tx: AsyncConnection, keys: KeyRing, actor: Actor, volunteer_id: UUID) -> tuple[Row[Any], PersonalData]:
    own = actor.volunteer_id == volunteer_id
    values = {"district": actor.district, "units": None if own else _units(actor), "id": volunteer_id}
    row = (await tx.execute(_ONE_VOLUNTEER, values)).one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    return row, _open(keys, row)


def _open(keys: KeyRing, row: Row[Any]) -> PersonalData:
    return keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data))


def _named(row: Row[Any], masked: PersonalData) -> VolunteerName:
    return VolunteerName(
        id=row.id,
        volunteer_number=row.number,
        name_masked=masked.name,
        number_last_four=row.number[-4:],
        phone_masked=masked.phone,
    )


def _view(row: Row[Any], in_clear: PersonalData) -> VolunteerView:
    person = in_clear.masked()
    return VolunteerView(
        id=row.id,
        number=row.number,
        name=person.name,
        gender=person.gender,
        document=person.document,
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
        minor=row.minor,
        guardian_agreed=row.guardian_agreed,
        moved_from=row.moved_from,
        moved_from_name=row.moved_from_name,
    )

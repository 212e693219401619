"""Volunteers on file. Everything is a set: one statement takes any number of them.

Who has ended their registration (``restricted_at``) is found by number alone, and is not changed any more. An entry
that is merged into another (``merged_into_id``) is no person of its own: nobody is found, counted or changed by it.

Invariant: whoever registers or changes volunteers of a district holds the district's row lock (``lock_district``), so
what was read of numbers and persons on file still holds when it is written.
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.people.domain.roster import Entry, OnFile, public_profile
from services.registry.people.domain.volunteer import References, Volunteer
from services.registry.people.tables import roster_line
from shared.contracts import RegistrationSource, VolunteerCategory
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.statements import insert_rows


@dataclass(frozen=True, slots=True)
class StoredVolunteer:
    """A volunteer as stored; of ``volunteer`` the personal part is in ``sealed`` alone."""

    id: UUID
    volunteer: Volunteer
    blind_index: bytes
    digest: bytes
    name_index: bytes
    phone_tail_index: bytes
    sealed: SealedPerson
    source: RegistrationSource
    language: str
    version: int
    minor: bool


def entries_of(person: str) -> str:
    """Return, for SQL, the entries of somebody: a column's or value's own, and those that are merged into it."""
    return f"""
    ANY(ARRAY(SELECT CAST({person} AS uuid)
              UNION ALL SELECT e.id FROM volunteer e WHERE e.district = :district AND e.merged_into_id = {person}))
    """


_LOCK = text("SELECT last_serial FROM district WHERE code = :district FOR NO KEY UPDATE")
_RAISE_SERIAL = text("UPDATE district SET last_serial = greatest(last_serial, :serial) WHERE code = :district")


async def lock_district(tx: AsyncConnection, district: str) -> int:
    """Become the one writer of the district's roster; return the last serial in use by a volunteer number.

    Raises RefusedError (not_found) where the district is not open.
    """
    serial: int | None = await tx.scalar(_LOCK, {"district": district})
    if serial is None:
        raise RefusedError(Fault("district", Code.NOT_FOUND))
    return serial


async def raise_serial(tx: AsyncConnection, district: str, serial: int) -> None:
    """Note that serials up to this one are in use."""
    await tx.execute(_RAISE_SERIAL, {"district": district, "serial": serial})


_FREE_NUMBER = text("""
    SELECT v.number FROM volunteer v
    WHERE v.district = :district AND v.number >= :taken AND length(v.number) = length(:taken)
      AND v.number ~ '^[0-9]+$'
      AND NOT EXISTS (SELECT FROM volunteer n
                      WHERE n.district = :district AND n.number = CAST(CAST(v.number AS bigint) + 1 AS text))
    ORDER BY v.number LIMIT 1
""")


async def last_before_a_free_number(tx: AsyncConnection, district: str, taken: str) -> str:
    """Return the first number from a ``taken`` one on that is not followed by another one on file."""
    found: str = (await tx.execute(_FREE_NUMBER, {"district": district, "taken": taken})).scalar_one()
    return found


_REFERENCES = text("""
    WITH RECURSIVE after AS (
        SELECT code, id, merged_into_id, closed_on FROM team WHERE district = :district
        UNION ALL
        SELECT a.code, t.id, t.merged_into_id, t.closed_on FROM after a
        JOIN team t ON t.district = :district AND t.id = a.merged_into_id
    )
    SELECT 'organisation' AS kind, code, id FROM organisation WHERE district = :district
    UNION ALL SELECT CASE WHEN closed_on IS NULL THEN 'team' ELSE 'closed team' END, code, id FROM after
    WHERE merged_into_id IS NULL
    UNION ALL SELECT 'community', code, NULL FROM division WHERE district = :district AND level = 'community'
    UNION ALL SELECT 'moved in', number, NULL FROM volunteer WHERE district = :district AND moved_from IS NOT NULL
""")


async def references(tx: AsyncConnection, district: str) -> References:
    """Return what a volunteer of the district may refer to: by the code of a team, the one it was merged into."""
    rows = (await tx.execute(_REFERENCES, {"district": district})).all()
    return References(
        district=district,
        organisations={row.code: row.id for row in rows if row.kind == "organisation"},
        teams={row.code: row.id for row in rows if row.kind == "team"},
        closed_teams=frozenset(row.code for row in rows if row.kind == "closed team"),
        communities=frozenset(row.code for row in rows if row.kind == "community"),
        moved_in=frozenset(row.code for row in rows if row.kind == "moved in"),
    )


# Joins, not "= ANY(:array)": in a generic plan PostgreSQL searches an array parameter from end to end for every row.
_ON_FILE = text("""
    SELECT v.id, v.number, v.blind_index, v.digest, v.version, v.category, v.organisation_id, v.team_id,
           v.registered_on, v.language, v.minor, v.guardian_agreed, v.restricted_at IS NOT NULL AS is_closed,
           v.merged_into_id IS NOT NULL AS is_merged
    FROM unnest(CAST(:numbers AS text[])) AS l(number)
    JOIN volunteer v ON v.district = :district AND v.number = l.number
    UNION
    SELECT v.id, v.number, v.blind_index, v.digest, v.version, v.category, v.organisation_id, v.team_id,
           v.registered_on, v.language, v.minor, v.guardian_agreed, v.restricted_at IS NOT NULL AS is_closed,
           v.merged_into_id IS NOT NULL AS is_merged
    FROM unnest(CAST(:persons AS bytea[])) AS l(blind_index)
    JOIN volunteer v ON v.district = :district AND v.blind_index = l.blind_index
""")


async def on_file(tx: AsyncConnection, district: str, entries: Sequence[Entry]) -> list[OnFile]:
    """Return every volunteer who has the number or is the person of one of the entries."""
    rows = await tx.execute(
        _ON_FILE,
        {
            "district": district,
            "numbers": [entry.volunteer.number for entry in entries],
            "persons": [entry.blind_index for entry in entries],
        },
    )
    return [
        OnFile(
            id=row.id,
            number=row.number,
            blind_index=row.blind_index or b"",
            digest=row.digest or b"",
            version=row.version,
            language=row.language,
            registered_on=row.registered_on,
            public_profile=(row.category, row.organisation_id, row.team_id, row.registered_on),
            minor=row.minor,
            guardian_agreed=row.guardian_agreed,
            is_closed=row.is_closed,
            is_merged=row.is_merged,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True, repr=False)
class OnFileInFull:
    """A registered volunteer with all that is known of them, in clear."""

    id: UUID
    volunteer: Volunteer
    source: RegistrationSource
    language: str
    version: int
    minor: bool
    guardian_agreed: bool

    def on_file(self, keys: KeyRing) -> OnFile:
        """Return as much as a change has to know."""
        return OnFile(
            self.id,
            self.volunteer.number,
            keys.index_of(self.volunteer),
            keys.digest(self.volunteer),
            self.version,
            self.language,
            self.volunteer.registered_on,
            public_profile(self.volunteer),
            self.minor,
            self.guardian_agreed,
        )


COLUMNS_IN_FULL = """
    SELECT v.id, number, wrapped_key, personal_data, category, organisation_id, team_id, skills, services, community,
           registered_on, source, language, version, minor, guardian_agreed
"""
"""What ``in_full_of`` makes a volunteer of; their table is called ``v``."""
_ONE_IN_FULL = text(f"""
    {COLUMNS_IN_FULL} FROM volunteer v
    WHERE district = :district AND id = :id AND restricted_at IS NULL AND merged_into_id IS NULL
""")
_MEMBERS_IN_FULL = text(f"""
    {COLUMNS_IN_FULL} FROM volunteer v
    WHERE district = :district AND team_id = :team_id AND restricted_at IS NULL AND merged_into_id IS NULL
    ORDER BY v.id LIMIT :most
""")
_SEVERAL_IN_FULL = text(f"""
    {COLUMNS_IN_FULL} FROM unnest(CAST(:ids AS uuid[])) AS l(id)
    JOIN volunteer v ON v.district = :district AND v.id = l.id
""")


async def in_full(tx: AsyncConnection, keys: KeyRing, district: str, volunteer_id: UUID) -> OnFileInFull:
    """Return all that is on file of a volunteer. Raises RefusedError (not_found)."""
    row = (await tx.execute(_ONE_IN_FULL, {"district": district, "id": volunteer_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    return in_full_of(keys, row)


def in_full_of(keys: KeyRing, row: Row[Any]) -> OnFileInFull:
    """Return the volunteer of a row; decrypting takes time in proportion, so keep it off the event loop for many."""
    source = RegistrationSource(row.source)
    volunteer = _opened(keys, row)
    return OnFileInFull(row.id, volunteer, source, row.language, row.version, row.minor, row.guardian_agreed)


async def members_in_full(
    tx: AsyncConnection, keys: KeyRing, district: str, team_id: UUID, most: int
) -> list[OnFileInFull]:
    """Return all that is on file of at most so many members of a team. Decrypting takes time in proportion."""
    rows = (await tx.execute(_MEMBERS_IN_FULL, {"district": district, "team_id": team_id, "most": most})).all()
    return await asyncio.to_thread(lambda: [in_full_of(keys, row) for row in rows])


async def several_in_full(
    tx: AsyncConnection, keys: KeyRing, district: str, ids: Collection[UUID]
) -> dict[UUID, Volunteer]:
    """Return all that is on file of some volunteers, by id. Decrypting takes time in proportion."""
    rows = (await tx.execute(_SEVERAL_IN_FULL, {"district": district, "ids": list(ids)})).all() if ids else []
    return await asyncio.to_thread(lambda: {row.id: _opened(keys, row) for row in rows})


def _opened(keys: KeyRing, row: Row[Any]) -> Volunteer:
    person = keys.open_person(row.id, SealedPerson(row.wrapped_key, row.personal_data))
    return Volunteer(
        number=row.number,
        **{each.name: getattr(person, each.name) for each in fields(person)},
        category=VolunteerCategory(row.category),
        organisation_id=row.organisation_id,
        team_id=row.team_id,
        skills=tuple(row.skills),
        services=tuple(row.services),
        community=row.community,
        registered_on=row.registered_on,
    )


_GUARDIAN_AGREED = text("""
    UPDATE volunteer SET guardian_agreed = :agreed, version = :version WHERE district = :district AND id = :id
""")


async def note_guardian_agreed(
    tx: AsyncConnection, district: str, volunteer_id: UUID, version: int, *, agreed: bool
) -> None:
    """Note whether a minor's guardian agrees, under a new version. The district is locked (``lock_district``)."""
    values = {"district": district, "id": volunteer_id, "version": version, "agreed": agreed}
    await tx.execute(_GUARDIAN_AGREED, values)


_ID_OF_NUMBER = text("""
    SELECT id FROM volunteer
    WHERE district = :district AND number = :number AND restricted_at IS NULL AND merged_into_id IS NULL
""")
_TEAMS_OF_UNITS = text("""
    SELECT id FROM team
    WHERE district = :district AND (id = ANY(CAST(:units AS uuid[])) OR station_id = ANY(CAST(:units AS uuid[])))
""")


async def id_of_number(tx: AsyncConnection, district: str, number: str) -> UUID:
    """Return the volunteer who has a number. Raises RefusedError (unknown_reference)."""
    found: UUID | None = await tx.scalar(_ID_OF_NUMBER, {"district": district, "number": number})
    if found is None:
        raise RefusedError(Fault("volunteer_number", Code.UNKNOWN_REFERENCE))
    return found


_NEEDS_GUARDIAN = text("""
    SELECT minor AND NOT guardian_agreed FROM volunteer WHERE district = :district AND id = :id
""")


async def require_guardian(tx: AsyncConnection, district: str, volunteer_id: UUID, field: str) -> None:
    """Raise RefusedError (guardian_needed) where a minor's guardian has not agreed.

    PIPL art. 31 and row 5 of the features: a guardian agrees before anything else.
    """
    if await tx.scalar(_NEEDS_GUARDIAN, {"district": district, "id": volunteer_id}):
        raise RefusedError(Fault(field, Code.GUARDIAN_NEEDED))


_IS_CLOSED = text("""
    SELECT restricted_at IS NOT NULL OR merged_into_id IS NOT NULL FROM volunteer
    WHERE district = :district AND id = :id
""")


async def is_closed(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Return whether a volunteer has ended their registration, or is merged into another entry."""
    return bool(await tx.scalar(_IS_CLOSED, {"district": district, "id": volunteer_id}))


_IS_REGISTERED = text("""
    SELECT EXISTS (SELECT FROM volunteer
                   WHERE district = :district AND id = :id AND restricted_at IS NULL AND merged_into_id IS NULL)
""")


async def is_registered(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Return whether there is such a volunteer, who has not ended their registration and is merged into nobody."""
    return bool(await tx.scalar(_IS_REGISTERED, {"district": district, "id": volunteer_id}))


_HAS_MOVED_IN = text("""
    SELECT EXISTS (SELECT FROM volunteer WHERE district = :district AND number = :number AND moved_from IS NOT NULL)
""")
_NOTE_MOVED = "UPDATE volunteer SET {column} = :other, version = version + 1 WHERE district = :district AND id = :id"
_MOVED_FROM = text(f"{_NOTE_MOVED.format(column='moved_from')} RETURNING version")
_MOVED_TO = text(f"{_NOTE_MOVED.format(column='moved_to')} RETURNING version")
_NEXT_VERSION = text(
    "UPDATE volunteer SET version = version + 1 WHERE district = :district AND id = :id RETURNING version"
)


async def has_moved_in(tx: AsyncConnection, district: str, number: str) -> bool:
    """Return whether a number is of somebody who has come from another district."""
    return bool(await tx.scalar(_HAS_MOVED_IN, {"district": district, "number": number}))


async def note_moved_in(tx: AsyncConnection, district: str, volunteer_id: UUID, from_district: str) -> int:
    """Note which district somebody has come from; return the version of that."""
    values = {"district": district, "id": volunteer_id, "other": from_district}
    return int((await tx.execute(_MOVED_FROM, values)).scalar_one())


async def note_moved_away(tx: AsyncConnection, district: str, volunteer_id: UUID, to_district: str) -> int:
    """Note which district somebody has gone to; return the version of that."""
    values = {"district": district, "id": volunteer_id, "other": to_district}
    return int((await tx.execute(_MOVED_TO, values)).scalar_one())


async def next_version(tx: AsyncConnection, district: str, volunteer_id: UUID) -> int:
    """Return the next version of a volunteer, for an event of theirs that leaves what is on file as it is."""
    return int((await tx.execute(_NEXT_VERSION, {"district": district, "id": volunteer_id})).scalar_one())


_MERGED_INTO = text("SELECT id FROM volunteer WHERE district = :district AND merged_into_id = :id ORDER BY id")


async def merged_into(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Sequence[UUID]:
    """Return the entries that are merged into a volunteer's."""
    return (await tx.scalars(_MERGED_INTO, {"district": district, "id": volunteer_id})).all()


async def teams_of_units(tx: AsyncConnection, district: str, units: Collection[UUID]) -> frozenset[UUID]:
    """Return the teams among ``units`` (ids of stations and teams) and the teams of the stations among them."""
    return frozenset((await tx.scalars(_TEAMS_OF_UNITS, {"district": district, "units": list(units)})).all())


_INSERT = text("""
    INSERT INTO volunteer (district, id, number, blind_index, wrapped_key, personal_data, category, organisation_id,
                           team_id, community, skills, services, language, registered_on, source, digest, version,
                           name_index, phone_tail_index, minor)
    SELECT :district, v.id, v.number, v.blind_index, v.wrapped_key, v.personal_data, v.category, v.organisation_id,
           v.team_id, v.community, string_to_array(v.skills, ';'), string_to_array(v.services, ';'), v.language,
           v.registered_on, v.source, v.digest, v.version, v.name_index, v.phone_tail_index, v.minor
    FROM unnest(CAST(:id AS uuid[]), CAST(:number AS text[]), CAST(:blind_index AS bytea[]),
                CAST(:wrapped_key AS bytea[]), CAST(:personal_data AS bytea[]), CAST(:category AS text[]),
                CAST(:organisation_id AS uuid[]), CAST(:team_id AS uuid[]), CAST(:community AS text[]),
                CAST(:skills AS text[]), CAST(:services AS text[]), CAST(:language AS text[]),
                CAST(:registered_on AS date[]), CAST(:source AS text[]), CAST(:digest AS bytea[]),
                CAST(:version AS int[]), CAST(:name_index AS bytea[]), CAST(:phone_tail_index AS bytea[]),
                CAST(:minor AS boolean[]))
         AS v(id, number, blind_index, wrapped_key, personal_data, category, organisation_id, team_id, community,
              skills, services, language, registered_on, source, digest, version, name_index, phone_tail_index, minor)
""")
_UPDATE = text("""
    UPDATE volunteer SET
        blind_index = v.blind_index, wrapped_key = v.wrapped_key, personal_data = v.personal_data,
        category = v.category, organisation_id = v.organisation_id, team_id = v.team_id, community = v.community,
        skills = string_to_array(v.skills, ';'), services = string_to_array(v.services, ';'),
        registered_on = v.registered_on, digest = v.digest, version = v.version,
        name_index = v.name_index, phone_tail_index = v.phone_tail_index, minor = v.minor
    FROM unnest(CAST(:id AS uuid[]), CAST(:blind_index AS bytea[]), CAST(:wrapped_key AS bytea[]),
                CAST(:personal_data AS bytea[]), CAST(:category AS text[]), CAST(:organisation_id AS uuid[]),
                CAST(:team_id AS uuid[]),
                CAST(:community AS text[]), CAST(:skills AS text[]), CAST(:services AS text[]),
                CAST(:registered_on AS date[]), CAST(:digest AS bytea[]), CAST(:version AS int[]),
                CAST(:name_index AS bytea[]), CAST(:phone_tail_index AS bytea[]), CAST(:minor AS boolean[]))
         AS v(id, blind_index, wrapped_key, personal_data, category, organisation_id, team_id, community, skills,
              services, registered_on, digest, version, name_index, phone_tail_index, minor)
    WHERE volunteer.district = :district AND volunteer.id = v.id
""")


async def insert(tx: AsyncConnection, district: str, stored: Sequence[StoredVolunteer]) -> None:
    """Put new volunteers on file."""
    if stored:
        await tx.execute(
            _INSERT,
            {
                **_changeable(district, stored),
                "number": [row.volunteer.number for row in stored],
                "language": [row.language for row in stored],
                "source": [row.source.value for row in stored],
            },
        )


async def update(tx: AsyncConnection, district: str, stored: Sequence[StoredVolunteer]) -> None:
    """Replace what is on file of volunteers; number, source and language stay."""
    if stored:
        await tx.execute(_UPDATE, _changeable(district, stored))


def _changeable(district: str, stored: Sequence[StoredVolunteer]) -> dict[str, object]:
    return {
        "district": district,
        "id": [row.id for row in stored],
        "blind_index": [row.blind_index for row in stored],
        "wrapped_key": [row.sealed.wrapped_key for row in stored],
        "personal_data": [row.sealed.personal_data for row in stored],
        "category": [row.volunteer.category.value for row in stored],
        "organisation_id": [row.volunteer.organisation_id for row in stored],
        "team_id": [row.volunteer.team_id for row in stored],
        "community": [row.volunteer.community for row in stored],
        "skills": [";".join(row.volunteer.skills) for row in stored],
        "services": [";".join(row.volunteer.services) for row in stored],
        "registered_on": [row.volunteer.registered_on for row in stored],
        "digest": [row.digest for row in stored],
        "version": [row.version for row in stored],
        "name_index": [row.name_index for row in stored],
        "phone_tail_index": [row.phone_tail_index for row in stored],
        "minor": [row.minor for row in stored],
    }


_SEEN = text("""
    SELECT r.blind_index, r.number
    FROM unnest(CAST(:numbers AS text[])) AS l(number)
    JOIN roster_line r ON r.district = :district AND r.import_id = :import_id AND r.number = l.number
    UNION
    SELECT r.blind_index, r.number
    FROM unnest(CAST(:persons AS bytea[])) AS l(blind_index)
    JOIN roster_line r ON r.district = :district AND r.import_id = :import_id AND r.blind_index = l.blind_index
""")
_REMEMBER = insert_rows(roster_line, ["blind_index", "number"], same=["district", "import_id"])
_FORGET = text("DELETE FROM roster_line WHERE district = :district")


async def seen(
    tx: AsyncConnection, district: str, import_id: UUID, entries: Sequence[Entry]
) -> list[tuple[bytes, str]]:
    """Return the (blind index, number) of earlier lines of the import that share one of them with an entry."""
    rows = await tx.execute(_SEEN, _lines(district, import_id, entries))
    return [(row.blind_index, row.number) for row in rows]


async def remember(tx: AsyncConnection, district: str, import_id: UUID, entries: Sequence[Entry]) -> None:
    """Remember entries for the rest of the import."""
    if entries:
        lines = _lines(district, import_id, entries)
        await tx.execute(_REMEMBER, {**lines, "blind_index": lines["persons"], "number": lines["numbers"]})


async def forget(tx: AsyncConnection, district: str) -> None:
    """Forget the lines of the import that has ended, and of any before it that failed: a district has one at a time."""
    await tx.execute(_FORGET, {"district": district})


def _lines(district: str, import_id: UUID, entries: Sequence[Entry]) -> dict[str, object]:
    return {
        "district": district,
        "import_id": import_id,
        "persons": [entry.blind_index for entry in entries],
        "numbers": [entry.volunteer.number for entry in entries],
    }

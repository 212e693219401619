"""What is shown of rule documents: to anybody the texts, to volunteers what they accept, to the office who has not."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.people.repository import entries_of
from services.registry.rule_documents.repository import HAS_NOT_ACCEPTED, IN_FORCE
from shared.contracts.faults import Code, Fault, RefusedError

_MOST = 200
"""As many documents of a district, and versions of one, are shown at most."""


class RuleInForce(BaseModel):
    """A document of a district, in the version that is in force."""

    document_id: UUID
    version: int
    title: str
    in_force_from: date
    required_from: date
    """From this day on nobody signs up without having accepted it."""


class RulesInForce(BaseModel):
    """What a district's volunteers keep to now."""

    items: list[RuleInForce]


class OwnRule(RuleInForce):
    """A document in force, and whether the volunteer who asks has accepted this version."""

    accepted_at: datetime | None
    accepted_version: int | None
    """The latest version that they have accepted, this or an older one."""
    is_required: bool
    """Whether they sign up for nothing until they accept it."""


class VersionNamed(BaseModel):
    """A version of a document, by its days; when it was withdrawn or ended, where it was."""

    version: int
    title: str
    in_force_from: date
    required_from: date
    ended_at: datetime | None


class RuleText(VersionNamed):
    """One version of a document with its text, and which others there are, the last first."""

    document_id: UUID
    text: str
    """Paragraphs between empty lines; a line that begins with ``#`` is a heading."""
    version_in_force: int | None
    versions: list[VersionNamed]


class VersionCounted(VersionNamed):
    """A version as the office sees it."""

    published_at: datetime
    published_by: str
    accepted: int
    """How many volunteers on the register have accepted this version."""
    asked: int
    """How many of them were reminded of it."""
    end_reason: str | None


class DocumentCounted(BaseModel):
    """A document with its versions, the last first; of how many volunteers on the register the counts are."""

    document_id: UUID
    version_in_force: int | None
    volunteers: int
    versions: list[VersionCounted]


class DocumentView(BaseModel):
    """A document in the office's list, in the version in force; one that is not yet, in its first, else in its last."""

    document_id: UUID
    version: int
    newest_version: int
    """The last that has not ended; this one where all have."""
    title: str
    in_force_from: date
    required_from: date
    ended_at: datetime | None
    accepted: int
    volunteers: int


class MissingVolunteer(BaseModel):
    """A volunteer on the register who has not accepted a version, masked."""

    volunteer_id: UUID
    volunteer_number: str
    name_masked: str
    asked_at: datetime | None


_RULES_IN_FORCE = text(f"""
    SELECT d.id AS document_id, d.version, d.title, d.in_force_from, d.required_from
    FROM {IN_FORCE} d ORDER BY d.id LIMIT :limit
""")
# required is the latest version whose day has come: who has accepted it, or a later one, signs up
_OWN = text(f"""
    SELECT d.id AS document_id, d.version, d.title, d.in_force_from, d.required_from, o.accepted_at, o.accepted_version,
           coalesce(o.accepted_version, 0) < (
               SELECT coalesce(max(r.version), 0) FROM rule_document r
               WHERE r.district = d.district AND r.id = d.id AND r.required_from <= CAST(:today AS date)
                 AND r.ended_at IS NULL) AS is_required
    FROM {IN_FORCE} d
    CROSS JOIN LATERAL (
        SELECT max(a.document_version) AS accepted_version,
               min(a.accepted_at) FILTER (WHERE a.document_version = d.version) AS accepted_at
        FROM rule_acceptance a
        WHERE a.district = d.district AND a.document_id = d.id AND a.volunteer_id = {entries_of(":volunteer_id")}
          AND a.accepted_at IS NOT NULL) o
    ORDER BY d.id LIMIT :limit
""")
_VERSIONS = text("""
    SELECT version, title, in_force_from, required_from, ended_at FROM rule_document
    WHERE district = :district AND id = :id ORDER BY version DESC LIMIT :limit
""")
_TEXT = text("SELECT text FROM rule_document WHERE district = :district AND id = :id AND version = :version")
_COUNTS = """
    SELECT count(DISTINCT coalesce(v.merged_into_id, v.id)) FILTER (WHERE a.accepted_at IS NOT NULL) AS accepted,
           count(DISTINCT coalesce(v.merged_into_id, v.id)) FILTER (WHERE a.asked_at IS NOT NULL) AS asked
    FROM rule_acceptance a
    JOIN volunteer v ON v.district = a.district AND v.id = a.volunteer_id AND v.restricted_at IS NULL
    WHERE a.district = d.district AND a.document_id = d.id AND a.document_version = d.version
"""
_ON_THE_REGISTER = """
    (SELECT count(*) FROM volunteer
     WHERE district = :district AND restricted_at IS NULL AND merged_into_id IS NULL) AS volunteers
"""
_COUNTED = text(f"""
    SELECT d.version, d.title, d.in_force_from, d.required_from, d.published_at, d.published_by, c.accepted, c.asked,
           d.ended_at, d.end_reason,
           {_ON_THE_REGISTER}
    FROM rule_document d CROSS JOIN LATERAL ({_COUNTS}) c
    WHERE d.district = :district AND d.id = :id ORDER BY d.version DESC LIMIT :limit
""")
_DOCUMENTS = text(f"""
    SELECT d.id AS document_id, d.version, d.newest_version, d.title, d.in_force_from, d.required_from, d.ended_at,
           c.accepted, {_ON_THE_REGISTER}
    FROM (
        SELECT DISTINCT ON (id) *,
               coalesce(max(version) FILTER (WHERE ended_at IS NULL) OVER (PARTITION BY id), version) AS newest_version
        FROM rule_document
        WHERE district = :district AND (CAST(:after AS uuid) IS NULL OR id > :after)
        ORDER BY id, ended_at IS NOT NULL, in_force_from <= CAST(:today AS date) DESC,
                 CASE WHEN in_force_from <= CAST(:today AS date) THEN -version ELSE version END
    ) d CROSS JOIN LATERAL ({_COUNTS}) c
    ORDER BY d.id LIMIT :limit
""")
_MISSING = text(f"""
    SELECT v.id AS volunteer_id, v.number AS volunteer_number, v.wrapped_key, v.personal_data, s.asked_at
    FROM volunteer v
    CROSS JOIN LATERAL (
        SELECT min(a.asked_at) AS asked_at FROM rule_acceptance a
        WHERE a.district = v.district AND a.document_id = :document_id AND a.document_version = :version
          AND a.volunteer_id = {entries_of("v.id")}) s
    WHERE v.district = :district AND v.number > :after AND {HAS_NOT_ACCEPTED}
    ORDER BY v.number LIMIT :limit
""")
_EXISTS = text(
    "SELECT EXISTS (SELECT FROM rule_document WHERE district = :district AND id = :id AND version = :version)"
)


async def rules_in_force(tx: AsyncConnection, district: str, today: date) -> RulesInForce:
    """Return the documents of a district that are in force on a day, the oldest first."""
    rows = await tx.execute(_RULES_IN_FORCE, {"district": district, "today": today, "limit": _MOST})
    return RulesInForce(items=[RuleInForce(**row) for row in rows.mappings()])


async def own_rules(tx: AsyncConnection, district: str, volunteer_id: UUID, today: date) -> list[OwnRule]:
    """Return the documents in force on a day, and what a volunteer has accepted of them."""
    values = {"district": district, "volunteer_id": volunteer_id, "today": today, "limit": _MOST}
    return [OwnRule(**row) for row in (await tx.execute(_OWN, values)).mappings()]


async def rule_text(
    tx: AsyncConnection, district: str, document_id: UUID, version: int | None, today: date
) -> RuleText:
    """Return one version of a document, the one in force where none is named, or else the one published last.

    Raises RefusedError (not_found).
    """
    key = {"district": district, "id": document_id}
    rows = (await tx.execute(_VERSIONS, {**key, "limit": _MOST})).mappings()
    versions = [VersionNamed(**row) for row in rows]
    in_force = _in_force(versions, today)
    wanted = version or in_force or (versions[0].version if versions else 0)
    shown = next((one for one in versions if one.version == wanted), None)
    if shown is None:
        raise RefusedError(Fault("version" if versions else "document_id", Code.NOT_FOUND))
    return RuleText(
        document_id=document_id,
        text=(await tx.execute(_TEXT, {**key, "version": wanted})).scalar_one(),
        version_in_force=in_force,
        versions=versions,
        **shown.model_dump(),
    )


def _in_force(versions: Sequence[VersionNamed], today: date) -> int | None:
    """Return which of the versions of a document, the last first, is in force on a day."""
    return next((one.version for one in versions if one.in_force_from <= today and one.ended_at is None), None)


async def document_counted(tx: AsyncConnection, district: str, document_id: UUID, today: date) -> DocumentCounted:
    """Return a document with its versions and who has accepted them by count. Raises RefusedError (not_found)."""
    values = {"district": district, "id": document_id, "limit": _MOST}
    rows = (await tx.execute(_COUNTED, values)).mappings().all()
    if not rows:
        raise RefusedError(Fault("document_id", Code.NOT_FOUND))
    versions = [VersionCounted(**row) for row in rows]
    return DocumentCounted(
        document_id=document_id,
        version_in_force=_in_force(versions, today),
        volunteers=rows[0]["volunteers"],
        versions=versions,
    )


async def documents(
    tx: AsyncConnection, district: str, after: UUID | None, limit: int, today: date
) -> list[DocumentView]:
    """Return a district's documents, the oldest first, from after an id on."""
    values = {"district": district, "after": after, "limit": limit, "today": today}
    return [DocumentView(**row) for row in (await tx.execute(_DOCUMENTS, values)).mappings()]


async def missing(
    tx: AsyncConnection, keys: KeyRing, district: str, key: tuple[UUID, int], after: str, limit: int
) -> list[MissingVolunteer]:
    """Return who on the register has not accepted a version, by number, from after a number on.

    ``key``: document and version. Raises RefusedError (not_found).
    """
    document_id, version = key
    if not await tx.scalar(_EXISTS, {"district": district, "id": document_id, "version": version}):
        raise RefusedError(Fault("document_id", Code.NOT_FOUND))
    values = {"district": district, "document_id": document_id, "version": version, "after": after, "limit": limit}
    return [_missing(keys, row) for row in await tx.execute(_MISSING, values)]


def _missing(keys: KeyRing, row: Row[Any]) -> MissingVolunteer:
    person = keys.open_person(row.volunteer_id, SealedPerson(row.wrapped_key, row.personal_data))
    return MissingVolunteer(
        volunteer_id=row.volunteer_id,
        volunteer_number=row.volunteer_number,
        name_masked=person.masked().name,
        asked_at=row.asked_at,
    )

"""Rule documents and acceptances as they are stored.

Invariant: what a version says is never changed, it is ended once at most, and versions of a document follow one
another; of a volunteer and a version there is one row, so they are asked once and accept once, whoever comes at the
same time. What was accepted or asked under an entry that is merged is read as the person's, and moved by nothing
(ADR 0060).
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.rule_documents.domain import NewVersion
from services.registry.rule_documents.tables import rule_document

IN_FORCE = """
    (SELECT DISTINCT ON (id) * FROM rule_document
     WHERE district = :district AND in_force_from <= CAST(:today AS date) AND ended_at IS NULL
     ORDER BY id, version DESC)
"""
"""The versions of a district's documents that are in force on a day, as a table of a query."""
_OF_THE_VERSION = """
    NOT EXISTS (SELECT FROM rule_acceptance a
                WHERE a.district = v.district AND a.document_id = :document_id AND a.document_version = :version
                  AND a.volunteer_id = v.id{also})
    AND NOT EXISTS (SELECT FROM volunteer m
                    JOIN rule_acceptance a ON a.district = m.district AND a.document_id = :document_id
                                          AND a.document_version = :version AND a.volunteer_id = m.id
                    WHERE m.district = v.district AND m.merged_into_id = v.id{also})
"""
_ON_THE_REGISTER = "v.restricted_at IS NULL AND v.merged_into_id IS NULL"
HAS_NOT_ACCEPTED = f"{_ON_THE_REGISTER} AND {_OF_THE_VERSION.format(also=' AND a.accepted_at IS NOT NULL')}"
"""Of a volunteer ``v``: they are on the register and have not accepted a version of a document."""
_IS_TO_BE_ASKED = f"{_ON_THE_REGISTER} AND {_OF_THE_VERSION.format(also='')}"
_PUBLISH = insert(rule_document).on_conflict_do_nothing()
_NEWEST = text("SELECT coalesce(max(version), 0) FROM rule_document WHERE district = :district AND id = :id")
_LOCK = text("SELECT FROM rule_document WHERE district = :district AND id = :id FOR UPDATE")
_VERSIONS = text("""
    SELECT version, title, in_force_from, ended_at FROM rule_document WHERE district = :district AND id = :id
""")
_END = text("""
    UPDATE rule_document SET ended_at = :at, ended_by = :by, end_reason = :reason, ended_with = :version
    WHERE district = :district AND id = :id AND version = ANY(CAST(:ended AS int[]))
""")
_EVENTS = text("""
    SELECT count(*) + count(*) FILTER (WHERE ended_with = version) FROM rule_document
    WHERE district = :district AND id = :id
""")
_IN_FORCE_OF = text(f"SELECT version, title, required_from FROM {IN_FORCE} d WHERE d.id = :id")
_ACCEPT = text("""
    INSERT INTO rule_acceptance AS a
        (district, document_id, document_version, volunteer_id, accepted_at, channel, version)
    VALUES (:district, :document_id, :version, :volunteer_id, CAST(:at AS timestamptz), :channel, 1)
    ON CONFLICT (district, document_id, document_version, volunteer_id) DO UPDATE
    SET accepted_at = excluded.accepted_at, channel = excluded.channel, version = a.version + 1
    WHERE a.accepted_at IS NULL
    RETURNING version
""")
_ACCEPTED_AT = text("""
    SELECT accepted_at FROM rule_acceptance
    WHERE district = :district AND document_id = :document_id AND document_version = :version
      AND volunteer_id = :volunteer_id
""")
_COUNT_TO_ASK = text(f"SELECT count(*) FROM volunteer v WHERE v.district = :district AND {_IS_TO_BE_ASKED}")
_ASK_SOME = text(f"""
    INSERT INTO rule_acceptance (district, document_id, document_version, volunteer_id, asked_at, version)
    SELECT v.district, :document_id, :version, v.id, CAST(:at AS timestamptz), 1
    FROM volunteer v WHERE v.district = :district AND {_IS_TO_BE_ASKED} LIMIT :limit
    ON CONFLICT DO NOTHING
    RETURNING volunteer_id
""")


async def publish(
    tx: AsyncConnection, district: str, key: tuple[UUID, int], new: NewVersion, at: datetime, by: str
) -> bool:
    """Put a version on file; return whether nobody else has published it meanwhile. ``key``: document and version."""
    document_id, version = key
    values = {
        "district": district,
        "id": document_id,
        "version": version,
        "title": new.title,
        "text": new.text,
        "in_force_from": new.in_force_from,
        "required_from": new.required_from,
        "published_at": at,
        "published_by": by,
    }
    return (await tx.execute(_PUBLISH, values)).rowcount == 1


async def newest_version(tx: AsyncConnection, district: str, document_id: UUID) -> int:
    """Return the version of a document that was published last; 0 where there is no such document."""
    return await tx.scalar(_NEWEST, {"district": district, "id": document_id}) or 0


async def lock(tx: AsyncConnection, district: str, document_id: UUID) -> None:
    """Let nobody else publish or end a version of a document before the commit."""
    await tx.execute(_LOCK, {"district": district, "id": document_id})


async def versions_of(tx: AsyncConnection, district: str, document_id: UUID) -> Sequence[Row[Any]]:
    """Return the versions of a document: title, first day, and when each was ended."""
    return (await tx.execute(_VERSIONS, {"district": district, "id": document_id})).all()


async def end(
    tx: AsyncConnection, district: str, key: tuple[UUID, int], ended: Sequence[int], reason: str, by: str, at: datetime
) -> None:
    """Put on file that a version ends, and which end with it. ``key``: document and version."""
    document_id, version = key
    values = {"district": district, "id": document_id, "version": version, "ended": ended}
    await tx.execute(_END, values | {"reason": reason, "by": by, "at": at})


async def events_of(tx: AsyncConnection, district: str, document_id: UUID) -> int:
    """Return how many events there are of a document: one a version, and one each time some have ended."""
    found: int = (await tx.execute(_EVENTS, {"district": district, "id": document_id})).scalar_one()
    return found


async def in_force_of(tx: AsyncConnection, district: str, document_id: UUID, today: date) -> Row[Any] | None:
    """Return the version of a document that is in force, its title and the day from which it is required; or None."""
    values = {"district": district, "id": document_id, "today": today}
    return (await tx.execute(_IN_FORCE_OF, values)).one_or_none()


async def accept(
    tx: AsyncConnection, district: str, volunteer_id: UUID, key: tuple[UUID, int], channel: str, at: datetime
) -> int | None:
    """Put on file that a volunteer accepts a version; return the acceptance's version, None where they have before."""
    document_id, version = key
    values = {"district": district, "document_id": document_id, "version": version, "volunteer_id": volunteer_id}
    found: int | None = await tx.scalar(_ACCEPT, values | {"channel": channel, "at": at})
    return found


async def accepted_at(tx: AsyncConnection, district: str, volunteer_id: UUID, key: tuple[UUID, int]) -> datetime:
    """Return when a volunteer has accepted a version that they have accepted."""
    document_id, version = key
    values = {"district": district, "document_id": document_id, "version": version, "volunteer_id": volunteer_id}
    found: datetime = (await tx.execute(_ACCEPTED_AT, values)).scalar_one()
    return found


async def count_to_ask(tx: AsyncConnection, district: str, key: tuple[UUID, int]) -> int:
    """Return how many on the register have neither accepted a version nor been asked for it."""
    document_id, version = key
    return await tx.scalar(_COUNT_TO_ASK, {"district": district, "document_id": document_id, "version": version}) or 0


async def ask_some(
    tx: AsyncConnection, district: str, key: tuple[UUID, int], at: datetime, limit: int
) -> Sequence[UUID]:
    """Note of so many of these at most that they are asked; return who they are."""
    document_id, version = key
    values = {"district": district, "document_id": document_id, "version": version, "at": at, "limit": limit}
    return (await tx.execute(_ASK_SOME, values)).scalars().all()

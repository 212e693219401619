"""Material and its deliveries as they are stored.

Invariant: a person has one delivery of one material, however often it is sent; it is read once, and passed once. A
document is stored sealed, under a key of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.training.domain import Audience, Material
from services.registry.training.tables import training_delivery
from shared.contracts.evidence import media_type_of
from shared.store.statements import insert_rows

_INSERT_MATERIAL = text("""
    INSERT INTO training_material (district, id, subject, body, wrapped_key, document, document_type, quiz, pass_mark,
                                   added_by, added_at)
    VALUES (:district, :id, :subject, :body, :wrapped_key, :document, :document_type, CAST(:quiz AS jsonb),
            :pass_mark, :added_by, :added_at)
""")
_MATERIAL = text("""
    SELECT id, subject, pass_mark FROM training_material WHERE district = :district AND id = :id
""")
_DOCUMENT = text("""
    SELECT m.id, m.subject, m.wrapped_key, m.document, m.document_type FROM training_material m
    WHERE m.district = :district AND m.id = :id AND m.document IS NOT NULL
""")
_TEAM = text("SELECT id FROM team WHERE district = :district AND code = :code AND closed_on IS NULL")
_NUMBERED = text("""
    SELECT id FROM volunteer
    WHERE district = :district AND number = ANY(CAST(:numbers AS text[])) AND restricted_at IS NULL
      AND merged_into_id IS NULL
""")
_WITHOUT = """
    FROM volunteer v
    WHERE v.district = :district AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
      AND (CAST(:audience AS text) <> 'individuals' OR v.team_id IS NULL)
      AND (CAST(:audience AS text) <> 'team' OR v.team_id = CAST(:team AS uuid))
      AND (CAST(:audience AS text) <> 'persons' OR v.id = ANY(CAST(:persons AS uuid[])))
      AND NOT EXISTS (SELECT FROM training_delivery d
                      WHERE d.district = v.district AND d.material_id = :material AND d.volunteer_id = v.id)
"""
_COUNT_WITHOUT = text(f"SELECT count(*) {_WITHOUT}")
_SOME_WITHOUT = text(f"SELECT v.id {_WITHOUT} ORDER BY v.id LIMIT :most")
_DELIVER = insert_rows(
    training_delivery,
    ["id", "volunteer_id"],
    same=["district", "material_id", "delivered_at", "tries", "best", "version"],
    conflict="(district, material_id, volunteer_id) DO NOTHING",
    returning="id, volunteer_id, version",
)
_OF_EVENTS = """
    d.id, d.material_id, d.volunteer_id, d.version, d.tries, d.best, d.passed_at, m.subject, m.pass_mark, m.quiz
"""
AS_ONE = """
    LEFT JOIN LATERAL (
        SELECT min(o.read_at) AS read_at, sum(o.tries)::int AS tries, max(o.best) AS best,
               min(o.passed_at) AS passed_at
        FROM volunteer e
        JOIN training_delivery o ON o.district = e.district AND o.volunteer_id = e.id
        WHERE e.district = d.district AND e.merged_into_id = d.volunteer_id AND o.material_id = d.material_id
    ) o ON true
"""
"""Joins to a delivery ``d`` what its person has done of the same material under an entry that is merged (ADR 0060)."""
READ_AT, PASSED_AT = "least(d.read_at, o.read_at)", "least(d.passed_at, o.passed_at)"
STANDING = f"""
    {READ_AT} AS read_at, d.tries + coalesce(o.tries, 0) AS tries, greatest(d.best, o.best) AS best,
    {PASSED_AT} AS passed_at
"""
"""How far a person is with material, under all of their entries: the columns of ``d`` with ``AS_ONE``."""
_READ = text(f"""
    UPDATE training_delivery d SET read_at = :at, version = version + 1
    FROM training_material m
    WHERE d.district = :district AND d.id = :id AND d.volunteer_id = :volunteer AND d.read_at IS NULL
      AND (:has_taken OR m.document IS NULL)
      AND m.district = d.district AND m.id = d.material_id
    RETURNING {_OF_EVENTS}
""")
_LOCK = text(f"""
    SELECT d.id, d.material_id, d.volunteer_id, m.subject, m.pass_mark, m.quiz, {STANDING} FROM training_delivery d
    JOIN training_material m ON m.district = d.district AND m.id = d.material_id
    {AS_ONE}
    WHERE d.district = :district AND d.id = :id AND d.volunteer_id = :volunteer
    FOR NO KEY UPDATE OF d
""")
_TEST = text("""
    UPDATE training_delivery SET tries = tries + 1, best = greatest(best, :right), passed_at = :passed_at,
                                 version = version + 1
    WHERE district = :district AND id = :id
    RETURNING version
""")


async def insert_material(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    material_id: UUID,
    material: Material,
    added: tuple[str, datetime],
) -> None:
    """Put material on file; ``added``: by whom and when."""
    added_by, added_at = added
    wrapped_key, document = keys.seal_evidence(material_id, material.document) if material.document else (None, None)
    await tx.execute(
        _INSERT_MATERIAL,
        {
            "district": district,
            "id": material_id,
            "subject": material.subject,
            "body": material.body,
            "wrapped_key": wrapped_key,
            "document": document,
            "document_type": media_type_of(material.document) if material.document else None,
            "quiz": json.dumps([asdict(question) for question in material.quiz], ensure_ascii=False),
            "pass_mark": material.pass_mark,
            "added_by": added_by,
            "added_at": added_at,
        },
    )


async def find_material(tx: AsyncConnection, district: str, material_id: UUID) -> Row[Any] | None:
    """Return the id, the subject and the pass mark of material."""
    return (await tx.execute(_MATERIAL, {"district": district, "id": material_id})).one_or_none()


async def find_document(tx: AsyncConnection, district: str, material_id: UUID) -> Row[Any] | None:
    """Return the sealed document of material, or None where it has none."""
    return (await tx.execute(_DOCUMENT, {"district": district, "id": material_id})).one_or_none()


async def open_team(tx: AsyncConnection, district: str, code: str) -> UUID | None:
    """Return the open team of a code."""
    found: UUID | None = await tx.scalar(_TEAM, {"district": district, "code": code})
    return found


async def numbered(tx: AsyncConnection, district: str, numbers: Sequence[str]) -> list[UUID]:
    """Return the volunteers who have these numbers; a number of nobody brings none."""
    return list((await tx.scalars(_NUMBERED, {"district": district, "numbers": list(numbers)})).all())


def audience_of(material_id: UUID, audience: Audience, team: UUID | None, persons: Sequence[UUID]) -> dict[str, Any]:
    """Return whom material is for, as work carries it and statements take it."""
    return {
        "material": str(material_id),
        "audience": audience.value,
        "team": str(team) if team else None,
        "persons": [str(person) for person in persons],
    }


async def count_without(tx: AsyncConnection, district: str, wanted: Mapping[str, Any]) -> int:
    """Return how many of an audience have not got the material yet."""
    return int(await tx.scalar(_COUNT_WITHOUT, {"district": district, **_typed(wanted)}) or 0)


async def some_without(tx: AsyncConnection, district: str, wanted: Mapping[str, Any], most: int) -> Sequence[UUID]:
    """Return at most so many of an audience who have not got the material yet."""
    values = {"district": district, "most": most, **_typed(wanted)}
    return (await tx.scalars(_SOME_WITHOUT, values)).all()


def _typed(wanted: Mapping[str, Any]) -> dict[str, Any]:
    return {**wanted, "material": UUID(wanted["material"])}


async def deliver(
    tx: AsyncConnection, district: str, material_id: UUID, new: Mapping[UUID, UUID], at: datetime
) -> Sequence[Row[Any]]:
    """Put deliveries on file, ``new``: id -> volunteer; return those that were not there."""
    values = {
        "district": district,
        "material_id": material_id,
        "delivered_at": at,
        "tries": 0,
        "best": 0,
        "version": 1,
        "id": list(new),
        "volunteer_id": list(new.values()),
    }
    return (await tx.execute(_DELIVER, values)).all()


async def note_read(
    tx: AsyncConnection, district: str, delivery_id: UUID, volunteer_id: UUID, at: datetime, *, has_taken: bool
) -> Row[Any] | None:
    """Note that a volunteer has read what was delivered to them: has taken its document, or opened what has none.

    None where that is noted already, where there is a document to be taken, or it is not theirs.
    """
    values = {"district": district, "id": delivery_id, "volunteer": volunteer_id, "at": at, "has_taken": has_taken}
    return (await tx.execute(_READ, values)).one_or_none()


async def lock_delivery(tx: AsyncConnection, district: str, delivery_id: UUID, volunteer_id: UUID) -> Row[Any] | None:
    """Return a volunteer's delivery with its test and how far they are, held to the commit; None where not theirs."""
    values = {"district": district, "id": delivery_id, "volunteer": volunteer_id}
    return (await tx.execute(_LOCK, values)).one_or_none()


async def note_test(
    tx: AsyncConnection, district: str, delivery_id: UUID, right: int, passed_at: datetime | None
) -> int:
    """Note that a test was taken; return the delivery's new version."""
    values = {"district": district, "id": delivery_id, "right": right, "passed_at": passed_at}
    version: int = (await tx.execute(_TEST, values)).scalar_one()
    return version

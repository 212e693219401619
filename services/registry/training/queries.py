"""What is shown of training: to the office material, counts and receipts; to a volunteer what they have got."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing, SealedPerson
from services.registry.training.domain import Standing
from services.registry.training.repository import AS_ONE, PASSED_AT, READ_AT, STANDING
from shared.contracts.faults import Code, Fault, RefusedError

_OWN_SHOWN = 100


class Counts(BaseModel):
    """How many have got material, have read it, have taken its test, and have passed it."""

    delivered: int
    read: int
    tested: int
    passed: int


class MaterialView(Counts):
    """Material in the office's list."""

    id: UUID
    subject: str
    document_type: str | None
    questions: int
    pass_mark: int
    """So many right answers pass; 0 without a test."""
    added_at: datetime


class QuestionView(BaseModel):
    """A question as the office sees it; ``right`` is the place of the right choice, from 0."""

    question: str
    choices: list[str]
    right: int


class MaterialInFull(MaterialView):
    """Material with its text and test."""

    body: str
    quiz: list[QuestionView]


class Receipt(BaseModel):
    """How far somebody is with material; the name is masked."""

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    name_masked: str
    delivered_at: datetime
    read_at: datetime | None
    tries: int
    best: int
    """The most right answers of all tries."""
    passed_at: datetime | None


class OwnMaterial(BaseModel):
    """Material that the volunteer who asks has got."""

    id: UUID
    """Of the delivery."""
    subject: str
    document_type: str | None
    questions: int
    pass_mark: int
    delivered_at: datetime
    read_at: datetime | None
    tries: int
    best: int
    passed_at: datetime | None


class OpenQuestion(BaseModel):
    """A question as whoever takes the test sees it."""

    question: str
    choices: list[str]


class OwnMaterialInFull(OwnMaterial):
    """Material with its text and the questions of its test."""

    body: str
    quiz: list[OpenQuestion]


_COLUMNS = """
    SELECT m.id, m.subject, m.document_type, jsonb_array_length(m.quiz) AS questions, m.pass_mark, m.added_at,
           c.delivered, c.read, c.tested, c.passed
"""
_COUNTED = """
    FROM training_material m CROSS JOIN LATERAL (
        SELECT count(*) AS delivered, count(d.read_at) AS read, count(*) FILTER (WHERE d.tries > 0) AS tested,
               count(d.passed_at) AS passed
        FROM training_delivery d WHERE d.district = m.district AND d.material_id = m.id
    ) c
    WHERE m.district = :district
"""
_PAGE = text(f"""
    {_COLUMNS} {_COUNTED} AND (CAST(:before AS uuid) IS NULL OR m.id < :before) ORDER BY m.id DESC LIMIT :limit
""")
_ONE = text(f"{_COLUMNS}, m.body, m.quiz {_COUNTED} AND m.id = :id")
_RECEIPTS = text(f"""
    SELECT d.id, d.volunteer_id, v.number AS volunteer_number, v.wrapped_key, v.personal_data, d.delivered_at,
           {STANDING}
    FROM training_delivery d JOIN volunteer v ON v.district = d.district AND v.id = d.volunteer_id
    {AS_ONE}
    WHERE d.district = :district AND d.material_id = :id AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
      AND v.number > :after
      AND (CAST(:standing AS text) <> 'unread' OR {READ_AT} IS NULL)
      AND (CAST(:standing AS text) <> 'not_passed' OR {PASSED_AT} IS NULL)
      AND (CAST(:standing AS text) <> 'passed' OR {PASSED_AT} IS NOT NULL)
    ORDER BY v.number LIMIT :limit
""")
_OWN_COLUMNS = f"""
    SELECT d.id, m.subject, m.document_type, jsonb_array_length(m.quiz) AS questions, m.pass_mark, d.delivered_at,
           {STANDING}
"""
_OF_OWN = f"""
    FROM training_delivery d JOIN training_material m ON m.district = d.district AND m.id = d.material_id
    {AS_ONE}
    WHERE d.district = :district AND d.volunteer_id = :volunteer
"""
_OWN = text(f"{_OWN_COLUMNS} {_OF_OWN} ORDER BY d.id DESC LIMIT :limit")
_OWN_ONE = text(f"{_OWN_COLUMNS}, m.body, m.quiz, m.id AS material_id {_OF_OWN} AND d.id = :id")


async def find_materials(tx: AsyncConnection, district: str, before: UUID | None, limit: int) -> list[MaterialView]:
    """Return a district's material with its counts, the last added first."""
    rows = await tx.execute(_PAGE, {"district": district, "before": before, "limit": limit})
    return [MaterialView.model_validate(dict(row)) for row in rows.mappings()]


async def find_material(tx: AsyncConnection, district: str, material_id: UUID) -> MaterialInFull:
    """Return material with text, test and counts. Raises RefusedError (not_found)."""
    row = (await tx.execute(_ONE, {"district": district, "id": material_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("material_id", Code.NOT_FOUND))
    return MaterialInFull.model_validate(dict(row))


async def find_receipts(
    tx: AsyncConnection,
    keys: KeyRing,
    district: str,
    material_id: UUID,
    after: str,
    limit: int,
    *,
    standing: Standing,
) -> list[Receipt]:
    """Return who has got material and how far they are, by number, from after a number on.

    Raises RefusedError (not_found) where there is no such material.
    """
    await find_material(tx, district, material_id)
    values = {"district": district, "id": material_id, "after": after, "limit": limit, "standing": standing.value}
    return [
        Receipt.model_validate({**row._mapping, "name_masked": _masked(keys, row)})  # noqa: SLF001
        for row in await tx.execute(_RECEIPTS, values)
    ]


def _masked(keys: KeyRing, row: Any) -> str:  # noqa: ANN401 - a row of the driver's
    return keys.open_person(row.volunteer_id, SealedPerson(row.wrapped_key, row.personal_data)).masked().name


async def own_materials(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[OwnMaterial]:
    """Return what a volunteer has got, the last first."""
    rows = await tx.execute(_OWN, {"district": district, "volunteer": volunteer_id, "limit": _OWN_SHOWN})
    return [OwnMaterial.model_validate(dict(row)) for row in rows.mappings()]


async def own_material(
    tx: AsyncConnection, district: str, delivery_id: UUID, volunteer_id: UUID
) -> tuple[OwnMaterialInFull, UUID]:
    """Return what was delivered to a volunteer, with the material's id. Raises RefusedError (not_found)."""
    values = {"district": district, "volunteer": volunteer_id, "id": delivery_id}
    row = (await tx.execute(_OWN_ONE, values)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("delivery_id", Code.NOT_FOUND))
    return OwnMaterialInFull.model_validate(dict(row)), row["material_id"]

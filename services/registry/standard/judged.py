"""Judgements and evidence on file.

Invariant: a judgement is never changed, the last one counts. Of evidence the content goes with its key, and nothing
else.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard.tables import evidence, judgement
from shared.store.statements import insert_rows

_INSERT_JUDGEMENT = insert_rows(
    judgement,
    ["id", "station_id", "template", "criterion", "holds", "expires_on", "note", "made_by", "made_at"],
    same=["district"],
)
_INSERT_EVIDENCE = insert_rows(
    evidence,
    [
        *("id", "station_id", "template", "criterion", "title", "media_type", "size"),
        *("wrapped_key", "sealed", "added_by", "added_at"),
    ],
    same=["district"],
)
_COUNT_EVIDENCE = text("""
    SELECT count(*) FROM evidence
    WHERE district = :district AND station_id = :station_id AND template = :template AND criterion = :criterion
      AND removed_at IS NULL
""")
_EVIDENCE = text("""
    SELECT id, station_id, title, media_type, wrapped_key, sealed, added_by FROM evidence
    WHERE district = :district AND id = :id AND removed_at IS NULL
""")
_REMOVE_EVIDENCE = text("""
    UPDATE evidence SET removed_at = :at, wrapped_key = NULL, sealed = NULL
    WHERE district = :district AND id = :id AND removed_at IS NULL
""")


async def insert_judgement(tx: AsyncConnection, district: str, row: Mapping[str, Any]) -> None:
    """Put a judgement on file; those of before stay."""
    await tx.execute(_INSERT_JUDGEMENT, {"district": district, **{name: [value] for name, value in row.items()}})


async def insert_evidence(tx: AsyncConnection, district: str, row: Mapping[str, Any]) -> None:
    """Put a sealed file on file."""
    await tx.execute(_INSERT_EVIDENCE, {"district": district, **{name: [value] for name, value in row.items()}})


async def count_evidence(tx: AsyncConnection, district: str, station_id: UUID, template: str, criterion: str) -> int:
    """Return how many files there are of a criterion."""
    key = {"district": district, "station_id": station_id, "template": template, "criterion": criterion}
    return await tx.scalar(_COUNT_EVIDENCE, key) or 0


async def find_evidence(tx: AsyncConnection, district: str, evidence_id: UUID) -> Row[Any] | None:
    """Return a file as it is sealed, or None where there is none or it was removed."""
    return (await tx.execute(_EVIDENCE, {"district": district, "id": evidence_id})).one_or_none()


async def remove_evidence(tx: AsyncConnection, district: str, evidence_id: UUID, at: datetime) -> None:
    """Destroy a file's content and its key; that there was one stays."""
    await tx.execute(_REMOVE_EVIDENCE, {"district": district, "id": evidence_id, "at": at})

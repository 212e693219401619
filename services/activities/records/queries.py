"""What is shown of service records. Invariant: reads change nothing; a page is ordered by a key that does not move."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import ENTRIES_OF
from shared.contracts import Provenance


class RecordView(BaseModel):
    """A service record; an imported one is of no sign-up. ``rating`` is the recipient's.

    ``minutes`` 0 means that it was voided; ``version`` is what a correction must name.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "record_no": "LB-510115-20260301-000012",
                    "volunteer_id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                    "station_id": "019c2f6e-2222-7c3e-9a51-0d4c8b1f2a77",
                    "sign_up_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                    "activity": "文化活动",
                    "service": "culture",
                    "started_at": "2026-03-01T01:00:00Z",
                    "ended_at": "2026-03-01T03:00:00Z",
                    "minutes": 120,
                    "rating": None,
                    "organiser_rating": 5,
                    "provenance": "self_check_in",
                    "version": 1,
                }
            ]
        }
    )

    id: UUID
    record_no: str
    volunteer_id: UUID
    station_id: UUID
    sign_up_id: UUID | None
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None
    organiser_rating: int | None
    provenance: Provenance
    version: int


_RECORD = """
    SELECT id, record_no, volunteer_id, station_id, sign_up_id, activity, service, started_at, ended_at, minutes,
           rating, organiser_rating, provenance, version
    FROM service_record WHERE district = :district
"""
_RECORDS = text(f"""{_RECORD}
      AND volunteer_id = {ENTRIES_OF}
      AND (CAST(:started_at AS timestamptz) IS NULL OR (started_at, id) < (:started_at, CAST(:id AS uuid)))
    ORDER BY started_at DESC, id DESC LIMIT :limit
""")
_ONE_RECORD = text(f"{_RECORD} AND id = :id")


async def records_of_volunteer(
    tx: AsyncConnection, district: str, volunteer_id: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[RecordView]:
    """Return a volunteer's service records, latest first, from after a start and id on."""
    started_at, record_id = after or (None, None)
    values = {"district": district, "volunteer_id": volunteer_id, "started_at": started_at, "id": record_id}
    return [RecordView(**row) for row in (await tx.execute(_RECORDS, {**values, "limit": limit})).mappings()]


async def find_record(tx: AsyncConnection, district: str, record_id: UUID) -> RecordView | None:
    """Return a service record, or None."""
    row = (await tx.execute(_ONE_RECORD, {"district": district, "id": record_id})).mappings().one_or_none()
    return RecordView(**row) if row else None

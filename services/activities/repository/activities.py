"""Activities and their shifts, as written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.activity import ActivityDraft
from shared.contracts.activity import PublishedShift


@dataclass(frozen=True, slots=True)
class Publication:
    """An activity as it goes on file, under its first version."""

    district: str
    id: UUID
    station_id: UUID
    draft: ActivityDraft
    published_by: str
    published_at: datetime


_INSERT_ACTIVITY = text("""
    INSERT INTO activity (district, id, title, service, station_id, place, person_in_charge, risk_text, description,
                          published_by, published_at, version)
    VALUES (:district, :id, :title, :service, :station_id, :place, :person_in_charge, :risk_text, :description,
            :published_by, :published_at, 1)
""")
_INSERT_SHIFTS = text("""
    INSERT INTO shift (district, id, activity_id, starts_at, ends_at, capacity)
    SELECT :district, s.id, :activity_id, s.starts_at, s.ends_at, s.capacity
    FROM unnest(CAST(:id AS uuid[]), CAST(:starts_at AS timestamptz[]), CAST(:ends_at AS timestamptz[]),
                CAST(:capacity AS int[])) AS s(id, starts_at, ends_at, capacity)
""")


async def insert_activity(tx: AsyncConnection, publication: Publication, shifts: Sequence[PublishedShift]) -> None:
    """Put an activity and its shifts on file."""
    draft = publication.draft
    await tx.execute(
        _INSERT_ACTIVITY,
        {
            "district": publication.district,
            "id": publication.id,
            "title": draft.title,
            "service": draft.service,
            "station_id": publication.station_id,
            "place": draft.place,
            "person_in_charge": draft.person_in_charge,
            "risk_text": draft.risk_text,
            "description": draft.description,
            "published_by": publication.published_by,
            "published_at": publication.published_at,
        },
    )
    await tx.execute(
        _INSERT_SHIFTS,
        {
            "district": publication.district,
            "activity_id": publication.id,
            "id": [shift.shift_id for shift in shifts],
            "starts_at": [shift.starts_at for shift in shifts],
            "ends_at": [shift.ends_at for shift in shifts],
            "capacity": [shift.capacity for shift in shifts],
        },
    )

"""Activities and their shifts, as written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import ActivityDraft
from services.activities.publishing.tables import activity, shift
from shared.contracts.activity import PublishedShift
from shared.store.statements import insert_rows


@dataclass(frozen=True, slots=True)
class Publication:
    """An activity as it goes on file, under its first version."""

    district: str
    id: UUID
    station_id: UUID
    draft: ActivityDraft
    published_by: str
    published_at: datetime
    organiser_id: UUID | None = None
    """Who publishes it, where that is a volunteer."""


_INSERT_ACTIVITY = insert(activity)
_INSERT_SHIFTS = insert_rows(shift, ["id", "starts_at", "ends_at", "capacity"], same=["district", "activity_id"])


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
            "version": 1,
            "organiser_id": publication.organiser_id,
        },
    )
    await tx.execute(
        _INSERT_SHIFTS,
        {
            "district": publication.district,
            "activity_id": publication.id,
            "id": [each.shift_id for each in shifts],
            "starts_at": [each.starts_at for each in shifts],
            "ends_at": [each.ends_at for each in shifts],
            "capacity": [each.capacity for each in shifts],
        },
    )

"""Activities and their shifts, as written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, text
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
    organiser_id: UUID | None
    """Who publishes it, where that is a volunteer."""
    rules_version: int
    """Of its district's rule sets the one that it keeps."""


_INSERT_ACTIVITY = insert(activity)
_INSERT_SHIFTS = insert_rows(shift, ["id", "starts_at", "ends_at", "capacity"], same=["district", "activity_id"])


_LOCK_ACTIVITY = text("""
    SELECT id, station_id, title, service, place, person_in_charge, risk_text, description, published_by, organiser_id,
           cancelled_at, version, needs, dangerous
    FROM activity WHERE district = :district AND id = :id FOR NO KEY UPDATE
""")
_CHANGE_TEXT = text("""
    UPDATE activity SET title = :title, service = :service, place = :place, person_in_charge = :person_in_charge,
                        risk_text = :risk_text, description = :description, version = :version
    WHERE district = :district AND id = :id
""")
_SET_VERSION = text("UPDATE activity SET version = :version WHERE district = :district AND id = :id")
_CANCEL = text("""
    UPDATE activity SET cancelled_at = :at, cancelled_reason = :reason WHERE district = :district AND id = :id
""")


@dataclass(frozen=True, slots=True)
class Activity:
    """An activity as it stands, without its shifts."""

    id: UUID
    station_id: UUID
    draft: ActivityDraft
    published_by: str
    organiser_id: UUID | None
    is_cancelled: bool
    version: int


async def lock_activity(tx: AsyncConnection, district: str, activity_id: UUID) -> Activity | None:
    """Return an activity, locked against other editors until the transaction ends, or None.

    It is locked before its shifts.
    """
    row = (await tx.execute(_LOCK_ACTIVITY, {"district": district, "id": activity_id})).one_or_none()
    if row is None:
        return None
    draft = ActivityDraft(
        row.title,
        row.service,
        row.place,
        row.person_in_charge,
        row.risk_text,
        row.description,
        shifts=(),
        needs=tuple(row.needs),
        dangerous=row.dangerous,
    )
    is_cancelled = row.cancelled_at is not None
    return Activity(row.id, row.station_id, draft, row.published_by, row.organiser_id, is_cancelled, row.version)


async def change_text(
    tx: AsyncConnection, district: str, activity_id: UUID, draft: ActivityDraft, version: int
) -> None:
    """Put the text of a locked activity on file, under a new version."""
    values = {
        "title": draft.title,
        "service": draft.service,
        "place": draft.place,
        "person_in_charge": draft.person_in_charge,
        "risk_text": draft.risk_text,
        "description": draft.description,
    }
    await tx.execute(_CHANGE_TEXT, {**values, "district": district, "id": activity_id, "version": version})


async def set_version(tx: AsyncConnection, district: str, activity_id: UUID, version: int) -> None:
    """Let a locked activity have a new version: something of its shifts has changed."""
    await tx.execute(_SET_VERSION, {"district": district, "id": activity_id, "version": version})


async def cancel(tx: AsyncConnection, district: str, activity_id: UUID, at: datetime, reason: str) -> None:
    """Note that a locked activity does not take place."""
    await tx.execute(_CANCEL, {"district": district, "id": activity_id, "at": at, "reason": reason})


async def insert_shifts(
    tx: AsyncConnection, district: str, activity_id: UUID, shifts: Sequence[PublishedShift]
) -> None:
    """Put shifts of an activity on file."""
    await tx.execute(
        _INSERT_SHIFTS,
        {
            "district": district,
            "activity_id": activity_id,
            "id": [each.shift_id for each in shifts],
            "starts_at": [each.starts_at for each in shifts],
            "ends_at": [each.ends_at for each in shifts],
            "capacity": [each.capacity for each in shifts],
        },
    )


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
            "rules_version": publication.rules_version,
            "needs": list(draft.needs),
            "dangerous": draft.dangerous,
        },
    )
    await insert_shifts(tx, publication.district, publication.id, shifts)

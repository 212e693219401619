"""What is shown of staff: names masked."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.places import repository as places
from services.registry.places.tables import station
from services.registry.station_staff import repository
from services.registry.station_staff.domain import masked
from shared.contracts.faults import Code, Fault, RefusedError


class StaffView(BaseModel):
    """Somebody who works at a station, or did until a day."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "name": "李**",
                    "employment": "full_time",
                    "source": "western_plan",
                    "since": "2026-03-01",
                    "until": None,
                }
            ]
        }
    )

    id: UUID
    name: str
    employment: str
    source: str
    since: date
    until: date | None


async def staff_of(
    tx: AsyncConnection, keys: KeyRing, district: str, station_id: UUID, after: tuple[bool, UUID], limit: int
) -> list[StaffView]:
    """Return who works at a station, those who do first, from after a position on."""
    rows = await repository.of_station(tx, district, station_id, after, limit)
    return [
        StaffView(
            id=row.id,
            name=masked(keys.open_staff_name(row.id, row.sealed_name)),
            employment=row.employment,
            source=row.source,
            since=row.since,
            until=row.until,
        )
        for row in rows
    ]


async def require_station(tx: AsyncConnection, district: str, station_id: UUID) -> None:
    """Raise RefusedError (not_found) where there is no such station."""
    if not await places.exists(tx, station, district, station_id):
        raise RefusedError(Fault("station_id", Code.NOT_FOUND))

"""Service at stations, as activities tells of it: what three criteria of the standard are computed from.

Invariant: of each record the last version counts, with the station, volunteer and day that it was logged with; a
record of 0 minutes is void and stays. Events of one record come in order: they are of one key.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard.tables import station_service
from shared.contracts import ServiceCorrected, ServiceLogged
from shared.contracts.calendar import district_day
from shared.contracts.received import Received
from shared.store.projection import Groups, ProjectedTable, Projection
from shared.store.statements import insert_rows, unnest

Stations = set[tuple[str, UUID]]
"""District and station."""

_LOGGED = insert_rows(station_service, station_service.c.keys(), conflict="DO NOTHING")
_CORRECTED = text(f"""
    UPDATE station_service kept SET minutes = told.minutes, version = told.version
    FROM (SELECT DISTINCT ON (district, record_id) *
          FROM {unnest(station_service, ("district", "record_id", "minutes", "version"))}
          ORDER BY district, record_id, version DESC) told
    WHERE kept.district = told.district AND kept.record_id = told.record_id AND kept.version < told.version
    RETURNING kept.district, kept.station_id
""")


async def enter_service(
    tx: AsyncConnection, events: Sequence[Received[ServiceLogged] | Received[ServiceCorrected]]
) -> Stations:
    """Enter records and their corrections; return the stations that they are of."""
    logged = [event for event in events if isinstance(event.data, ServiceLogged)]
    corrected = [event for event in events if isinstance(event.data, ServiceCorrected)]
    touched = {(event.attributes.district, event.data.station_id) for event in logged}
    if logged:
        await tx.execute(
            _LOGGED,
            {
                **_told(logged),
                "station_id": [event.data.station_id for event in logged],
                "volunteer_id": [event.data.volunteer_id for event in logged],
                "service": [event.data.service for event in logged],
                "served_on": [district_day(event.data.started_at) for event in logged],
            },
        )
    if corrected:
        touched |= {(row.district, row.station_id) for row in await tx.execute(_CORRECTED, _told(corrected))}
    return touched


def _told(events: Sequence[Received[Any]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event in events],
        "record_id": [event.data.record_id for event in events],
        "minutes": [event.data.minutes for event in events],
        "version": [event.attributes.sequence for event in events],
    }


SERVICE = Projection(
    "station_service",
    (ProjectedTable("station_service"),),
    enter_service,
    groups=Groups({"station_service": "record_id"}),
)

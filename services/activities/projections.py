"""What registry has told of volunteers and stations, as this service needs it.

Invariant: the last version wins, in whatever order and however often events arrive; no clock, no network.
"""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import StationOpened, VolunteerProfileChanged, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection

_VOLUNTEERS = text("""
    INSERT INTO known_volunteer AS known (district, id, number, version)
    SELECT DISTINCT ON (district, id) district, id, number, version
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:number AS text[]), CAST(:version AS int[]))
         AS told(district, id, number, version)
    ORDER BY district, id, version DESC
    ON CONFLICT (district, id) DO UPDATE SET number = excluded.number, version = excluded.version
    WHERE known.version < excluded.version
""")
_STATIONS = text("""
    INSERT INTO known_station AS known (district, id, code, name, version)
    SELECT DISTINCT ON (district, id) district, id, code, name, version
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:code AS text[]), CAST(:name AS text[]),
                CAST(:version AS int[]))
         AS told(district, id, code, name, version)
    ORDER BY district, id, version DESC
    ON CONFLICT (district, id) DO UPDATE SET code = excluded.code, name = excluded.name, version = excluded.version
    WHERE known.version < excluded.version
""")


async def note_volunteers(
    tx: AsyncConnection, events: Sequence[Received[VolunteerRegistered | VolunteerProfileChanged]]
) -> None:
    """Keep the volunteers' numbers."""
    await tx.execute(
        _VOLUNTEERS,
        {
            "district": [event.attributes.district for event in events],
            "id": [event.data.volunteer_id for event in events],
            "number": [event.data.volunteer_no for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


async def note_stations(tx: AsyncConnection, events: Sequence[Received[StationOpened]]) -> None:
    """Keep the stations' codes and names."""
    await tx.execute(
        _STATIONS,
        {
            "district": [event.attributes.district for event in events],
            "id": [event.data.station_id for event in events],
            "code": [event.data.code for event in events],
            "name": [event.data.name for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


VOLUNTEERS = Projection("volunteers", (ProjectedTable("known_volunteer"),), note_volunteers)
STATIONS = Projection("stations", (ProjectedTable("known_station"),), note_stations)

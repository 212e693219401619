"""What registry has told of volunteers and stations, as this service needs it.

Invariant: the last version wins, in whatever order and however often events arrive; no clock, no network.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.tables import known_station, known_volunteer
from shared.contracts import StationOpened, VolunteerProfileChanged, VolunteerRegistered
from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection
from shared.store.statements import keep_latest

_VOLUNTEERS = keep_latest(known_volunteer, ["number"])
_STATIONS = keep_latest(known_station, ["code", "name"])


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

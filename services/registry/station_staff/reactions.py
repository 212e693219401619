"""These are registry's own events, which its table is held against."""

from services.registry.station_staff.projections import STATION_STAFF
from shared.contracts import StationStaffBegan, StationStaffEnded
from shared.messaging.reactions import Reaction

REACTIONS = (
    Reaction(StationStaffBegan, projects=STATION_STAFF),
    Reaction(StationStaffEnded, projects=STATION_STAFF),
)

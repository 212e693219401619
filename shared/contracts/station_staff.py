"""Events of the staff of a station. They work there, and are no volunteers; no event carries a name."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class StationStaff(Event):
    """What the events of somebody's work at a station have in common (key: that work)."""

    topic: ClassVar[str] = "registry.station-staff"

    staff_id: UUID
    station_id: UUID
    employment: str
    """``full_time`` or ``part_time``."""
    source: str
    """What the post comes from, as the district counts them."""
    since: date
    until: date | None = None
    """The last day, in the district's zone."""


class StationStaffBegan(StationStaff):
    """Somebody works at a station."""


class StationStaffEnded(StationStaff):
    """Somebody works there no more."""

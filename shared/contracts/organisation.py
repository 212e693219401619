"""Events of an organisation, a station and a team: public reference data, names included."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class OrganisationRegistered(Event):
    """An association of volunteers is on the district's register, or its entry has changed."""

    topic: ClassVar[str] = "registry.organisation"

    organisation_id: UUID
    code: str
    name: str
    kind: str


class StationOpened(Event):
    """A service station (or the district centre) is on the register, or its entry has changed."""

    topic: ClassVar[str] = "registry.station"

    station_id: UUID
    code: str
    name: str
    level: str
    division_code: str
    opened_on: date | None = None
    volunteer_quota: int = 0


class TeamFormed(Event):
    """A service team is on the register, or its entry has changed."""

    topic: ClassVar[str] = "registry.team"

    team_id: UUID
    code: str
    name: str
    kind: str
    organisation_id: UUID | None = None
    station_id: UUID | None = None
    focus_service: str | None = None

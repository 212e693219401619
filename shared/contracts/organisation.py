"""Events of a guiding body, an organisation, a station and a team: public reference data, names included.

Invariant: what tells of an entry carries all of it, so that its last event is enough to know it.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class GuidingBody(Event):
    """What the events that tell of a guiding body's entry say."""

    topic: ClassVar[str] = "registry.guiding-body"

    guiding_body_id: UUID
    code: str
    name: str


class GuidingBodyRegistered(GuidingBody):
    """A body that guides organisations is on the register: a League committee of the district or a university."""


class GuidingBodyChanged(GuidingBody):
    """A guiding body's entry has changed."""


class Organisation(Event):
    """What the events that tell of an organisation's entry say."""

    topic: ClassVar[str] = "registry.organisation"

    organisation_id: UUID
    code: str
    name: str
    kind: str
    closed_on: date | None = None
    """The day from which on it is closed, in the district's zone."""
    host_unit: str | None = None
    """The unit that it has its seat at."""
    parent_code: str | None = None
    """The organisation that it is a member of."""
    guiding_body_id: UUID | None = None


class OrganisationRegistered(Organisation):
    """An association of volunteers is on the district's register."""


class OrganisationChanged(Organisation):
    """An organisation's entry has changed."""


class OrganisationClosed(Organisation):
    """An organisation has come to its end; its entry stays."""


class Station(Event):
    """What the events that tell of a station's entry say."""

    topic: ClassVar[str] = "registry.station"

    station_id: UUID
    code: str
    name: str
    level: str
    division_code: str
    opened_on: date | None = None
    volunteer_quota: int = 0
    closed_on: date | None = None
    """The day from which on it is closed, in the district's zone."""
    operators: tuple[str, ...] = ()
    """The units that run it jointly, by name; none where one alone does."""


class StationRegistered(Station):
    """A service station (or the district centre) is on the register."""


class StationChanged(Station):
    """A station's entry has changed."""


class StationClosed(Station):
    """A station is closed: nothing new happens there. Its entry, and what happened there, stay."""


class Team(Event):
    """What the events that tell of a team's entry say."""

    topic: ClassVar[str] = "registry.team"

    team_id: UUID
    code: str
    name: str
    kind: str
    organisation_id: UUID | None = None
    station_id: UUID | None = None
    focus_service: str | None = None
    closed_on: date | None = None
    """The day from which on it is closed, in the district's zone."""
    is_head: bool | None = None
    """Whether it is its organisation's head team; where nothing is said, a team of kind ``university`` is."""
    merged_into_id: UUID | None = None
    """The team that its members are of since it was closed."""


class TeamRegistered(Team):
    """A service team is on the register."""


class TeamChanged(Team):
    """A team's entry has changed."""


class TeamClosed(Team):
    """A team is dissolved; its entry stays."""

"""Events of an allocation of volunteers to stations, and of each place that is proposed to somebody.

A place is proposed, never ordered (State Council Decree 685, art. 25). They carry ids and public words, no reason and
nothing else about a person.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Allocation(Event):
    """What the events of an allocation have in common (key: the allocation)."""

    topic: ClassVar[str] = "registry.allocation"

    allocation_id: UUID
    previous_id: UUID | None = None
    """The one that is run again after answers to it have come."""
    answer_by: datetime
    """Until when a proposed place can be accepted."""


class AllocationProposed(Allocation):
    """A plan is there to be looked at; nobody has been told of a place."""

    people: int
    """How many of the district's students it is about."""
    places: int
    """How many of them it gives a place."""
    digest: str
    """SHA-256 over what it was made of."""


class AllocationApproved(Allocation):
    """The district has approved a plan: from now on each person is told and asked."""


class Placement(Event):
    """What the events of a place that is proposed to a volunteer have in common (key: the placement)."""

    topic: ClassVar[str] = "registry.placement"

    placement_id: UUID
    allocation_id: UUID
    volunteer_id: UUID
    station_id: UUID
    station_name: str
    service: str
    """The kind of service, empty where the volunteer chooses it."""
    answer_by: datetime


class PlacementProposed(Placement):
    """A volunteer is asked to serve at a station."""

    replaces_id: UUID | None = None
    """The placement that was proposed before and not answered, which this one takes the place of."""


class PlacementAccepted(Placement):
    """The volunteer has accepted."""


class PlacementDeclined(Placement):
    """The volunteer has declined; this station is not proposed to them again."""


class PlacementExpired(Placement):
    """The volunteer has not answered in time; the place is free again."""

"""Events of a request to form a team, and of what was answered. Why a team is wanted is in none of them."""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class TeamFormation(Event):
    """What the events of a request have in common (key: the request)."""

    topic: ClassVar[str] = "registry.team-formation"

    formation_id: UUID
    name: str
    """What the team is to be called."""
    kind: str
    organisation_id: UUID | None = None
    station_id: UUID | None = None
    asked_by_volunteer_id: UUID | None = None
    """Who has asked, where that is a volunteer."""


class TeamFormationAsked(TeamFormation):
    """Somebody asks for a team."""


class TeamFormationApproved(TeamFormation):
    """The team is formed."""

    team_id: UUID


class TeamFormationRefused(TeamFormation):
    """The team is not formed."""

    reason: str
    """Said to whoever has asked."""

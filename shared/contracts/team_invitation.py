"""Events of an invitation: somebody who serves as an individual is asked to join a team (domain.md rows 31 and 32).

Invariant: they carry ids, the team's name and a date. Why the team was suggested, and what the office noted of a talk
with the person, stays in registry.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class TeamInvitation(Event):
    """What the events of an invitation have in common (key: the invitation)."""

    topic: ClassVar[str] = "registry.team-invitation"

    invitation_id: UUID
    volunteer_id: UUID
    team_id: UUID
    team_name: str
    answer_by: datetime
    """Until when the volunteer can accept."""


class TeamInvitationSent(TeamInvitation):
    """The office asks a volunteer without a team to join one; they accept or decline."""


class TeamInvitationAccepted(TeamInvitation):
    """The volunteer has accepted, and is a member of the team from now on."""


class TeamInvitationDeclined(TeamInvitation):
    """The volunteer has declined; this team is not suggested to them again."""


class TeamInvitationExpired(TeamInvitation):
    """The volunteer has not answered in time."""


class TeamInvitationWithdrawn(TeamInvitation):
    """Nobody can accept it any more: the volunteer has joined another team, or has ended their registration."""

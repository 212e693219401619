"""Events of a long pairing (结对) of a volunteer or a team with a household that is looked after.

They name the station, and no household: who is visited, and why, is nobody's outside registry (ADR 0056).
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Pairing(Event):
    """What the events of a pairing have in common (key: the pairing)."""

    topic: ClassVar[str] = "registry.pairing"

    pairing_id: UUID
    station_id: UUID
    station_name: str
    volunteer_id: UUID | None = None
    """None where it is a team's."""
    team_id: UUID | None = None
    team_name: str | None = None
    recipient_ids: tuple[UUID, ...] = ()
    """Who is told of a team's: as whom its leaders serve."""
    rhythm: str
    """How often one visits: ``weekly``, ``fortnightly``, ``monthly``."""
    starts_on: date


class PairingBegun(Pairing):
    """A volunteer or a team visits a household of a station from a day on."""

    ends_on: date | None = None
    """Until when it is agreed; None where no day is."""


class PairingEnded(Pairing):
    """Nobody is visited any more after a day."""

    ended_on: date

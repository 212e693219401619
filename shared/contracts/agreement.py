"""Events of an agreement between a university and a station: units, days and a number, nobody's name.

What it is for, and why it was ended, are free text and stay in registry.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Agreement(Event):
    """What the events of an agreement have in common (key: the agreement)."""

    topic: ClassVar[str] = "registry.agreement"

    agreement_id: UUID
    organisation_id: UUID
    """The university's organisation."""
    organisation_name: str
    station_id: UUID
    station_name: str
    starts_on: date
    ends_on: date
    """The last day that it was signed for, in the district's zone."""
    students: int


class AgreementSigned(Agreement):
    """An agreement is on file."""


class AgreementExpiring(Agreement):
    """It holds for 30 days more, or less where it was entered later than that, and no later one is on file."""

    recipient_ids: tuple[UUID, ...] = ()
    """The volunteers who are told: as whom both units' managers and the district's centre have accounts."""


class AgreementEnded(Agreement):
    """It was ended before its last day."""

    ended_on: date

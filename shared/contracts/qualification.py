"""Events of a volunteer's qualification: a paper that says what somebody may or can do (domain.md row 16).

Invariant: they carry ids, the kind and dates. Who issued it, its number and its picture stay in registry, sealed.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Qualification(Event):
    """What the events of a qualification have in common (key: the qualification)."""

    topic: ClassVar[str] = "registry.qualification"
    holds: ClassVar[bool] = False
    """Whether it can be relied on from now on, until the day it expires."""

    qualification_id: UUID
    volunteer_id: UUID
    kind: str
    """A code of ``QUALIFICATIONS``."""
    issued_on: date
    expires_on: date | None = None
    """The last day on which it holds, in the district's zone; None for one without an end."""


class QualificationSubmitted(Qualification):
    """A volunteer says that they have it; the district's office has not looked at it yet."""


class QualificationVerified(Qualification):
    """The office has looked at it, and it holds."""

    holds: ClassVar[bool] = True


class QualificationRefused(Qualification):
    """The office has looked at it, and it does not hold; why, the volunteer reads in registry."""


class QualificationExpiring(Qualification):
    """It holds for 30 days more, or less where it was verified later than that, and no newer one is on file."""

    holds: ClassVar[bool] = True


class QualificationExpired(Qualification):
    """Its last day is over."""

    is_renewed: bool = False
    """A newer one of the kind is on file and holds."""


class QualificationRevoked(Qualification):
    """The office has found that it holds no more, before its last day; why, the volunteer reads in registry."""


class QualificationMoved(Qualification):
    """It holds as before, and is another entry's now: two entries of one person were merged, or are two again."""

    holds: ClassVar[bool] = True

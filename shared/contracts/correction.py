"""Events of a correction that somebody has asked for of what is on file of them. They name the field, never a value."""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Correction(Event):
    """What the events of a correction have in common (key: the correction)."""

    topic: ClassVar[str] = "registry.correction"

    correction_id: UUID
    volunteer_id: UUID
    field: str
    """Which of the fields of a registration, e.g. ``name``."""


class CorrectionRequested(Correction):
    """A volunteer says that something on file of them is wrong (PIPL art. 46)."""

    due_on: date
    """The last day for the answer."""


class CorrectionAnswered(Correction):
    """The office has decided; why it did is for the volunteer to read, and in no event."""

    accepted: bool

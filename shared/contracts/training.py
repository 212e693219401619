"""Events of training material that is delivered to a volunteer: sent, read, tested (domain.md row 32).

Invariant: they carry ids, what the material is about, and whether a test was passed. Answers and scores stay in
registry.
"""

from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Training(Event):
    """What the events of a delivery have in common (key: the delivery)."""

    topic: ClassVar[str] = "registry.training"

    delivery_id: UUID
    material_id: UUID
    volunteer_id: UUID
    subject: str
    """What the material is about."""


class TrainingDelivered(Training):
    """A volunteer has got material to learn from."""

    has_quiz: bool
    """Whether there is a test at its end."""


class TrainingRead(Training):
    """The volunteer has opened it, or taken its document."""


class TrainingTested(Training):
    """The volunteer has taken its test."""

    passed: bool

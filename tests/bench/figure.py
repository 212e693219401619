"""What a row has measured."""

from dataclasses import dataclass
from typing import Literal

Unit = Literal["s", "ms", "%", "events/s", "requests/s"]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: ``value`` and ``target`` and the ``limit`` beside it are in ``unit``; ``work`` says what both are."""

    work: str
    value: float
    unit: Unit
    limit: float
    target: float

    @property
    def rate(self) -> bool:
        """Whether more is better."""
        return self.unit.endswith("/s")

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        return self.value >= self.target if self.rate else self.value <= self.target

    @property
    def ratio(self) -> float:
        """How many times the limit the value is."""
        return self.value / self.limit

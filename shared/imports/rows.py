"""A line of an imported file, and the verdict on it."""

from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.faults import Fault


class Outcome(StrEnum):
    """What became of a line."""

    ACCEPTED = "accepted"
    NORMALISED = "normalised"
    UNCHANGED = "unchanged"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class Row:
    """One line under its header. ``line`` counts from 1, the header's. ``fault`` says that the columns do not fit."""

    line: int
    values: dict[str, str]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one line; ``field`` and ``code`` say why it was rejected."""

    line: int
    outcome: Outcome
    field: str = ""
    code: str = ""

    @classmethod
    def rejected(cls, line: int, fault: Fault) -> "Verdict":
        """Return the verdict that refuses a line for one fault."""
        return cls(line, Outcome.REJECTED, fault.field, fault.code)

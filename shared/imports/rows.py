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
    """One line under its header. ``line`` is the number that its program shows it under, from 1.

    ``fault`` says that the line is not understood; then it has no values. ``normalised`` says that a mark was taken off
    a value (``="007"``, ``'007``).
    """

    line: int
    values: dict[str, str]
    fault: Fault | None = None
    normalised: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on one line; ``field`` and ``code`` say why it was rejected.

    Of a line that is taken in, ``changed`` says that something of it was on file before, and differently; a trial also
    names the fields (``changed_fields``), never their values.
    """

    line: int
    outcome: Outcome
    field: str = ""
    code: str = ""
    changed: bool = False
    changed_fields: tuple[str, ...] = ()

    @classmethod
    def rejected(cls, line: int, fault: Fault) -> "Verdict":
        """Return the verdict that refuses a line for one fault."""
        return cls(line, Outcome.REJECTED, fault.field, fault.code)

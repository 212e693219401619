"""What a rule document must say, and which of its versions holds on a day.

Invariant: a version that is published is never changed; what is published last takes the place of the one before from
its own day on, unless it was ended. From ``required_from`` on nobody signs up who has accepted neither it nor a later
one.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from shared.contracts import text
from shared.contracts.faults import Code, Fault

LONGEST_TITLE = 50
LONGEST_TEXT = 20_000
FURTHEST = timedelta(days=2 * 366)
"""So far ahead a day may be named; further it is a slip of the pen."""
_LINE_BREAKS = str.maketrans({"\n": " ", "\t": " "})


class AcceptanceChannel(StrEnum):
    """Where somebody has accepted a document."""

    LOG_IN = "log_in"
    """They were led to it when they logged in."""
    OWN_PAGE = "own_page"


@dataclass(frozen=True, slots=True)
class NewVersion:
    """What is to be published; the days are of the district's zone."""

    title: str
    text: str
    in_force_from: date
    required_from: date


def version_faults(new: NewVersion, today: date) -> Iterator[Fault]:
    """Yield everything that is wrong with what is to be published on a day."""
    if code := _text_fault(new.title, LONGEST_TITLE):
        yield Fault("title", code)
    if code := _text_fault(new.text.translate(_LINE_BREAKS), LONGEST_TEXT):
        yield Fault("text", code)
    if new.in_force_from < today:
        yield Fault("in_force_from", Code.IN_PAST)
    elif new.in_force_from > today + FURTHEST:
        yield Fault("in_force_from", Code.OUT_OF_RANGE)
    if new.required_from < new.in_force_from:
        yield Fault("required_from", Code.BEFORE_IN_FORCE)
    elif new.required_from > new.in_force_from + FURTHEST:
        yield Fault("required_from", Code.OUT_OF_RANGE)


def ended_together(version: int, *, is_in_force: bool, standing: Collection[int]) -> list[int]:
    """Return which versions end with one: where it is in force the earlier ones too, so none of these comes back.

    ``standing``: the versions of the document that have not ended.
    """
    return sorted(one for one in standing if one == version or (is_in_force and one < version))


def _text_fault(value: str, longest: int) -> Code | None:
    if not value.strip():
        return Code.MISSING
    if len(value) > longest:
        return Code.TOO_LONG
    if text.has_control_character(value):
        return Code.CONTROL_CHARACTER
    return Code.GARBLED if text.is_garbled(value) else None


def acceptance_id(volunteer_id: UUID, document_id: UUID, version: int) -> UUID:
    """Return the id of a volunteer and one version of a document: the aggregate that its events are of."""
    return uuid5(volunteer_id, f"rule:{document_id}:{version}")

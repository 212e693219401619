"""A contact with somebody as the office writes it down, and what must be in it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from services.registry.individuals.domain.states import Outcome, Way
from shared.contracts import text
from shared.contracts.faults import Code, Fault

NOTE_LENGTH = 200
EARLIEST = timedelta(days=366)
"""What is longer ago is not entered any more."""
_WAYS, _OUTCOMES = frozenset(Way), frozenset(Outcome)


@dataclass(frozen=True, slots=True, repr=False)
class Contact:
    """When and how somebody was contacted, what it was about, and what came of it."""

    contacted_on: date | None
    way: str
    outcome: str
    note: str


def contact_faults(contact: Contact, today: date) -> Iterator[Fault]:
    """Yield everything that is wrong with what is written down on a day."""
    if contact.contacted_on is None:
        yield Fault("contacted_on", Code.MISSING)
    elif contact.contacted_on > today:
        yield Fault("contacted_on", Code.IN_FUTURE)
    elif contact.contacted_on < today - EARLIEST:
        yield Fault("contacted_on", Code.OUT_OF_RANGE)
    if contact.way not in _WAYS:
        yield Fault("way", Code.UNKNOWN_VALUE if contact.way else Code.MISSING)
    if contact.outcome not in _OUTCOMES:
        yield Fault("outcome", Code.UNKNOWN_VALUE if contact.outcome else Code.MISSING)
    if code := _note_fault(contact.note):
        yield Fault("note", code)


def _note_fault(note: str) -> Code | None:
    if not note:
        return Code.MISSING
    if len(note) > NOTE_LENGTH:
        return Code.TOO_LONG
    return Code.CONTROL_CHARACTER if text.has_control_character(note) else None

"""What becomes of the lines of a roster, given who is on file and who came earlier in the file.

Invariant: the verdicts on a file do not depend on how it is cut into chunks, as long as chunks come in line order:
whoever a line can collide with is on file or ``seen`` when it is decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from services.registry.people.domain.volunteer import Volunteer
from shared.contracts.faults import Code, Fault
from shared.imports.rows import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Entry:
    """A line that breaks no rule of its own. ``digest`` is equal exactly for lines that say the same."""

    line: int
    volunteer: Volunteer
    blind_index: bytes
    digest: bytes
    normalised: bool
    id: UUID | None = None
    """Of somebody who brings theirs along from another district; none where a new one is to be given."""


@dataclass(frozen=True, slots=True)
class OnFile:
    """A registered volunteer, as far as a roster needs to know. ``version`` is that of the last event."""

    id: UUID
    number: str
    blind_index: bytes
    digest: bytes
    version: int
    language: str
    registered_on: date
    public_profile: tuple[object, ...]
    """What other services know: see ``public_profile``."""
    minor: bool = False
    guardian_agreed: bool = False
    is_closed: bool = False
    """Has ended their registration: who it was is not looked up any more."""
    is_merged: bool = False
    """Is merged into another entry: a line that says what is on file is as good as before, another one is refused."""


@dataclass
class Decision:
    """Verdicts in line order, and what follows from them. ``taken`` are the entries whose person now is in the file."""

    verdicts: list[Verdict] = field(default_factory=list)
    registered: list[Entry] = field(default_factory=list)
    changed: list[tuple[OnFile, Entry]] = field(default_factory=list)
    taken: list[Entry] = field(default_factory=list)


def public_profile(volunteer: Volunteer) -> tuple[object, ...]:
    """Return what other services are told of a volunteer, apart from the number: a change of it is an event."""
    return volunteer.category.value, volunteer.organisation_id, volunteer.team_id, volunteer.registered_on


def decide(
    entries: Sequence[Entry | Verdict], on_file: Iterable[OnFile], seen: Iterable[tuple[bytes, str]]
) -> Decision:
    """Decide the lines of one chunk; a line with a fault of its own comes as its verdict.

    ``on_file`` holds at least every volunteer with a blind index or number of these entries, ``seen`` the (blind index,
    number) of every entry taken from earlier chunks. The first of two lines for one person counts.
    """
    by_number: dict[str, OnFile] = {}
    persons: set[bytes] = set()
    for known in on_file:
        by_number[known.number] = known
        if not known.is_closed:
            persons.add(known.blind_index)
    seen_persons: set[bytes] = set()
    seen_numbers: set[str] = set()
    for blind_index, number in seen:
        seen_persons.add(blind_index)
        seen_numbers.add(number)

    decision = Decision()
    for entry in entries:
        if isinstance(entry, Verdict):
            decision.verdicts.append(entry)
            continue
        number = entry.volunteer.number
        known_by_number = by_number.get(number)
        fault = (
            _repeated(entry, seen_persons, seen_numbers)
            or _collision(entry, known_by_number, persons)
        )  # fmt: skip
        if fault is not None:
            decision.verdicts.append(Verdict.rejected(entry.line, fault))
            continue
        seen_persons.add(entry.blind_index)
        seen_numbers.add(number)
        decision.taken.append(entry)
        decision.verdicts.append(Verdict(entry.line, _take(entry, known_by_number, decision)))
    return decision


def _repeated(entry: Entry, seen_persons: set[bytes], seen_numbers: set[str]) -> Fault | None:
    if entry.blind_index in seen_persons:
        return Fault("id_number", Code.DUPLICATE_IN_FILE)
    if entry.volunteer.number in seen_numbers:
        return Fault("number", Code.DUPLICATE_IN_FILE)
    return None


def _collision(entry: Entry, known_by_number: OnFile | None, persons: set[bytes]) -> Fault | None:
    if known_by_number is not None and known_by_number.is_closed:
        return Fault("number", Code.CLOSED)
    if known_by_number is not None and known_by_number.is_merged and known_by_number.digest != entry.digest:
        return Fault("number", Code.MERGED)
    if known_by_number is not None:
        return None if known_by_number.blind_index == entry.blind_index else Fault("number", Code.NUMBER_TAKEN)
    return Fault("id_number", Code.ALREADY_REGISTERED) if entry.blind_index in persons else None


def _take(entry: Entry, known: OnFile | None, decision: Decision) -> Outcome:
    if known is None:
        decision.registered.append(entry)
    elif known.digest == entry.digest:
        return Outcome.UNCHANGED
    else:
        decision.changed.append((known, entry))
    return Outcome.NORMALISED if entry.normalised else Outcome.ACCEPTED

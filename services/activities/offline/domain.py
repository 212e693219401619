"""What a list that was kept without a network comes to: a device's chain of entries, its clock, one outcome for all.

Invariant: the outcome follows from the set of entries alone. In whatever order they come, split into whatever batches,
and however often, everybody's times are the same. Load-bearing: an entry counts once everything before it in its
device's chain and a reading of the clock after it are there; its time is fixed then, and never moves again. It is not
after that reading, so when a batch came decides nothing, unless a device reads a time that has not come yet. Where a
device gave up on the network, what it saved is in its chain too: until there its clock is taken to go as it did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from services.activities.attendance.domain import CAME, Attendance
from services.activities.rules.domain import RuleSet
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay

DRIFT = timedelta(minutes=5)
"""A clock that is further off marks its entries for confirmation."""
KEPT = timedelta(hours=24)
"""A list may be kept, and brought back, for as long after its shift's end."""


class EntryKind(StrEnum):
    """What a device noted."""

    CHECK_IN = "check_in"
    CHECK_OUT = "check_out"
    CLOCK = "clock"
    """It was told the server's time: how its own clock is read from then on. Where it had nobody to ask, and saved what
    it had noted as a file, its clock is read as it was last, and somebody has to look at that."""


class Verdict(StrEnum):
    """What became of an entry."""

    ACCEPTED = "accepted"
    """Its time is the attendance's."""
    SUPERSEDED = "superseded"
    """Another one counts: an earlier one, or one that was made online."""
    REFUSED = "refused"
    WAITING = "waiting"
    """Kept: something before it, or a reading of the clock after it, has not come; or the shift is closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An entry as a device has signed it. ``sequence`` counts from 1; hashes are SHA-256 of the signed text."""

    id: UUID
    device_id: UUID
    sequence: int
    previous: bytes
    hash: bytes
    kind: EntryKind
    sign_up_id: UUID | None
    device_time: datetime
    server_time: datetime | None
    """Of a reading of the clock: what the device was told, if anything."""
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Device:
    """A device that has a list: what its chain begins with, and how far the server's clock was ahead of its own."""

    id: UUID
    list_hash: bytes
    offset: timedelta


class Window(NamedTuple):
    """When somebody can have come and gone."""

    opens_at: datetime
    closes_at: datetime

    @classmethod
    def of(cls, starts_at: datetime, ends_at: datetime, rules: RuleSet) -> "Window":
        """Return a shift's window."""
        return cls(starts_at - rules.check_in_opens, ends_at + rules.forgotten_after)


class _Reading(NamedTuple):
    """How far the server's clock was ahead of a device's, at a place of its chain; the first is from the download."""

    sequence: int
    offset: timedelta
    server_time: datetime | None = None
    is_guess: bool = False
    """Nobody told the device the time: its clock is taken to be as far off as at the reading before."""


class Timed(NamedTuple):
    """An entry with its time by the server's clock; ``to_confirm`` where the device's was far off, or is a guess."""

    entry: Entry
    at: datetime
    to_confirm: bool

    @property
    def rank(self) -> tuple[datetime, UUID]:
        """What the first of several is told by."""
        return self.at, self.entry.id


def timed(device: Device, entries: Collection[Entry], window: Window) -> list[Timed]:
    """Return a device's entries that count by now, in the order of its chain."""
    chain = _chain(device, entries)
    readings = [_Reading(0, device.offset)]
    for entry in chain:
        if entry.server_time:
            readings.append(_Reading(entry.sequence, entry.server_time - entry.device_time, entry.server_time))
        elif entry.kind is EntryKind.CLOCK:
            offset = readings[-1].offset
            readings.append(_Reading(entry.sequence, offset, entry.device_time + offset, is_guess=True))
    settled = [entry for entry in chain if entry.sequence <= readings[-1].sequence]
    return [_timed(entry, readings, window) for entry in settled]


def _chain(device: Device, entries: Collection[Entry]) -> list[Entry]:
    """Return the entries without a gap from the first on, each of which names the one before it."""
    chain: list[Entry] = []
    before = device.list_hash
    for entry in sorted(entries, key=lambda entry: entry.sequence):
        if entry.sequence != len(chain) + 1 or entry.previous != before:
            break
        chain.append(entry)
        before = entry.hash
    return chain


def _timed(entry: Entry, readings: Sequence[_Reading], window: Window) -> Timed:
    """Correct an entry's time by the readings of the clock around it, and keep it within what is possible."""
    lower = max(reading for reading in readings if reading.sequence <= entry.sequence)
    upper = min(reading for reading in readings if reading.sequence >= entry.sequence)
    steps = upper.sequence - lower.sequence
    passed = (entry.sequence - lower.sequence) / steps if steps else 0
    offset = lower.offset + (upper.offset - lower.offset) * passed
    corrected = entry.device_time + offset
    in_window = min(max(corrected, window.opens_at), window.closes_at)
    known_at = upper.server_time or entry.received_at
    at = min(in_window, max(known_at, window.opens_at) if upper.is_guess else known_at, entry.received_at)
    is_doubtful = upper.is_guess or abs(offset) > DRIFT or in_window != corrected or in_window - at > DRIFT
    return Timed(entry, at, is_doubtful)


def by_sign_up(settled: Iterable[Timed]) -> Mapping[UUID, Sequence[Timed]]:
    """Return what counts of each sign-up, of all devices together."""
    found: dict[UUID, list[Timed]] = defaultdict(list)
    for each in settled:
        if each.entry.sign_up_id:
            found[each.entry.sign_up_id].append(each)
    return found


def first(noted: Iterable[Timed], kind: EntryKind, after: datetime | None = None) -> Timed | None:
    """Return the earliest of a kind, ties by entry id; of those after a moment, where one is given."""
    of_kind = (each for each in noted if each.entry.kind is kind and (after is None or each.at > after))
    return min(of_kind, key=lambda each: each.rank, default=None)


def attend(found: Attendance, noted: Sequence[Timed]) -> Attendance:
    """Return how an attendance stands by what was noted: what was tapped online keeps its place.

    Its version is as it was. A sign-up without a place, or nobody's check-in, is left as it is.
    """
    if found.state is not SignUpState.CONFIRMED and found.state not in CAME:
        return found
    after = found
    if found.checked_in_at is None or found.checked_in_by is CheckInWay.OFFLINE:
        came = first(noted, EntryKind.CHECK_IN)
        if came is None:
            return found
        state = SignUpState.ATTENDING if found.state is SignUpState.CONFIRMED else found.state
        after = replace(after, state=state, absence=None, checked_in_at=came.at, checked_in_by=CheckInWay.OFFLINE)
    if found.checked_out_at is None or found.checked_out_by is CheckInWay.OFFLINE:
        left = first(noted, EntryKind.CHECK_OUT, after=after.checked_in_at)
        if left:
            after = replace(
                after, state=SignUpState.COMPLETED, checked_out_at=left.at, checked_out_by=CheckInWay.OFFLINE
            )
    return after


def verdict_on(each: Timed, noted: Sequence[Timed], after: Attendance) -> Verdict:
    """Return what became of an entry, given how the attendance stands now."""
    if each.entry.kind is EntryKind.CHECK_IN:
        counts, at, way = first(noted, EntryKind.CHECK_IN), after.checked_in_at, after.checked_in_by
    else:
        counts = first(noted, EntryKind.CHECK_OUT, after=after.checked_in_at)
        at, way = after.checked_out_at, after.checked_out_by
    if at is None:
        return Verdict.WAITING if each.entry.kind is EntryKind.CHECK_OUT else Verdict.REFUSED
    return Verdict.ACCEPTED if way is CheckInWay.OFFLINE and each is counts else Verdict.SUPERSEDED

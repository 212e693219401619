"""Offline entries: in whatever order and batches they come back, everybody's times are the same."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.attendance.domain import Attendance
from services.activities.offline.domain import (
    DRIFT,
    Device,
    Entry,
    EntryKind,
    Timed,
    Verdict,
    Window,
    attend,
    by_sign_up,
    timed,
    verdict_on,
)
from services.activities.rules.domain import FIRST_RULES
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckInWay
from tests.unit.activities.attendance.test_attendance import END, START, attendance

MINUTE = timedelta(minutes=1)
WINDOW = Window.of(START, END, FIRST_RULES)
LATEST = END
RECEIVED = LATEST + timedelta(seconds=1)
PEOPLE = [UUID(int=number) for number in range(1, 4)]
FIRST = sha256(b"the list").digest()


@dataclass
class Phone:
    """A device of the staff: its clock is off by ``off``; it has the list and notes what it is told."""

    number: int
    off: timedelta = timedelta()
    entries: list[Entry] = field(default_factory=list)

    @property
    def device(self) -> Device:
        return Device(UUID(int=100 + self.number), FIRST, -self.off)

    def note(
        self,
        kind: EntryKind,
        at: datetime,
        sign_up: UUID | None = None,
        *,
        off: timedelta | None = None,
        is_answered: bool = True,
    ) -> Entry:
        off = self.off if off is None else off
        sequence = len(self.entries) + 1
        entry = Entry(
            id=UUID(int=1000 * self.number + sequence),
            device_id=self.device.id,
            sequence=sequence,
            previous=self.entries[-1].hash if self.entries else FIRST,
            hash=sha256(f"{self.number}:{sequence}".encode()).digest(),
            kind=kind,
            sign_up_id=sign_up,
            device_time=at + off,
            server_time=at if kind is EntryKind.CLOCK and is_answered else None,
            received_at=RECEIVED,
        )
        self.entries.append(entry)
        return entry


def settled(phones: Sequence[Phone], come: Sequence[Entry]) -> list[Timed]:
    return [
        each
        for phone in phones
        for each in timed(phone.device, [e for e in come if e.device_id == phone.device.id], WINDOW)
    ]


@dataclass
class Office:
    """What the service makes of batches as they come."""

    phones: Sequence[Phone]
    found: dict[UUID, Attendance]
    come: dict[UUID, Entry] = field(default_factory=dict)
    counted: set[UUID] = field(default_factory=set)

    def take_in(self, batch: Sequence[Entry], after: timedelta = timedelta()) -> None:
        """Take in a batch that comes so long after the last reading of the clock; what is there already stays."""
        fresh = {entry.id: replace(entry, received_at=RECEIVED + after) for entry in batch}
        self.come = fresh | self.come
        now = settled(self.phones, list(self.come.values()))
        new = {each.entry.id for each in now} - self.counted
        for sign_up, noted in by_sign_up(now).items():
            if not new.isdisjoint(each.entry.id for each in noted):
                self.found[sign_up] = attend(self.found[sign_up], noted)
        self.counted |= new

    def outcome(self) -> tuple[dict[UUID, Attendance], dict[UUID, Verdict]]:
        noted = by_sign_up(settled(self.phones, list(self.come.values())))
        verdicts = {
            each.entry.id: verdict_on(each, all_of, self.found[sign_up])
            for sign_up, all_of in noted.items()
            for each in all_of
        }
        return self.found, verdicts


kinds = st.sampled_from(EntryKind)
offsets = st.integers(-600, 600).map(lambda seconds: timedelta(seconds=seconds))
moments = st.integers(-40, 120).map(lambda minutes: START + minutes * MINUTE)
delays = st.integers(0, 3600).map(lambda seconds: timedelta(seconds=seconds))


@st.composite
def days(draw: st.DrawFn) -> tuple[list[Phone], dict[UUID, Attendance]]:
    """Draw what two phones noted of three people, one of whom may have been checked in or out online."""
    phones = [Phone(number, draw(offsets)) for number in (1, 2)]
    for phone in phones:
        for at in sorted(draw(st.lists(moments, min_size=1, max_size=6))):
            kind = draw(kinds)
            sign_up = None if kind is EntryKind.CLOCK else draw(st.sampled_from(PEOPLE))
            phone.note(kind, at, sign_up, off=draw(offsets), is_answered=draw(st.booleans()))
        phone.note(EntryKind.CLOCK, LATEST, off=draw(offsets))
    found = {person: attendance(sign_up_id=person) for person in PEOPLE}
    if draw(st.booleans()):
        online: dict[str, Any] = {"checked_in_at": START, "checked_in_by": CheckInWay.SELF_CHECK_IN}
        found[PEOPLE[0]] = replace(found[PEOPLE[0]], state=SignUpState.ATTENDING, **online)
    return phones, found


@given(day=days(), data=st.data())
@pytest.mark.row(32)
def test_any_order_of_batches_and_any_split_give_the_same_result(
    day: tuple[list[Phone], dict[UUID, Attendance]], data: st.DataObject
) -> None:
    phones, found = day
    entries = [entry for phone in phones for entry in phone.entries]
    at_once = Office(phones, dict(found))
    at_once.take_in(entries)

    in_some_order = data.draw(st.permutations(entries))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(entries)), max_size=len(entries))) | {0, len(entries)})
    in_parts = Office(phones, dict(found))
    for start, end in pairwise(cuts):
        in_parts.take_in(in_some_order[start:end], data.draw(delays))
        if data.draw(st.booleans()):
            in_parts.take_in(in_some_order[start:end], data.draw(delays))  # the answer was lost: it is sent again
    assert in_parts.outcome() == at_once.outcome()


@given(day=days())
def test_every_time_is_within_the_shift_s_window_and_not_after_the_server_knew_of_it(
    day: tuple[list[Phone], dict[UUID, Attendance]],
) -> None:
    phones, _ = day
    entries = [entry for phone in phones for entry in phone.entries]
    too_early = {entry.server_time for entry in entries if entry.server_time and entry.server_time < WINDOW.opens_at}
    for each in settled(phones, entries):
        assert each.at <= min(WINDOW.closes_at, RECEIVED)
        assert each.at >= WINDOW.opens_at or each.at in too_early


def test_a_clock_seven_minutes_wrong_is_corrected_and_marked() -> None:
    phone = Phone(1, 7 * MINUTE)
    for minute, person in zip((0, 3, 9), PEOPLE, strict=True):
        phone.note(EntryKind.CHECK_IN, START + minute * MINUTE, person)
    phone.note(EntryKind.CLOCK, END)
    noted = settled([phone], phone.entries)
    assert [(each.at, each.to_confirm) for each in noted[:3]] == [
        (START + minute * MINUTE, True) for minute in (0, 3, 9)
    ]


def test_a_clock_that_drifts_is_read_in_between() -> None:
    phone = Phone(1)
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[0], off=timedelta(seconds=30))
    phone.note(EntryKind.CLOCK, START + 60 * MINUTE, off=MINUTE)
    (each, _) = settled([phone], phone.entries)
    assert (each.at, each.to_confirm) == (START, False)
    assert DRIFT > MINUTE


def test_a_time_is_not_after_the_reading_that_it_was_brought_with() -> None:
    phone = Phone(1)
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[0], off=10 * MINUTE)
    phone.note(EntryKind.CHECK_IN, START + MINUTE, PEOPLE[1], off=timedelta(seconds=62))
    phone.note(EntryKind.CLOCK, START + 2 * MINUTE)
    (put_back, late, _) = settled([phone], phone.entries)
    assert (put_back.at, put_back.to_confirm) == (START + 2 * MINUTE, True), "its clock was set meanwhile"
    assert (late.at, late.to_confirm) == (START + 2 * MINUTE, False), "two seconds are no drift"


def test_nothing_counts_before_a_reading_of_the_clock_or_behind_a_gap() -> None:
    phone = Phone(1)
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[0])
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[1])
    phone.note(EntryKind.CLOCK, END)
    assert settled([phone], phone.entries[:2]) == []
    assert settled([phone], phone.entries[1:]) == []
    broken = [phone.entries[0], replace(phone.entries[1], previous=FIRST), phone.entries[2]]
    assert settled([phone], broken) == []
    assert len(settled([phone], phone.entries)) == 3


def test_what_was_saved_counts_by_the_clock_as_it_was_read_last_and_is_to_be_confirmed() -> None:
    phone = Phone(1, 2 * MINUTE)
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[0])
    phone.note(EntryKind.CLOCK, START + MINUTE, off=3 * MINUTE)
    phone.note(EntryKind.CHECK_IN, START + 2 * MINUTE, PEOPLE[1], off=3 * MINUTE)
    phone.note(EntryKind.CLOCK, END, off=3 * MINUTE, is_answered=False)
    phone.note(EntryKind.CHECK_IN, END, PEOPLE[2], off=3 * MINUTE)
    noted = settled([phone], phone.entries)
    people = [each for each in noted if each.entry.sign_up_id]
    assert [(each.entry.sign_up_id, each.to_confirm) for each in people] == [(PEOPLE[0], False), (PEOPLE[1], True)]
    assert people[1].at == START + 2 * MINUTE
    phone.note(EntryKind.CLOCK, END, off=9 * MINUTE)
    again = settled([phone], phone.entries)
    assert again[: len(noted)] == noted, "what the device brings itself afterwards moves nothing"


def test_the_earliest_counts_and_what_was_tapped_online_keeps_its_place() -> None:
    one, two = Phone(1), Phone(2)
    one.note(EntryKind.CHECK_IN, START + 5 * MINUTE, PEOPLE[0])
    one.note(EntryKind.CHECK_OUT, END, PEOPLE[0])
    two.note(EntryKind.CHECK_IN, START + 2 * MINUTE, PEOPLE[0])
    for phone in (one, two):
        phone.note(EntryKind.CLOCK, END)
    noted = by_sign_up(settled([one, two], [*one.entries, *two.entries]))[PEOPLE[0]]
    after = attend(attendance(sign_up_id=PEOPLE[0]), noted)
    assert (after.state, after.checked_in_at, after.checked_out_at) == (SignUpState.COMPLETED, START + 2 * MINUTE, END)
    assert [verdict_on(each, noted, after) for each in noted] == [
        Verdict.SUPERSEDED,
        Verdict.ACCEPTED,
        Verdict.ACCEPTED,
    ]
    online = attendance(
        SignUpState.ATTENDING, checked_in_at=START + 4 * MINUTE, checked_in_by=CheckInWay.LEADER, sign_up_id=PEOPLE[0]
    )
    kept = attend(online, noted)
    assert (kept.checked_in_at, kept.checked_in_by) == (START + 4 * MINUTE, CheckInWay.LEADER)
    assert verdict_on(noted[0], noted, kept) is Verdict.SUPERSEDED


def test_who_had_no_place_or_was_never_checked_in_is_left_as_they_are() -> None:
    phone = Phone(1)
    phone.note(EntryKind.CHECK_OUT, END, PEOPLE[0])
    phone.note(EntryKind.CHECK_IN, START, PEOPLE[1])
    phone.note(EntryKind.CLOCK, END)
    noted = by_sign_up(settled([phone], phone.entries))
    confirmed, waiting = attendance(), attendance(SignUpState.WAITING)
    assert attend(confirmed, noted[PEOPLE[0]]) == confirmed
    assert attend(waiting, noted[PEOPLE[1]]) == waiting
    assert verdict_on(noted[PEOPLE[0]][0], noted[PEOPLE[0]], confirmed) is Verdict.WAITING

"""How somebody stands to a shift, and what they can do about a sign-up at a moment."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.portal.activities.queries import Places
from services.portal.timetable.queries import MySignUp, Standing, standings

START = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def sign_up(state: str = "confirmed", *, begins: datetime = START, **more: Any) -> MySignUp:
    shown: dict[str, Any] = {
        "sign_up_id": uuid4(),
        "state": state,
        "listed": "upcoming",
        "position": None,
        "answer_by": None,
        "absence": None,
        "shift_id": uuid4(),
        "starts_at": begins,
        "ends_at": begins + 2 * HOUR,
        "opens_at": begins - HOUR / 2,
        "late_from": begins - 24 * HOUR,
        "free_from": begins - HOUR,
        "activity_id": uuid4(),
        "title": "读书会",
        "service": "culture",
        "place": "活动室",
        "checked_in_at": None,
        "checked_out_at": None,
        "minutes": None,
        "record_id": None,
    }
    return MySignUp(**{**shown, **more})


def shift(begins: datetime, shift_id: UUID | None = None) -> Places:
    ends_at = begins + 2 * HOUR
    return Places(shift_id=shift_id or uuid4(), starts_at=begins, ends_at=ends_at, capacity=5, taken=0, waiting=0)


@pytest.mark.parametrize("state", ["confirmed", "waiting", "offered", "asked_again", "attending"])
@pytest.mark.parametrize(("apart", "overlaps"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_what_takes_up_one_s_time_stands_in_the_way_and_back_to_back_does_not(
    state: str, apart: int, overlaps: bool
) -> None:
    held, wanted = sign_up(state), shift(START + apart * HOUR)
    assert standings([wanted], [held]) == ({wanted.shift_id: Standing(other=held)} if overlaps else {})


@pytest.mark.parametrize("state", ["withdrawn", "cancelled", "completed", "missing_check_out"])
def test_what_takes_up_no_time_any_more_does_not(state: str) -> None:
    assert standings([shift(START)], [sign_up(state)]) == {}


def test_one_s_own_sign_up_comes_before_what_it_overlaps() -> None:
    own = sign_up("waiting")
    wanted = shift(START, own.shift_id)
    assert standings([wanted], [sign_up(), own]) == {wanted.shift_id: Standing(own=own)}


def test_who_has_left_can_sign_up_again() -> None:
    left = sign_up("withdrawn")
    assert standings([shift(START, left.shift_id)], [left]) == {}


@pytest.mark.parametrize(
    ("state", "more", "shown"),
    [
        ("confirmed", {"absence": "no_show"}, "no_show"),
        ("withdrawn", {"absence": "late_withdrawal"}, "late_withdrawal"),
        ("withdrawn", {"answer_by": START}, "lapsed"),
        ("offered", {"answer_by": START}, "lapsed"),
        ("offered", {"answer_by": datetime(9999, 1, 1, tzinfo=UTC)}, "offered"),
        ("withdrawn", {}, "withdrawn"),
    ],
)
def test_it_is_shown_as_what_became_of_it(state: str, more: dict[str, Any], shown: str) -> None:
    assert sign_up(state, **more).shown_as == shown


@pytest.mark.parametrize(
    ("state", "before", "asked", "waits", "leaves"),
    [
        ("offered", 3 * HOUR, True, False, True),
        ("offered", 2 * HOUR, False, False, False),
        ("waiting", 2 * HOUR, False, False, True),
        ("waiting", HOUR, False, True, True),
        ("waiting", 0 * HOUR, False, False, False),
        ("confirmed", HOUR, False, False, True),
        ("attending", HOUR, False, False, False),
    ],
)
def test_what_can_be_done_depends_on_the_time_left(
    state: str, before: timedelta, asked: bool, waits: bool, leaves: bool
) -> None:
    one = sign_up(state, answer_by=START - 2 * HOUR if state == "offered" else None)
    at = START - before
    assert (one.is_asked(at), one.waits_for_a_free_place(at), one.can_withdraw(at)) == (asked, waits, leaves)


def test_leaving_within_a_day_of_the_start_is_late_for_who_has_a_place() -> None:
    at = START - timedelta(hours=23)
    assert [sign_up(state).is_late_to_withdraw(at) for state in ("confirmed", "waiting")] == [True, False]
    assert not sign_up().is_late_to_withdraw(START - timedelta(hours=24))

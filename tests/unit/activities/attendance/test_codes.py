"""The codes of the place: what they open, for how long, and what they give away."""

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from services.activities.attendance.codes import SecretBox, ShiftCodes, read_token, seconds_between
from shared.contracts.faults import RefusedError

SHIFT = uuid4()
BOX = SecretBox(bytes(32))
CODES = BOX.open(SHIFT, BOX.new(SHIFT))
NOW = datetime(2026, 3, 1, 1, 0, 10, tzinfo=UTC)


def opened(codes: ShiftCodes, token: str, at: datetime) -> str:
    """Say what comes of a token at a moment."""
    try:
        codes.accept_token(read_token(token), at)
    except RefusedError as refused:
        return refused.faults[0].code
    return "open"


def test_a_token_says_its_shift_and_district_and_nothing_else() -> None:
    token = CODES.token("510115", NOW)
    assert read_token(token.code)[:2] == ("510115", SHIFT)
    assert len(token.code) == 55
    assert token.valid_until == NOW.replace(second=30)


@pytest.mark.parametrize(
    ("steps", "answer"), [(-2, "wrong_check_in_code"), (-1, "open"), (0, "open"), (1, "open"), (2, "expired")]
)
def test_a_token_opens_for_a_step_more_or_less(steps: int, answer: str) -> None:
    token = CODES.token("510115", NOW).code
    assert opened(CODES, token, NOW + steps * timedelta(seconds=30)) == answer


@pytest.mark.parametrize(("steps", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_digits_open_for_a_step_more_or_less(steps: int, accepted: bool) -> None:
    shown = CODES.digits(NOW)
    assert (len(shown.code), shown.valid_until) == (6, NOW.replace(minute=1, second=0))
    found = CODES.accept_digits(shown.code, NOW + steps * timedelta(seconds=60))
    assert found == (NOW.replace(second=0) if accepted else None)


@given(at=st.integers(0, 54), flip=st.integers(1, 255))
def test_a_token_that_was_changed_opens_nothing(at: int, flip: int) -> None:
    content = bytearray(urlsafe_b64decode(CODES.token("510115", NOW).code + "="))
    content[at % len(content)] ^= flip
    assert opened(CODES, urlsafe_b64encode(content).decode().rstrip("="), NOW) == "wrong_check_in_code"


@given(st.text(max_size=80))
def test_anything_else_is_no_token(text: str) -> None:
    assert opened(CODES, text, NOW) == "wrong_check_in_code"


def test_the_codes_of_another_shift_open_nothing() -> None:
    other = uuid4()
    theirs = BOX.open(other, BOX.new(other))
    assert opened(CODES, theirs.token("510115", NOW).code, NOW) == "wrong_check_in_code"
    assert theirs.secret != CODES.secret


def test_a_secret_at_rest_is_of_one_key_and_one_shift() -> None:
    encrypted = BOX.new(SHIFT)
    assert BOX.open(SHIFT, encrypted).secret not in encrypted
    for box, shift in ((SecretBox(os.urandom(32)), SHIFT), (BOX, uuid4())):
        with pytest.raises(InvalidTag):
            box.open(shift, encrypted)


@pytest.mark.parametrize(
    ("other", "seconds"), [(-12.5, 12), (-0.5, 0), (0, 0), (0.4, 0), (1, 0), (1.9, 0), (2, 1), (31, 30)]
)
def test_a_clock_that_was_read_between_two_moments_differs_by_what_is_beyond_them(other: float, seconds: int) -> None:
    read = NOW + timedelta(seconds=other)
    assert seconds_between(NOW, NOW + timedelta(seconds=1), read) == seconds

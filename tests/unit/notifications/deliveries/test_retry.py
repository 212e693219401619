"""How long a mail waits for its next attempt, and when there is none."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis.strategies import floats, integers

from services.notifications.deliveries.domain import (
    FIRST_WAIT,
    LONGEST_WAIT,
    MAILBOX_PATIENCE,
    PATIENCE,
    Outcome,
    Verdict,
    given_up,
    lacking,
    next_wait,
)

MOMENT = timedelta(seconds=1)


def wait(attempts: int, jitter: float) -> timedelta:
    """The wait where chance takes off so much of what it may."""
    with patch("random.uniform", lambda low, high: high - jitter * (high - low)):
        return next_wait(attempts)


def test_it_doubles_and_stops_growing() -> None:
    assert [wait(attempts, 0.0) for attempts in (1, 2, 3)] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert wait(1_000_000, 0.0) == LONGEST_WAIT


@given(integers(1, 10**6), floats(0, 1, exclude_max=True))
def test_jitter_takes_off_at_most_half(attempts: int, jitter: float) -> None:
    whole = wait(attempts, 0.0)
    assert whole / 2 <= wait(attempts, jitter) <= whole


@pytest.mark.parametrize("put_off_for", [None, timedelta(0), MAILBOX_PATIENCE])
def test_a_mailbox_may_put_a_mail_off_for_days(put_off_for: timedelta | None) -> None:
    put_off = Verdict(Outcome.DEFERRED, "smtp_451", put_off=True)
    assert given_up(put_off, put_off_for) == put_off


def test_after_that_the_mail_is_given_up() -> None:
    put_off = Verdict(Outcome.DEFERRED, "smtp_451", put_off=True)
    assert given_up(put_off, MAILBOX_PATIENCE + MOMENT) == Verdict(Outcome.REFUSED, "expired")


@pytest.mark.parametrize("verdict", [Verdict(Outcome.DEFERRED, "server_away"), Verdict(Outcome.ACCEPTED)])
def test_what_is_no_fault_of_the_mailbox_does_not_end_a_mail(verdict: Verdict) -> None:
    assert given_up(verdict, timedelta(days=400)) == verdict


def test_what_a_mail_lacks_is_waited_for_and_not_for_ever() -> None:
    assert lacking("no_contact", PATIENCE) == Verdict(Outcome.DEFERRED, "no_contact")
    assert lacking("no_contact", PATIENCE + MOMENT) == Verdict(Outcome.REFUSED, "no_contact")

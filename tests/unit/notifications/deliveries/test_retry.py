"""When there is no next attempt for a mail. How long it waits for one is the work kit's."""

from datetime import timedelta

import pytest

from services.notifications.deliveries.domain import (
    MAILBOX_PATIENCE,
    PATIENCE,
    Outcome,
    Verdict,
    given_up,
    lacking,
)

MOMENT = timedelta(seconds=1)


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

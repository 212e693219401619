"""Which mails are not offered, or not now, as their recipient wants it."""

from datetime import UTC, datetime, time, timedelta

from services.notifications.deliveries.domain import Outcome, Verdict, held_back
from services.notifications.preferences.domain import Channel, Preferences, Purpose, QuietHours

NIGHT = Preferences(quiet_hours=QuietHours(time(22), time(7)))
MIDNIGHT = datetime(2026, 2, 28, 16, 0, tzinfo=UTC)
SEVEN = MIDNIGHT + timedelta(hours=7)
HOUR = timedelta(hours=1)


def test_a_purpose_that_is_not_wanted_by_mail_is_not_mailed() -> None:
    unwanted = Preferences(frozenset({(Purpose.CHANGE, Channel.EMAIL)}))
    assert held_back(unwanted, Purpose.CHANGE, None, MIDNIGHT) == Verdict(Outcome.WITHHELD, "not_wanted")
    assert held_back(unwanted, Purpose.PLACE, None, MIDNIGHT) is None


def test_a_mail_waits_for_the_end_of_the_quiet_hours() -> None:
    waits = Verdict(Outcome.DEFERRED, "quiet_hours", until=SEVEN)
    assert held_back(NIGHT, Purpose.HOURS, None, MIDNIGHT) == waits
    assert held_back(NIGHT, Purpose.HOURS, None, SEVEN) is None


def test_a_reminder_that_would_come_after_the_start_is_dropped() -> None:
    dropped = Verdict(Outcome.WITHHELD, "too_late")
    assert held_back(NIGHT, Purpose.REMINDER, SEVEN, MIDNIGHT) == dropped
    assert held_back(Preferences(), Purpose.REMINDER, MIDNIGHT, MIDNIGHT) == dropped
    assert held_back(Preferences(), Purpose.REMINDER, MIDNIGHT + HOUR, MIDNIGHT) is None
    waits = held_back(NIGHT, Purpose.REMINDER, SEVEN + HOUR, MIDNIGHT)
    assert waits is not None
    assert waits.until == SEVEN


def test_what_is_no_reminder_is_told_after_the_start_too() -> None:
    assert held_back(Preferences(), Purpose.CHANGE, MIDNIGHT, SEVEN) is None

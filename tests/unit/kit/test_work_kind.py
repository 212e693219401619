"""When work is due again, and when it is given up."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from shared.store.event_log import new_id
from shared.work.kind import Item, Patience, every

MOMENT = datetime(2026, 3, 1, 3, 5, tzinfo=UTC)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made UTC


def item(attempts: int, age: timedelta = timedelta()) -> Item:
    return Item("510115", new_id(), "errand", {}, attempts, MOMENT - age, MOMENT)


@given(moments, st.timedeltas(timedelta(seconds=1), timedelta(days=366)))
def test_the_next_moment_is_ahead_within_the_interval_and_the_same_on_every_machine(
    moment: datetime, interval: timedelta
) -> None:
    strike = every(interval)(moment)
    assert moment < strike <= moment + interval
    assert every(interval)(strike) == strike + interval
    assert every(interval)(moment + (strike - moment) / 2) == strike


@given(st.integers(1, 100), st.integers(1, 100))
def test_patience_ends_with_the_last_attempt(attempts: int, most: int) -> None:
    assert Patience(attempts=most).is_over(item(attempts), MOMENT) == (attempts >= most)


def test_patience_ends_with_age_however_few_the_attempts() -> None:
    patience = Patience(age=timedelta(days=4))
    assert not patience.is_over(item(1000, timedelta(days=3, hours=23)), MOMENT)
    assert patience.is_over(item(1, timedelta(days=4)), MOMENT)


def test_without_a_limit_patience_never_ends() -> None:
    assert not Patience().is_over(item(100_000, timedelta(days=10_000)), MOMENT)

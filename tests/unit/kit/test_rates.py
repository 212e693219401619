"""Windows slide, and a refusal says truly when to come back."""

import pytest
import time_machine
from limits import RateLimitItemPerMinute

from shared.http.problems import ProblemError
from shared.http.rates import Rates

LIMIT = RateLimitItemPerMinute(10, namespace="test")
START = 60_000_000.0


def refusal(rates: Rates, *of: str) -> int | None:
    """Try once; return the seconds to wait, where it is refused."""
    try:
        rates.count(LIMIT, "field", *of)
    except ProblemError as problem:
        return int(problem.headers["Retry-After"])
    return None


@pytest.mark.parametrize("into", [0.0, 20.0, 59.0])
def test_after_the_seconds_that_a_refusal_names_the_next_try_is_let_through_and_not_before(into: float) -> None:
    rates = Rates()
    with time_machine.travel(START + into, tick=False) as clock:
        assert [refusal(rates, "a") for _ in range(10)] == [None] * 10
        wait = refusal(rates, "a")
        assert wait is not None
        clock.shift(wait - 2)
        assert refusal(rates, "a") is not None
        clock.shift(3)
        assert refusal(rates, "a") is None


def test_in_no_minute_are_there_more_than_the_limit_by_a_tenth() -> None:
    rates, let_through = Rates(), []
    with time_machine.travel(START, tick=False) as clock:
        for second in range(600):
            clock.move_to(START + second)
            if refusal(rates, "a") is None:
                let_through.append(second)
    for start in range(540):
        assert sum(start <= second < start + 60 for second in let_through) <= 11


def test_each_is_counted_on_its_own_and_may_begin_anew() -> None:
    rates = Rates()
    with time_machine.travel(START, tick=False):
        for _ in range(10):
            rates.note(LIMIT, "a")
        assert rates.used_up(LIMIT, "a")
        assert not rates.used_up(LIMIT, "b")
        rates.forget(LIMIT, "a")
        assert not rates.used_up(LIMIT, "a")


def test_windows_that_are_over_are_not_kept() -> None:
    rates = Rates()
    with time_machine.travel(START, tick=False) as clock:
        for name in range(20_000):
            rates.note(LIMIT, str(name))
        clock.shift(200)
        rates.note(LIMIT, "one more")
    assert len(rates.tallies) == 1

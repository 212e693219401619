"""How long a mail waits for its next attempt."""

from hypothesis import given
from hypothesis.strategies import floats, integers

from services.notifications.deliveries.domain import FIRST_WAIT, LONGEST_WAIT, back_off


def test_it_doubles_and_stops_growing() -> None:
    assert [back_off(attempts, 0.0) for attempts in (1, 2, 3)] == [FIRST_WAIT, 2 * FIRST_WAIT, 4 * FIRST_WAIT]
    assert back_off(1_000_000, 0.0) == LONGEST_WAIT


@given(integers(1, 10**6), floats(0, 1, exclude_max=True))
def test_jitter_takes_off_at_most_half(attempts: int, jitter: float) -> None:
    whole = back_off(attempts, 0.0)
    assert whole / 2 <= back_off(attempts, jitter) <= whole

"""Waits double, stay within their bounds whatever the number of failures, and differ."""

from hypothesis import given
from hypothesis import strategies as st

from shared.ops.back_off import back_off


@given(st.integers(1, 100_000), st.floats(0.001, 60), st.floats(60, 86_400))
def test_a_wait_lies_between_half_the_first_and_the_longest(failures: int, first: float, longest: float) -> None:
    assert first / 2 <= back_off(failures, first, longest) <= longest


@given(st.integers(1, 20))
def test_a_wait_doubles_until_it_is_the_longest(failures: int) -> None:
    doubled = 0.05 * 2 ** (failures - 1)
    assert min(doubled, 10) / 2 <= back_off(failures, 0.05, 10) <= min(doubled, 10)


def test_what_failed_together_does_not_come_back_together() -> None:
    assert len({back_off(2_000, 1, 30) for _ in range(10)}) > 1

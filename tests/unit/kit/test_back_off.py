"""Pauses between tries: they grow, they have a longest, and no number of failures breaks them."""

import pytest

from shared.ops.back_off import back_off


@pytest.mark.parametrize(("failures", "pause"), [(0, 0.1), (1, 0.1), (2, 0.2), (3, 0.4), (7, 6.4), (8, 10.0)])
def test_a_pause_doubles_up_to_the_longest_and_has_a_random_share_of_half(failures: int, pause: float) -> None:
    pauses = [back_off(failures, 0.1, 10.0) for _ in range(200)]
    assert pause / 2 <= min(pauses) < max(pauses) <= pause


def test_two_thousand_failures_in_a_row_are_waited_out_like_the_first_ones() -> None:
    assert all(0 < back_off(failures, 0.1, 10.0) <= 10.0 for failures in range(2000))

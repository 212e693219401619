"""Which numbers of people the public is not shown (P5)."""

from random import Random

import pytest

from shared.http.small_numbers import FEWEST, unshown


@pytest.mark.parametrize(
    ("people", "hidden"),
    [
        ([], set()),
        ([5, 9], set()),
        ([0, 9], set()),
        ([4, 9, 6], {0, 2}),  # the four would be the rest of the total
        ([1, 1, 20, 30], {0, 1, 2}),  # the two, of whom one knows the other
        ([3, 2, 20], {0, 1}),  # five together, and nobody knows which
        ([3], {0}),
    ],
)
def test_few_are_hidden_and_so_is_what_they_could_be_worked_out_from(people: list[int], hidden: set[int]) -> None:
    assert unshown(people) == hidden


@pytest.mark.parametrize("seed", range(20))
def test_what_is_left_of_the_total_is_never_a_few(seed: int) -> None:
    random = Random(seed)
    people = [random.choice((0, 1, 2, 3, 4, 5, 6, 20, 400)) for _ in range(random.randrange(12))]
    left = sum(people[index] for index in unshown(people))
    assert left == 0 or left >= FEWEST or sum(people) < FEWEST
    assert all(index in unshown(people) for index, number in enumerate(people) if 0 < number < FEWEST)

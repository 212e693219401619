"""Which numbers of people the public is not shown: the rule of public statistics, said once.

A group of fewer than ``FEWEST`` is shown as "fewer than 5", without its hours: in a small community one would know who
it is (PIPL, art. 4 and 73: data is anonymous only where nobody can be told from it). Totals are shown, so what is not
shown could be worked out as the rest: the next smallest groups are left out too, until at least two groups and
``FEWEST`` people are.
"""

from collections.abc import Sequence

FEWEST = 5


def are_few(people: int) -> bool:
    """Return whether a group is too small to be shown; nobody at all is no group."""
    return 0 < people < FEWEST


def unshown(people: Sequence[int]) -> frozenset[int]:
    """Return which of some groups, by their index, are not shown. ``people`` are how many each has."""
    few = [index for index, number in enumerate(people) if are_few(number)]
    hidden = set(few)
    others = sorted((index for index, number in enumerate(people) if number >= FEWEST), key=lambda at: (people[at], at))
    for index in others if few else ():
        if len(hidden) > 1 and sum(people[at] for at in hidden) >= FEWEST:
            break
        hidden.add(index)
    return frozenset(hidden)

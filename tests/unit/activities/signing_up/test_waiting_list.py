"""A free place goes to the first in the queue who can have it, groups whole, with time to answer."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.rules.domain import FIRST_RULES
from services.activities.signing_up.waiting_list import (
    WaitingOne,
    agreement_ends,
    is_late,
    next_to_offer,
    offer_ends,
    parties_of,
)

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@st.composite
def queues(draw: st.DrawFn) -> list[WaitingOne]:
    """A queue of people alone and of groups."""
    sizes = draw(st.lists(st.integers(1, 4), max_size=8))
    numbers = iter(range(1, 40))
    return [
        WaitingOne(UUID(int=number), UUID(int=100 + number), UUID(int=1000 + party) if size > 1 else None, 1, number)
        for party, size in enumerate(sizes)
        for number in [next(numbers) for _ in range(size)]
    ]


@given(queue=queues(), free=st.integers(0, 12), data=st.data())
@pytest.mark.row(26)
def test_places_are_offered_in_order_to_whole_groups_who_can_come(
    queue: list[WaitingOne], free: int, data: st.DataObject
) -> None:
    people = [one.volunteer_id for one in queue]
    elsewhere = set(data.draw(st.lists(st.sampled_from(people)))) if people else set[UUID]()
    offered = next_to_offer(queue, free, elsewhere)

    assert len(offered) <= free
    assert elsewhere.isdisjoint(one.volunteer_id for one in offered)
    assert offered == [one for one in queue if one in offered]  # in order
    left = free - len(offered)
    for party in parties_of(queue):
        assert set(party) <= set(offered) or set(party).isdisjoint(offered)  # together or not at all
        if party[0] not in offered:  # whoever waits on cannot have what is free
            cannot_come = any(one.volunteer_id in elsewhere for one in party)
            before = sum(one in offered and one.queue_number < party[0].queue_number for one in queue)
            assert cannot_come or len(party) > free - before
            assert cannot_come or len(party) > left


@pytest.mark.parametrize(
    ("hours_to_start", "hours_to_answer"), [(100, 12), (25, 12), (13, 6), (2, 0.5), (1, None), (0.5, None), (-1, None)]
)
def test_an_offer_stands_for_less_near_the_start_and_is_not_made_in_the_last_hour(
    hours_to_start: float, hours_to_answer: float | None
) -> None:
    ends = offer_ends(NOW, NOW + timedelta(hours=hours_to_start), FIRST_RULES)
    assert ends == (None if hours_to_answer is None else NOW + timedelta(hours=hours_to_answer))


@given(hours=st.floats(0.01, 2000))
def test_every_answer_is_due_before_the_start(hours: float) -> None:
    starts_at = NOW + timedelta(hours=hours)
    assert NOW < agreement_ends(NOW, starts_at, FIRST_RULES) < starts_at
    assert (offer_ends(NOW, starts_at, FIRST_RULES) or NOW) < starts_at


@pytest.mark.parametrize(("hours_to_start", "late"), [(25, False), (24, False), (23.9, True), (0.1, True)])
def test_whoever_leaves_within_the_day_before_leaves_late(hours_to_start: float, late: bool) -> None:
    assert is_late(NOW, NOW + timedelta(hours=hours_to_start), FIRST_RULES) is late

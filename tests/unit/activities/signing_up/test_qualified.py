"""Whoever signs up for what needs a qualification holds it (domain.md rows 16 and 28)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.activities.signing_up.domain import Shift, decide_group
from shared.contracts.faults import RefusedError

NOW = datetime(2026, 3, 1, tzinfo=UTC)
PEOPLE = [uuid4() for _ in range(6)]
NEEDS = ("driver", "first_aid")


def shift(capacity: int = 9) -> Shift:
    return Shift(
        id=uuid4(),
        activity_id=uuid4(),
        activity_title="急救宣讲",
        starts_at=NOW + timedelta(days=1),
        ends_at=NOW + timedelta(days=1, hours=2),
        capacity=capacity,
        taken=0,
        waiting=0,
        next_queue_number=1,
        needs=NEEDS,
    )


def verdicts(
    parties: Sequence[Sequence[UUID]], lacking: Mapping[UUID, Sequence[str]], capacity: int = 9
) -> list[list[str] | RefusedError]:
    decision = decide_group(shift(capacity), NOW, parties, set(PEOPLE), {}, lacking)
    return [
        verdict if isinstance(verdict, RefusedError) else [place.state for place in verdict]
        for verdict in decision.verdicts
    ]


@pytest.mark.row(16, 28)
def test_who_lacks_a_qualification_is_refused_with_a_sentence_that_names_it() -> None:
    refused, placed = verdicts([PEOPLE[:1], PEOPLE[1:2]], {PEOPLE[0]: ["first_aid"]})
    assert placed == ["confirmed"]
    assert isinstance(refused, RefusedError)
    (fault,) = refused.faults
    assert (fault.field, fault.code) == ("shift_id", "qualification")
    assert fault.message("zh-CN") == "需要在有效期内并已核验的资质：急救证（救护员证）"
    assert fault.message("en").endswith("has not expired: first aid certificate")


@pytest.mark.row(16, 28)
def test_of_a_party_each_who_lacks_one_is_named_and_not_which_of_them_they_hold() -> None:
    (refused,) = verdicts([PEOPLE[:3]], {PEOPLE[1]: ["driver"]})
    assert isinstance(refused, RefusedError)
    (fault,) = refused.faults
    assert (fault.field, fault.other and fault.other["kinds"]) == ("group.1", "driver first_aid")


@pytest.mark.row(16, 28)
@given(
    parties=st.lists(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True), max_size=6),
    short=st.sets(st.sampled_from(PEOPLE)),
    capacity=st.integers(1, 6),
)
def test_nobody_who_lacks_one_gets_a_place_or_waits_and_nobody_else_is_the_worse_for_it(
    parties: list[list[UUID]], short: set[UUID], capacity: int
) -> None:
    lacking = {one: ["driver"] for one in short}
    with_them = verdicts(parties, lacking, capacity)
    without = iter(verdicts([party for party in parties if short.isdisjoint(party)], {}, capacity))
    for party, verdict in zip(parties, with_them, strict=True):
        if short.isdisjoint(party):
            other = next(without)
            assert str(verdict) == str(other)
        else:
            assert isinstance(verdict, RefusedError)

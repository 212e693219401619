"""Places are given in order of arrival, never more than there are, to people who have taken up nothing else then."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.activities.signing_up.domain import GroupDecision, Shift, SignUpState, TakenUp, decide_group
from shared.contracts.faults import RefusedError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(12)]


def shift(capacity: int, taken: int = 0, waiting: int = 0, starts_at: datetime = NOW + timedelta(hours=1)) -> Shift:
    ends_at = starts_at + timedelta(hours=2)
    return Shift(uuid4(), uuid4(), "读书会", starts_at, ends_at, capacity, taken, waiting, taken + waiting + 1)


def on(shift: Shift, shift_id: UUID | None = None) -> TakenUp:
    """What somebody has taken up at the time of a shift: that one itself, or another."""
    return TakenUp(uuid4(), shift_id or shift.id, "义诊", shift.starts_at, shift.ends_at)


def alone(*people: UUID) -> list[tuple[UUID]]:
    return [(person,) for person in people]


Verdict = str | list[tuple[str, int, int | None]]


def verdict_of(decision: GroupDecision) -> list[Verdict]:
    return [
        ",".join(fault.code for fault in verdict.faults)
        if isinstance(verdict, RefusedError)
        else [(place.state.value, place.queue_number, place.position) for place in verdict]
        for verdict in decision.verdicts
    ]


def test_each_request_has_a_verdict_of_its_own() -> None:
    first, stranger, second, present, busy = PEOPLE[:5]
    on_offer = shift(capacity=2, taken=1)
    decision = decide_group(
        on_offer,
        NOW,
        alone(present, first, stranger, second, first, busy),
        {first, second, present, busy},
        {present: on(on_offer), busy: on(on_offer, uuid4())},
    )
    assert verdict_of(decision) == [
        "already_signed_up",
        [("confirmed", 2, None)],
        "unknown_reference",
        [("waiting", 3, 1)],
        "already_signed_up",
        "overlap",
    ]
    assert (decision.taken, decision.waiting, decision.next_queue_number) == (2, 1, 4)


def test_a_group_comes_together_or_not_at_all() -> None:
    one, two, three, four, stranger = PEOPLE[:5]
    on_offer = shift(capacity=3)
    parties = [(one, stranger), (one, two), (three, four), (one, three)]
    decision = decide_group(on_offer, NOW, parties, {one, two, three, four}, {})
    assert verdict_of(decision) == [
        "unknown_reference",
        [("confirmed", 1, None), ("confirmed", 2, None)],
        [("waiting", 3, 1), ("waiting", 4, 2)],
        "already_signed_up,already_signed_up",
    ]
    assert (decision.taken, decision.waiting) == (2, 2)
    too_many = decide_group(shift(capacity=2), NOW, [(one, two, three)], {one, two, three}, {})
    assert verdict_of(too_many) == ["too_many"]


def test_what_another_person_of_a_group_has_taken_up_is_not_told() -> None:
    one, two = PEOPLE[:2]
    on_offer = shift(capacity=3)
    other = on(on_offer, uuid4())
    for party, told in (((one,), other.named()), ((two, one), None)):
        (refusal,) = decide_group(on_offer, NOW, [party], {one, two}, {one: other}).verdicts
        assert isinstance(refusal, RefusedError)
        assert [fault.other for fault in refusal.faults] == [told]


def test_nobody_gets_onto_a_shift_that_has_begun_or_is_cancelled() -> None:
    begun = shift(capacity=5, starts_at=NOW)
    decision = decide_group(begun, NOW, alone(*PEOPLE[:2]), set(PEOPLE), {})
    assert verdict_of(decision) == ["too_late", "too_late"]
    assert decision.taken == 0
    cancelled = replace(shift(capacity=5), is_cancelled=True)
    assert verdict_of(decide_group(cancelled, NOW, alone(*PEOPLE[:2]), set(PEOPLE), {})) == ["not_open", "not_open"]


def of_the_model(capacity: int, signed_up: Sequence[UUID]) -> str:
    return "confirmed" if len(signed_up) <= capacity else "waiting"


@given(
    capacity=st.integers(1, 6),
    groups=st.lists(st.lists(st.sampled_from(PEOPLE), max_size=8), max_size=5),
    known=st.sets(st.sampled_from(PEOPLE)),
    busy=st.sets(st.sampled_from(PEOPLE), max_size=3),
)
def test_any_grouping_gives_what_one_by_one_gives(
    capacity: int, groups: list[list[UUID]], known: set[UUID], busy: set[UUID]
) -> None:
    requests = [volunteer for group in groups for volunteer in group]
    expected = []
    signed_up: list[UUID] = []
    for volunteer in requests:
        if volunteer not in known:
            expected.append("unknown_reference")
        elif volunteer in signed_up:
            expected.append("already_signed_up")
        elif volunteer in busy:
            expected.append("overlap")
        else:
            signed_up.append(volunteer)
            expected.append(of_the_model(capacity, signed_up))

    state, found, numbers = shift(capacity), [], []
    taken_up = {volunteer: on(state, uuid4()) for volunteer in busy}
    for group in groups:
        decision = decide_group(state, NOW, alone(*group), known, taken_up)
        for volunteer, verdict in zip(group, decision.verdicts, strict=True):
            if isinstance(verdict, RefusedError):
                found.append(verdict.faults[0].code.value)
                continue
            (place,) = verdict
            taken_up[volunteer] = on(state)
            numbers.append(place.queue_number)
            if place.state is SignUpState.WAITING:
                assert place.position == place.queue_number - capacity
            found.append(place.state.value)
        assert decision.taken <= capacity
        assert decision.waiting == 0 or decision.taken == capacity
        state = replace(
            state, taken=decision.taken, waiting=decision.waiting, next_queue_number=decision.next_queue_number
        )
    assert found == expected
    assert numbers == list(range(1, len(signed_up) + 1))

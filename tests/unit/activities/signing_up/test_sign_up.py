"""Places are given in order of arrival, never more than there are."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from services.activities.signing_up.domain import GroupDecision, Place, Shift, SignUpState, decide_group
from shared.contracts.faults import Fault

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(12)]


def shift(capacity: int, taken: int = 0, waiting: int = 0, starts_at: datetime = NOW + timedelta(hours=1)) -> Shift:
    ends_at = starts_at + timedelta(hours=2)
    return Shift(uuid4(), uuid4(), "读书会", starts_at, ends_at, capacity, taken, waiting, taken + waiting + 1)


def verdict_of(decision: GroupDecision) -> list[str | tuple[str, int, int | None]]:
    return [
        verdict.code if isinstance(verdict, Fault) else (verdict.state, verdict.queue_number, verdict.position)
        for verdict in decision.verdicts
    ]


def test_each_request_has_a_verdict_of_its_own() -> None:
    first, stranger, second, present = PEOPLE[:4]
    decision = decide_group(
        shift(capacity=2, taken=1), NOW, [present, first, stranger, second, first], {first, second, present}, {present}
    )
    assert verdict_of(decision) == [
        "already_signed_up",
        ("confirmed", 2, None),
        "unknown_reference",
        ("waiting", 3, 1),
        "already_signed_up",
    ]
    assert (decision.taken, decision.waiting, decision.next_queue_number) == (2, 1, 4)


def test_nobody_gets_onto_a_shift_that_has_begun() -> None:
    begun = shift(capacity=5, starts_at=NOW)
    decision = decide_group(begun, NOW, PEOPLE[:2], set(PEOPLE), set())
    assert verdict_of(decision) == ["too_late", "too_late"]
    assert decision.taken == 0


@given(
    capacity=st.integers(1, 6),
    groups=st.lists(st.lists(st.sampled_from(PEOPLE), max_size=8), max_size=5),
    known=st.sets(st.sampled_from(PEOPLE)),
)
def test_any_grouping_gives_what_one_by_one_gives(capacity: int, groups: list[list[UUID]], known: set[UUID]) -> None:
    requests = [volunteer for group in groups for volunteer in group]
    expected = []
    signed_up: list[UUID] = []
    for volunteer in requests:
        if volunteer not in known:
            expected.append("unknown_reference")
        elif volunteer in signed_up:
            expected.append("already_signed_up")
        else:
            signed_up.append(volunteer)
            expected.append("confirmed" if len(signed_up) <= capacity else "waiting")

    state, live, found, numbers = shift(capacity), set[UUID](), [], []
    for group in groups:
        decision = decide_group(state, NOW, group, known, live)
        for volunteer, verdict in zip(group, decision.verdicts, strict=True):
            if isinstance(verdict, Place):
                live.add(volunteer)
                numbers.append(verdict.queue_number)
                if verdict.state is SignUpState.WAITING:
                    assert verdict.position == verdict.queue_number - capacity
            found.append(verdict.code if isinstance(verdict, Fault) else verdict.state.value)
        assert decision.taken <= capacity
        assert decision.waiting == 0 or decision.taken == capacity
        state = Shift(
            state.id,
            state.activity_id,
            state.activity_title,
            state.starts_at,
            state.ends_at,
            capacity,
            decision.taken,
            decision.waiting,
            decision.next_queue_number,
        )
    assert found == expected
    assert numbers == list(range(1, len(signed_up) + 1))

"""People sign up alone and together, leave, accept and let offers run out, on two shifts of one hour: the rules as they
are applied one after the other never give too much, nothing twice at one time, and leave nobody waiting for no reason.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.activities.signing_up.domain import HOLDING, TAKING_UP, Shift, SignUpState, TakenUp, decide_group
from services.activities.signing_up.waiting_list import WaitingOne, next_to_offer, parties_of
from shared.contracts.faults import RefusedError

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
PEOPLE = [UUID(int=number) for number in range(1, 10)]
parties = st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True)
which = st.integers(0, 1)


@dataclass
class SignedUp:
    """A sign-up of the model."""

    shift: int
    volunteer: UUID
    state: SignUpState
    queue_number: int
    group_id: UUID | None
    id: UUID = field(default_factory=uuid4)


class Places(RuleBasedStateMachine):
    """Two shifts of one hour, and all who have asked for them."""

    @initialize(capacities=st.tuples(st.integers(1, 4), st.integers(1, 4)))
    def publish(self, capacities: tuple[int, int]) -> None:
        starts_at = NOW + timedelta(days=3)
        self.shifts = [
            Shift(uuid4(), uuid4(), "读书会", starts_at, starts_at + timedelta(hours=2), capacity, 0, 0, 1)
            for capacity in capacities
        ]
        self.signed_up: list[SignedUp] = []

    @rule(shift=which, party=parties)
    def ask(self, shift: int, party: list[UUID]) -> None:
        asked = self.shifts[shift]
        taken_up = {
            one.volunteer: TakenUp(one.id, self.shifts[one.shift].id, "", asked.starts_at, asked.ends_at)
            for one in self.live()
            if one.volunteer in party
        }
        decision = decide_group(asked, NOW, [party], set(PEOPLE), taken_up)
        [verdict] = decision.verdicts
        if isinstance(verdict, RefusedError):
            assert taken_up or len(party) > asked.capacity
            return
        group_id = uuid4() if len(party) > 1 else None
        self.signed_up += [
            SignedUp(shift, volunteer, place.state, place.queue_number, group_id)
            for volunteer, place in zip(party, verdict, strict=True)
        ]
        self.shifts[shift] = replace(
            asked, taken=decision.taken, waiting=decision.waiting, next_queue_number=decision.next_queue_number
        )

    @rule(number=st.integers(0))
    def leave_or_let_it_run_out(self, number: int) -> None:
        live = [one for one in self.live() if one.state is not SignUpState.ATTENDING]
        if not live:
            return
        one = live[number % len(live)]
        one.state = SignUpState.WITHDRAWN
        self.count(one.shift)
        for shift in (one.shift, 1 - one.shift):  # the other one's waiting list may have waited for this
            self.offer(shift)

    @rule(number=st.integers(0))
    def accept(self, number: int) -> None:
        offered = [one for one in self.signed_up if one.state is SignUpState.OFFERED]
        if offered:
            one = offered[number % len(offered)]
            for member in self.signed_up:
                if member is one or (member.group_id and member.group_id == one.group_id and member in offered):
                    member.state = SignUpState.CONFIRMED

    @rule(shift=which, places=st.integers(1, 3))
    def add_places(self, shift: int, places: int) -> None:
        self.shifts[shift] = replace(self.shifts[shift], capacity=self.shifts[shift].capacity + places)
        self.offer(shift)

    def offer(self, shift: int) -> None:
        """Offer what is free as `places.offer_places` does."""
        state, queue = self.shifts[shift], self.queue(shift)
        chosen = next_to_offer(queue, state.capacity - state.taken, self.elsewhere(shift))
        by_id = {one.id: one for one in self.signed_up}
        for one in chosen:
            by_id[one.sign_up_id].state = SignUpState.OFFERED
        self.count(shift)

    def live(self) -> list[SignedUp]:
        return [one for one in self.signed_up if one.state in TAKING_UP]

    def of(self, shift: int, *states: SignUpState) -> Iterator[SignedUp]:
        return (one for one in self.signed_up if one.shift == shift and one.state in states)

    def queue(self, shift: int) -> list[WaitingOne]:
        waiting = sorted(self.of(shift, SignUpState.WAITING), key=lambda one: one.queue_number)
        return [WaitingOne(one.id, one.volunteer, one.group_id, 1, one.queue_number) for one in waiting]

    def elsewhere(self, shift: int) -> set[UUID]:
        return {one.volunteer for one in self.of(1 - shift, *HOLDING)}

    def count(self, shift: int) -> None:
        taken, waiting = len([*self.of(shift, *HOLDING)]), len([*self.of(shift, SignUpState.WAITING)])
        self.shifts[shift] = replace(self.shifts[shift], taken=taken, waiting=waiting)

    @invariant()
    def nobody_has_taken_up_two_things_at_one_time(self) -> None:
        assert max(Counter(one.volunteer for one in self.live()).values(), default=0) <= 1

    @invariant()
    def capacity_is_never_exceeded_and_counted_right(self) -> None:
        for number, shift in enumerate(self.shifts):
            assert shift.taken == len([*self.of(number, *HOLDING)]) <= shift.capacity
            assert shift.waiting == len(self.queue(number))

    @invariant()
    def whoever_waits_cannot_have_what_is_free(self) -> None:
        for number, shift in enumerate(self.shifts):
            for party in parties_of(self.queue(number)):
                assert len(party) > shift.capacity - shift.taken

    @invariant()
    def a_group_waits_whole_or_not_at_all(self) -> None:
        for group_id in {one.group_id for one in self.signed_up if one.group_id}:
            states = {one.state for one in self.live() if one.group_id == group_id}
            assert len(states - {SignUpState.CONFIRMED, SignUpState.OFFERED}) <= 1
            assert not (SignUpState.WAITING in states and len(states) > 1)


TestPlaces = Places.TestCase
TestPlaces.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)

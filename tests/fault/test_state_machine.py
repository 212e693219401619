"""Any order of commands and crashes: sign-up and ledger stay what a model in memory says they are.

Hypothesis draws the commands (sign up, withdraw, take what is free, sign up again, check in, check out, correct, ask
again with the same key) and the crashes (the API before or after its commit, a relay, the consumer), on real processes.
After every command the places, the waiting list and the records in activities' database equal the model; after a pause
the ledger's minutes do too.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar, Literal, TypeVar
from uuid import UUID

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.fault.case import Case
from tests.fault.invariants import Findings, check
from tests.fault.model import District, Operation, World, new_world
from tests.fault.system import System
from tests.support.eventually import eventually

T = TypeVar("T")
State = Literal["confirmed", "waiting", "withdrawn", "attending", "completed"]
CAPACITY, VOLUNTEERS = 2, 5
BEFORE_ALL_THAT_IS_SERVED = timedelta(hours=4)
API = "activities.api"
NO_CRASH = ""
API_CRASHES = ("request.before_commit:kill9", "request.after_commit:kill9")
BACKGROUND_CRASHES = (
    ("activities.relay", "relay.before_send:kill9"),
    ("activities.relay", "relay.after_send:kill9"),
    ("assessment.consumer", "consumer.after_poll:kill9"),
    ("assessment.consumer", "consumer.before_commit:kill9"),
    ("assessment.consumer", "consumer.after_commit:kill9"),
)

volunteers = st.integers(0, VOLUNTEERS - 1)
crashes = st.sampled_from((NO_CRASH, NO_CRASH, NO_CRASH, *API_CRASHES))


@dataclass
class Known:
    """A sign-up as the model has it: checked in at ``since``; ``minutes`` and ``version`` are its record's, if any."""

    id: str
    volunteer: int
    queue_number: int
    state: State
    served: int = 0
    since: float = 0
    record: str = ""
    minutes: int = 0
    version: int = 0


class Machine(RuleBasedStateMachine):
    """One shift of two places, five volunteers, and what they have asked for."""

    system: ClassVar[System]
    loop: ClassVar[asyncio.AbstractEventLoop]
    seed: ClassVar[int]
    examples: ClassVar[int] = 0
    commands: ClassVar[int] = 0
    crashed: ClassVar[int] = 0
    findings: ClassVar[Findings]
    failures: ClassVar[list[Exception]]

    def __init__(self) -> None:
        super().__init__()
        kind = type(self)
        kind.examples += 1
        self.signed_up: list[Known] = []
        self.world: World = self.run(new_world(self.system, districts=1, volunteers=VOLUNTEERS))
        self.world.addresses = [self.system[API].address]  # the one that is armed
        self.shift: UUID = self.run(self.world.publish(self.district, capacity=CAPACITY))
        self.requests: list[tuple[Operation, str, str, str, Any, int | None]] = []

    @property
    def district(self) -> District:
        return self.world.districts[0]

    @initialize()
    def places_are_taken(self) -> None:
        for volunteer in range(CAPACITY + 1):
            self.sign_up(volunteer, NO_CRASH)

    @rule(volunteer=volunteers, crash=crashes)
    def sign_up(self, volunteer: int, crash: str) -> None:
        live = self.latest(volunteer)
        op = self.ask("sign_up", "POST", f"/v1/shifts/{self.shift}/sign-ups", volunteer, crash)
        if live and live.state != "withdrawn":
            assert self.code(op) == "already_signed_up"
            return
        state: State = "confirmed" if self.taken() < CAPACITY else "waiting"
        known = Known(op.answer["sign_up_id"], volunteer, len(self.signed_up) + 1, state)
        self.signed_up.append(known)
        position = len(self.waiting()) if state == "waiting" else None
        assert op.answer == {
            "sign_up_id": known.id,
            "state": state,
            "queue_number": known.queue_number,
            "position": position,
        }

    @precondition(lambda self: self.signed_up)
    @rule(which=st.integers(0), crash=crashes)
    def withdraw(self, which: int, crash: str) -> None:
        known = self.signed_up[which % len(self.signed_up)]
        op = self.ask("withdraw", "DELETE", f"/v1/sign-ups/{known.id}", known.volunteer, crash, key=known.id)
        if known.state in ("attending", "completed"):
            assert self.code(op) == "not_open"
            return
        assert op.outcome == "ok", op
        if known.state == "withdrawn":
            self.changes_nothing(op)
        known.state = "withdrawn"  # so near the start the place is offered to nobody

    @precondition(lambda self: self.signed_up)
    @rule(which=st.integers(0), crash=crashes)
    def take_what_is_free(self, which: int, crash: str) -> None:
        known = self.signed_up[which % len(self.signed_up)]
        op = self.ask("accept", "POST", f"/v1/sign-ups/{known.id}/accept", known.volunteer, crash)
        if known.state == "confirmed":
            self.changes_nothing(op)
        elif known.state == "waiting" and self.taken() < CAPACITY:
            assert op.answer["state"] == "confirmed"
            known.state = "confirmed"
        else:
            assert self.code(op) == "not_open"

    @precondition(lambda self: self.signed_up)
    @rule(which=st.integers(0), minutes=st.integers(2, 200), crash=crashes)
    def check_in(self, which: int, minutes: int, crash: str) -> None:
        known = self.signed_up[which % len(self.signed_up)]
        op = self.ask("check_in", "POST", f"/v1/sign-ups/{known.id}/check-in", None, crash)
        if known.state == "attending":
            self.changes_nothing(op)
        elif known.state == "confirmed":
            assert op.answer["state"] == "attending"
            known.state, known.served, known.since = "attending", minutes, time.monotonic()
            self.run(self.let_pass(known, minutes))
        else:
            assert self.code(op) == "not_open"

    @precondition(lambda self: self.signed_up)
    @rule(which=st.integers(0), crash=crashes)
    def check_out(self, which: int, crash: str) -> None:
        known = self.signed_up[which % len(self.signed_up)]
        body = {"sign_up_id": known.id}
        self.run(self.begin_earlier(BEFORE_ALL_THAT_IS_SERVED))
        op = self.ask("check_out", "POST", "/v1/check-outs", known.volunteer, crash, body=body)
        self.run(self.begin_earlier(-BEFORE_ALL_THAT_IS_SERVED))
        if known.state == "completed":
            assert op.answer["record"]["id"] == known.record
            self.changes_nothing(op)
        elif known.state == "attending":
            record, minutes = op.answer["record"], op.answer["minutes"]
            own = (time.monotonic() - known.since) / 60 + 1  # the test's own time, from one rounding to the other
            assert known.served <= minutes <= known.served + own
            known.state, known.record, known.minutes, known.version = "completed", record["id"], minutes, 1
            known.served = minutes
        else:
            assert self.code(op) == "not_open"

    @precondition(lambda self: self.with_record())
    @rule(which=st.integers(0), share=st.floats(0, 1), stale=st.booleans(), crash=crashes)
    def correct(self, which: int, share: float, stale: bool, crash: str) -> None:
        known = self.with_record()[which % len(self.with_record())]
        minutes, version = round(known.served * share), known.version - stale
        path = f"/v1/service-records/{known.record}/corrections"
        body = {"minutes": minutes, "reason": "核对"}
        op = self.ask("correct", "POST", path, None, crash, body=body, version=version)
        if stale:
            assert self.code(op) == "changed_meanwhile"
        elif known.minutes in (0, minutes):
            assert self.code(op) == "not_open"
        else:
            assert op.answer["version"] == version + 1
            known.minutes, known.version = minutes, version + 1

    @precondition(lambda self: self.requests)
    @rule(which=st.integers(0), crash=crashes)
    def ask_again_with_the_same_key(self, which: int, crash: str) -> None:
        op, method, path, token, body, version = self.requests[which % len(self.requests)]
        before, had_an_effect = op.answers[0], op in self.world.history
        self.run(self.under(crash, self.world.send(op, method, path, token, json=body, version=version)))
        assert op.answers[-1] == before
        if not had_an_effect:
            self.changes_nothing(op)

    @rule(crash=st.sampled_from(BACKGROUND_CRASHES))
    def crash_in_the_background(self, crash: tuple[str, str]) -> None:
        name, failpoint = crash
        self.run(self.revive(name))
        self.system[name].arm(failpoint)

    @rule()
    def settle(self) -> None:
        self.run(eventually(self.ledger_is_the_models))

    @invariant()
    def activities_is_the_models(self) -> None:
        rows = self.run(
            self.system.rows(
                "activities",
                """SELECT u.id::text, u.queue_number, u.state, s.taken, s.waiting, r.minutes, r.version
                   FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
                   LEFT JOIN service_record r ON r.district = u.district AND r.sign_up_id = u.id
                   WHERE u.shift_id = $1 ORDER BY u.queue_number""",
                self.shift,
            )
        )
        assert [(row["id"], row["queue_number"], row["state"]) for row in rows] == [
            (known.id, known.queue_number, known.state) for known in self.signed_up
        ]
        assert {(row["taken"], row["waiting"]) for row in rows} <= {(self.taken(), len(self.waiting()))}
        assert self.taken() <= CAPACITY
        records = [(row["minutes"], row["version"]) for row in rows if row["version"]]
        assert records == [(known.minutes, known.version) for known in self.signed_up if known.record]

    def teardown(self) -> None:
        for name in {name for name, _ in BACKGROUND_CRASHES}:
            self.system[name].arm("")  # an order not met here would be met by the next example's first event
        self.run(eventually(self.ledger_is_the_models))
        self.run(self.system.healed())
        type(self).findings.items.update(self.run(check(self.world)).items)

    async def ledger_is_the_models(self) -> bool:
        for name in {name for name, _ in BACKGROUND_CRASHES}:
            await self.revive(name)
        rows = await self.system.rows(
            "assessment", "SELECT volunteer_id, minutes FROM volunteer_hours WHERE district = $1", self.district.code
        )
        expected = {self.district.volunteers[known.volunteer]: known.minutes for known in self.with_record()}
        return {row["volunteer_id"]: row["minutes"] for row in rows} == expected

    def ask(
        self,
        kind: Any,
        method: str,
        path: str,
        volunteer: int | None,
        crash: str,
        *,
        key: str | None = None,
        body: Any = None,
        version: int | None = None,
    ) -> Operation:
        """Send a command, through a crash or not, until it is answered. A volunteer of None is the manager."""
        type(self).commands += 1
        issuer, code = self.system.issuer, self.district.code
        if volunteer is None:
            token = issuer.admin(code, self.district.admin)
        else:
            token = issuer.volunteer(code, self.district.volunteers[volunteer])
        op = Operation(kind, code, key or f"{self.seed}-{len(self.world.history)}-{type(self).commands}")
        self.run(self.under(crash, self.world.send(op, method, path, token, json=body, version=version)))
        assert op.outcome != "maybe", "the API was back, and yet there was no answer"
        if op.outcome == "ok" and kind != "withdraw":
            self.requests.append((op, method, path, token, body, version))
        return op

    async def under(self, crash: str, request: Coroutine[Any, Any, Any]) -> None:
        """Make a request while the API is armed with a crash; it is started again where it did crash."""
        api = self.system[API]
        if crash:
            api.arm(crash)
        asking = asyncio.create_task(request)
        while crash and not asking.done():
            if not api.running:
                type(self).crashed += 1
                await self.system.start(API)
            await asyncio.sleep(0.01)
        await asking
        api.order.unlink(missing_ok=True)

    async def revive(self, name: str) -> None:
        if not self.system[name].running:
            type(self).crashed += 1
            await self.system.start(name)

    async def let_pass(self, known: Known, minutes: int) -> None:
        """Let a volunteer have served for so long."""
        await self.system.execute(
            "activities",
            """UPDATE sign_up SET checked_in_at = checked_in_at - make_interval(mins => $3)
               WHERE id = $1 AND district = $2""",
            UUID(known.id),
            self.district.code,
            minutes,
        )

    async def begin_earlier(self, by: timedelta) -> None:
        """Let the shift have begun already while somebody checks out; for the others it is still open for sign-up."""
        statement = "UPDATE shift SET starts_at = starts_at - $2::interval WHERE id = $1"
        await self.system.execute("activities", statement, self.shift, by)

    def changes_nothing(self, op: Operation) -> None:
        """Take an operation that succeeded without an effect out of the history that the invariants are checked by."""
        assert op.outcome == "ok", op
        self.world.history.remove(op)

    def latest(self, volunteer: int) -> Known | None:
        return next((known for known in reversed(self.signed_up) if known.volunteer == volunteer), None)

    def taken(self) -> int:
        return sum(known.state in ("confirmed", "attending", "completed") for known in self.signed_up)

    def waiting(self) -> list[Known]:
        return [known for known in self.signed_up if known.state == "waiting"]

    def with_record(self) -> list[Known]:
        return [known for known in self.signed_up if known.record]

    def code(self, op: Operation) -> str:
        assert op.outcome == "refused", op
        faults: Sequence[dict[str, str]] = op.problem["faults"]
        return faults[0]["code"]

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Do asynchronous work on the test's loop; the machine itself runs in a thread."""
        try:
            return asyncio.run_coroutine_threadsafe(work, self.loop).result()
        except Exception as fault:
            type(self).failures.append(fault)
            raise


@pytest.mark.row(60)
async def test_state_machine_of_commands_and_crashes(case: Case) -> None:
    """Hypothesis: commands x crashes for sign-up and ledger, against a model in memory"""
    seed = case.rng.getrandbits(32)

    @hypothesis.seed(seed)
    class OfThisRun(Machine):
        system, loop = case.system, asyncio.get_running_loop()

    OfThisRun.seed, OfThisRun.findings, OfThisRun.failures = case.seed, case.findings, []
    long = "SEEDS" in os.environ
    size = settings(
        max_examples=4 if long else 3,
        stateful_step_count=25 if long else 15,
        deadline=None,
        database=None,
        phases=[Phase.generate],  # a shorter failure would take hundreds of runs on real processes
        suppress_health_check=list(HealthCheck),
    )
    try:
        await asyncio.to_thread(run_state_machine_as_test, OfThisRun, settings=size)
    except FlakyStrategyDefinition:  # what failed once and not again is still a failure, and says more
        raise OfThisRun.failures[0] from None
    print(f"{OfThisRun.examples} examples, {OfThisRun.commands} commands, {OfThisRun.crashed} crashes")  # noqa: T201
    assert OfThisRun.commands
    await case.system.healed()

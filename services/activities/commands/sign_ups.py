"""Signing up: a rush for one shift is decided in groups, one transaction a group.

Invariant: while a transaction for a shift runs, the requests that arrive for it wait and are decided together by the
next one, in order of arrival, each with a verdict of its own. The shift's row lock (``lock_shift``) keeps the groups of
several processes apart, so capacity is exact whatever their number; statements per group are constant.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import compress
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.domain.sign_up import Place, Shift, SignUpState, decide_group
from services.activities.repository import known, sign_ups
from services.activities.repository.sign_ups import NewSignUp
from shared.contracts import Event, VolunteerSignedUp, VolunteerWaitlisted
from shared.contracts.faults import Fault, RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, KeyTakenMeanwhileError, known_answers, store_answers
from shared.http.problems import ProblemError
from shared.ops import metrics
from shared.ops.tracing import continue_trace, current_traceparent
from shared.store import event_log
from shared.store.engine import Store
from shared.store.event_log import NewEvent, new_id, now

LARGEST_GROUP = 500

Verdict = Answer | RefusedError | ProblemError


class SignUpAnswer(BaseModel):
    """What a volunteer got: a confirmed place, or a position (from 1) on the waiting list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sign_up_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "state": "waiting",
                    "queue_number": 23,
                    "position": 3,
                }
            ]
        }
    )

    sign_up_id: UUID
    state: SignUpState
    queue_number: int
    position: int | None


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """A volunteer's request, waiting for the group that decides it."""

    caller: Caller
    volunteer_id: UUID
    claim: Claim | None
    answer: asyncio.Future[Answer]
    traceparent: str | None = field(default_factory=current_traceparent)

    def settle(self, verdict: Verdict | Exception) -> None:
        """Give the verdict to whoever waits, if they still do."""
        if self.answer.done():
            return
        if isinstance(verdict, Exception):
            self.answer.set_exception(verdict)
        else:
            self.answer.set_result(verdict)


class SignUpGroups:
    """The requests of this process that wait, by shift."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: dict[tuple[str, UUID], deque[Request]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def sign_up(self, caller: Caller, shift_id: UUID, claim: Claim | None) -> Answer:
        """Sign the caller up for a shift. Raises RefusedError, or whatever made the group's transaction fail."""
        if caller.volunteer_id is None:
            raise RefusedError(Fault("volunteer_id", "forbidden"))
        request = Request(caller, caller.volunteer_id, claim, asyncio.get_running_loop().create_future())
        shift = (caller.district, shift_id)
        if shift in self._waiting:
            self._waiting[shift].append(request)
        else:
            self._waiting[shift] = deque([request])
            task = asyncio.create_task(self._work_off(shift))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await request.answer

    async def _work_off(self, shift: tuple[str, UUID]) -> None:
        """Decide group after group until nobody waits for the shift. A failure is told to all of its group."""
        waiting = self._waiting[shift]
        while waiting:
            group = next_group(waiting)
            if not group:
                continue
            metrics.SIGN_UP_GROUP_SIZE.observe(len(group))
            continue_trace(group[0].traceparent if len(group) == 1 else None)
            try:
                verdicts = await self._decide(*shift, group)
            except Exception as fault:  # noqa: BLE001 - whatever it was, those who wait must be told
                verdicts = [fault] * len(group)
            for request, verdict in zip(group, verdicts, strict=True):
                request.settle(verdict)
        del self._waiting[shift]

    async def _decide(self, district: str, shift_id: UUID, group: Sequence[Request]) -> Sequence[Verdict | Exception]:
        while True:
            try:
                async with self._store.transaction(district) as tx:
                    return await decide(tx, district, shift_id, group)
            except KeyTakenMeanwhileError:
                continue


def next_group(waiting: deque[Request]) -> list[Request]:
    """Take the next group out of those who wait: no idempotency key twice, and nobody who has gone."""
    group: list[Request] = []
    keys: set[tuple[UUID, str]] = set()
    while waiting and len(group) < LARGEST_GROUP:
        request = waiting[0]
        key = (request.caller.account_id, request.claim.key) if request.claim else None
        if key in keys:
            break
        waiting.popleft()
        if request.answer.done():
            continue
        if key:
            keys.add(key)
        group.append(request)
    return group


async def decide(tx: AsyncConnection, district: str, shift_id: UUID, group: Sequence[Request]) -> list[Verdict]:
    """Decide a group in its transaction; return a verdict for each request, in order."""
    shift = await sign_ups.lock_shift(tx, district, shift_id)
    if shift is None:
        return [RefusedError(Fault("shift_id", "not_found")) for _ in group]
    verdicts: list[Verdict | None] = [*await known_answers(tx, [(r.caller, r.claim) for r in group])]
    fresh = list(compress(group, (verdict is None for verdict in verdicts)))
    decided = iter(await _decide_fresh(tx, district, shift, fresh) if fresh else ())
    return [verdict or next(decided) for verdict in verdicts]


async def _decide_fresh(
    tx: AsyncConnection, district: str, shift: Shift, requests: Sequence[Request]
) -> list[Answer | RefusedError]:
    volunteers = [request.volunteer_id for request in requests]
    registered, live = await known.known_and_live(tx, district, shift.id, volunteers)
    decision = decide_group(shift, now(), volunteers, registered, live)
    placed = [
        (request, place, NewSignUp(new_id(), request.volunteer_id, place.state, place.queue_number))
        for request, place in zip(requests, decision.verdicts, strict=True)
        if isinstance(place, Place)
    ]
    answers = [_answer(new, place) for _, place, new in placed]
    if placed:
        await sign_ups.add_sign_ups(tx, district, shift.id, decision, [new for _, _, new in placed])
        await event_log.append(
            tx,
            [
                NewEvent(district, new.id, 1, _event(shift, new), request.caller.name, traceparent=request.traceparent)
                for request, _, new in placed
            ],
        )
        await store_answers(
            tx,
            [(request.caller, request.claim, answer) for (request, _, _), answer in zip(placed, answers, strict=True)],
        )
    given = iter(answers)
    return [RefusedError(v) if isinstance(v, Fault) else next(given) for v in decision.verdicts]


def _answer(new: NewSignUp, place: Place) -> Answer:
    return Answer.of(
        201,
        SignUpAnswer(sign_up_id=new.id, state=place.state, queue_number=place.queue_number, position=place.position),
    )


def _event(shift: Shift, new: NewSignUp) -> Event:
    if new.state is SignUpState.WAITING:
        return VolunteerWaitlisted(
            sign_up_id=new.id,
            shift_id=shift.id,
            activity_id=shift.activity_id,
            volunteer_id=new.volunteer_id,
            queue_number=new.queue_number,
        )
    return VolunteerSignedUp(
        sign_up_id=new.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=new.volunteer_id,
    )

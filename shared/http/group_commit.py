"""Group commit: requests that arrive for one thing while a transaction for it runs are decided by the next, together.

Invariant: of a thing one group at a time is decided in this process, in order of arrival; the lock that ``lock`` takes
keeps the groups of several processes apart. The lock comes before the keys are looked up: a request that was answered
by the group before is then seen. Keys, effects and answers commit together; statements per group are constant.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar
from uuid import UUID

from prometheus_client import Histogram
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import RefusedError
from shared.http.auth import Caller
from shared.http.idempotency import Answer, Claim, KeyTakenMeanwhileError, known_answers, store_answers
from shared.http.problems import ProblemError
from shared.ops.tracing import continue_trace, current_traceparent
from shared.store.engine import Store

LARGEST_GROUP = 500
L = TypeVar("L")
R = TypeVar("R")
Verdict = Answer | RefusedError | ProblemError
Lock = Callable[[AsyncConnection, str, UUID, Sequence[R]], Awaitable[L]]
"""Locks a thing of a district for those who ask for it; what it raises is told to the whole group."""
Decide = Callable[[AsyncConnection, str, L, Sequence[R]], Awaitable[Sequence[BaseModel | RefusedError]]]
"""Decides requests for what ``lock`` returned: a result or a refusal for each, in order."""


@dataclass(frozen=True, slots=True, eq=False)
class Waiting(Generic[R]):
    """A request that waits for the group that decides it."""

    caller: Caller
    claim: Claim | None
    request: R
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


class GroupCommit(Generic[L, R]):
    """The requests of this process that wait, by what they are for; what is granted is answered with ``status``."""

    def __init__(
        self, store: Store, lock: Lock[R, L], decide: Decide[L, R], *, status: int, group_size: Histogram
    ) -> None:
        self._store = store
        self._lock = lock
        self._decide = decide
        self._status = status
        self._group_size = group_size
        self._waiting: dict[tuple[str, UUID], deque[Waiting[R]]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def ask(self, caller: Caller, thing: UUID, claim: Claim | None, request: R) -> Answer:
        """Ask for something. Raises RefusedError, or whatever made the group's transaction fail."""
        one = Waiting(caller, claim, request, asyncio.get_running_loop().create_future())
        key = (caller.district, thing)
        if key in self._waiting:
            self._waiting[key].append(one)
        else:
            self._waiting[key] = deque([one])
            task = asyncio.create_task(self._work_off(key))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return await one.answer

    async def _work_off(self, key: tuple[str, UUID]) -> None:
        """Decide group after group until nobody waits. A failure is told to all of its group."""
        waiting = self._waiting[key]
        while waiting:
            group = next_group(waiting)
            if not group:
                continue
            self._group_size.observe(len(group))
            continue_trace(group[0].traceparent if len(group) == 1 else None)
            try:
                verdicts = await self._commit(*key, group)
            except Exception as fault:  # noqa: BLE001 - whatever it was, those who wait must be told
                verdicts = [fault] * len(group)
            for one, verdict in zip(group, verdicts, strict=True):
                one.settle(verdict)
        del self._waiting[key]

    async def _commit(self, district: str, thing: UUID, group: Sequence[Waiting[R]]) -> Sequence[Verdict | Exception]:
        while True:
            try:
                async with self._store.transaction(district) as tx:
                    return await self.decide(tx, district, thing, group)
            except KeyTakenMeanwhileError:
                continue

    async def decide(
        self, tx: AsyncConnection, district: str, thing: UUID, group: Sequence[Waiting[R]]
    ) -> list[Verdict]:
        """Decide a group in its transaction; return a verdict for each request, in order."""
        locked = await self._lock(tx, district, thing, [one.request for one in group])
        known = await known_answers(tx, [(one.caller, one.claim) for one in group])
        fresh = [one for one, answer in zip(group, known, strict=True) if answer is None]
        results = await self._decide(tx, district, locked, [one.request for one in fresh]) if fresh else ()
        decided = {one: self._verdict(result) for one, result in zip(fresh, results, strict=True)}
        granted = [(one, verdict) for one, verdict in decided.items() if isinstance(verdict, Answer)]
        await store_answers(tx, [(one.caller, one.claim, answer) for one, answer in granted])
        return [answer or decided[one] for one, answer in zip(group, known, strict=True)]

    def _verdict(self, result: BaseModel | RefusedError) -> Answer | RefusedError:
        return result if isinstance(result, RefusedError) else Answer.of(self._status, result)


def next_group(waiting: deque[Waiting[R]]) -> list[Waiting[R]]:
    """Take the next group out of those who wait: no idempotency key twice, and nobody who has gone."""
    group: list[Waiting[R]] = []
    keys: set[tuple[UUID, str]] = set()
    while waiting and len(group) < LARGEST_GROUP:
        one = waiting[0]
        key = (one.caller.account_id, one.claim.key) if one.claim else None
        if key in keys:
            break
        waiting.popleft()
        if one.answer.done():
            continue
        if key:
            keys.add(key)
        group.append(one)
    return group

"""The role ``worker``: one loop that claims what is due, and for each kind a few slots in which it is run.

Invariant: one failing item delays nobody else. A batch whose run raises is run again one by one; what fails alone
backs off and has an end; a kind has slots of its own; an item whose process died is claimed when its lease is over, and
is given up like one that failed if that happens as often as its kind has patience. A fault of the moment (a server is
away) is nobody's failure.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import NAMESPACE_OID, uuid5

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import RefusedError
from shared.contracts.operations import NO_DISTRICT
from shared.ops.back_off import back_off
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.event_log import now
from shared.work import queue
from shared.work.kind import Done, End, Ended, Ending, Failed, Item, Later, NewWork, Next, Outcome, WorkKind
from shared.work.queue import LEASE_SECONDS, ClaimLostError, Conclusion

RENEW_SECONDS = LEASE_SECONDS / 4
SHORTEST_PAUSE, LONGEST_PAUSE = 0.05, 0.5
"""Between two looks while nothing is due."""
LONGEST_BACK_OFF = 10.0
"""Between two looks while the database is away, however long that is."""
AWAY_SECONDS = 5.0
"""After a fault of the moment an item is tried again within as long."""
INTERRUPTED = "interrupted"
"""The code of work that was given up as its process died over it again and again."""
log = structlog.get_logger()


class TimeLimitError(Exception):
    """A run has not come forward within its kind's time limit."""


class Worker:
    """Does the work of one service. Several can run."""

    def __init__(
        self,
        store: Store,
        kinds: Sequence[WorkKind],
        endings: Mapping[str, Ending],
        is_passing: Callable[[BaseException], bool],
    ) -> None:
        """``is_passing`` tells faults of the moment."""
        self._store = store
        self._kinds = {kind.name: kind for kind in kinds}
        self._endings = endings
        self._is_passing = is_passing
        self._running: dict[str, int] = dict.fromkeys(self._kinds, 0)
        self._claimed: set[Item] = set()
        self._freed = asyncio.Event()

    async def run(self, heartbeat: Heartbeat) -> None:
        """Work until cancelled; what is under way then is given back, for the next worker to take up at once.

        A run that ends what it is at first keeps its claim meanwhile.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                keeping = tasks.create_task(self._keep_claims())
                try:
                    await self._work_until_cancelled(heartbeat)
                finally:
                    keeping.cancel()
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None
        finally:
            await self._give_back()

    async def _work_until_cancelled(self, heartbeat: Heartbeat) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                await self._claim_for_ever(tasks, heartbeat)
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None

    async def _claim_for_ever(self, tasks: asyncio.TaskGroup, heartbeat: Heartbeat) -> None:
        standing, idle, failures = False, 0, 0
        while True:
            self._freed.clear()
            try:
                if not standing:
                    await self._schedule_standing()
                    standing = True
                found = await self._claim(tasks)
                failures = 0
                heartbeat.beat()
            except Exception as fault:
                if not self._is_passing(fault):
                    raise
                heartbeat.wait()
                log.warning("worker cannot look", error=type(fault).__name__)
                failures += 1
                await asyncio.sleep(back_off(failures, SHORTEST_PAUSE, LONGEST_BACK_OFF))
                continue
            idle = 0 if found else idle + 1
            if not found and await self._pause(back_off(idle, SHORTEST_PAUSE, LONGEST_PAUSE)):
                idle = 0

    async def _claim(self, tasks: asyncio.TaskGroup) -> bool:
        """Claim what is due of the kinds with a free slot, and begin; return whether there was any."""
        free = [kind for kind in self._kinds.values() if self._running[kind.name] < kind.slots]
        items = await queue.claim(self._store, free) if free else []
        for kind in free:
            if batch := [item for item in items if item.kind == kind.name]:
                self._running[kind.name] += 1
                self._claimed.update(batch)
                tasks.create_task(self._occupy_slot(kind, batch))
        if items:
            reach("work.after_claim")
        return bool(items)

    async def _pause(self, seconds: float) -> bool:
        """Wait for so long or until a slot is free; return whether one is."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._freed.wait()
        return self._freed.is_set()

    async def _schedule_standing(self) -> None:
        standing = [
            NewWork(
                district=NO_DISTRICT,
                kind=kind.name,
                due_at=kind.every(now()),
                id=uuid5(NAMESPACE_OID, f"work:{kind.name}"),
            )
            for kind in self._kinds.values()
            if kind.every
        ]
        if standing:
            async with self._store.transaction() as tx:
                await queue.schedule(tx, standing)

    async def _occupy_slot(self, kind: WorkKind, items: Sequence[Item]) -> None:
        try:
            await self._work_off(kind, items)
        except Exception as fault:  # noqa: BLE001 - it can be told to nobody: their leases run out, and count as attempts
            log.error("work cannot be concluded", kind=kind.name, items=len(items), error=type(fault).__name__)
        finally:
            self._running[kind.name] -= 1
            self._freed.set()
        self._claimed.difference_update(items)

    async def _work_off(self, kind: WorkKind, items: Sequence[Item]) -> None:
        limit = kind.patience.attempts
        interrupted = [item for item in items if limit is not None and item.attempts > limit]
        if interrupted:
            await self._conclude_alone(kind, dict.fromkeys(interrupted, Failed(INTERRUPTED)))
        if fit := [item for item in items if item not in interrupted]:
            await self._run(kind, fit)

    async def _run(self, kind: WorkKind, items: Sequence[Item]) -> None:
        limit = asyncio.timeout(kind.time_limit.total_seconds())
        try:
            async with limit:
                await kind.run(_Batch(self, self._store, kind, items, limit))
        except Exception as fault:  # noqa: BLE001 - whatever it is, it is the fault of these items alone
            await self._after(TimeLimitError() if limit.expired() else fault, kind, items)

    async def _after(self, fault: Exception, kind: WorkKind, items: Sequence[Item]) -> None:
        """Go on after a run has raised: later, where it was a fault of the moment; else with each item for itself."""
        ours = await queue.still_ours(self._store, items)
        if isinstance(fault, ClaimLostError) and len(items) == 1:
            log.warning("a claim was lost", kind=kind.name, id=str(items[0].id))
        elif self._is_passing(fault):
            log.warning("work waits", kind=kind.name, items=len(ours), error=type(fault).__name__)
            again = now() + timedelta(seconds=back_off(1, AWAY_SECONDS, AWAY_SECONDS))
            await self._conclude_alone(kind, dict.fromkeys(ours, Later(again, code=_code_of(fault))))
        elif len(items) == 1:
            code = _code_of(fault)
            log.warning("work failed", kind=kind.name, id=str(items[0].id), attempts=items[0].attempts, code=code)
            await self._conclude_alone(kind, dict.fromkeys(ours, Failed(code)))
        else:
            for item in ours:
                await self._run(kind, [item])

    async def _conclude_alone(self, kind: WorkKind, outcomes: Mapping[Item, Outcome]) -> None:
        if outcomes:
            async with self._store.transaction() as tx:
                await self.conclude(tx, kind, outcomes)

    async def conclude(self, tx: AsyncConnection, kind: WorkKind, outcomes: Mapping[Item, Outcome]) -> None:
        """Note what came of items; those that are given up have their ending run."""
        at = now()
        conclusions = [_conclusion(kind, item, outcome, at) for item, outcome in outcomes.items()]
        await queue.conclude(tx, conclusions)
        given_up = [Ended(c.item.district, c.item.id, c.item.payload) for c in conclusions if c.state == End.GIVEN_UP]
        if given_up:
            log.error("work is given up", kind=kind.name, items=len(given_up))
        if given_up and kind.name in self._endings:
            await self._endings[kind.name](tx, given_up, End.GIVEN_UP)

    async def _keep_claims(self) -> None:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if not self._claimed:
                continue
            try:
                await queue.renew(self._store, self._claimed)
            except Exception as fault:
                if not self._is_passing(fault):
                    raise
                log.warning("claims cannot be renewed", error=type(fault).__name__)

    async def _give_back(self) -> None:
        if not self._claimed:
            return
        with suppress(SQLAlchemyError, OSError, TimeoutError):
            async with asyncio.timeout(2):
                await queue.give_back(self._store, self._claimed)
        self._claimed.clear()


@dataclass(frozen=True, slots=True)
class _Batch:
    """See `shared.work.kind.Batch`."""

    worker: Worker
    store: Store
    kind: WorkKind
    items: Sequence[Item]
    limit: asyncio.Timeout

    async def conclude(self, tx: AsyncConnection, outcomes: Mapping[Item, Outcome]) -> None:
        await self.worker.conclude(tx, self.kind, outcomes)

    def came_forward(self) -> None:
        self.limit.reschedule(asyncio.get_running_loop().time() + self.kind.time_limit.total_seconds())


def _conclusion(kind: WorkKind, item: Item, outcome: Outcome, at: datetime) -> Conclusion:
    attempts = item.attempts
    match outcome:
        case Done() if kind.every:
            return Conclusion(item=item, state="open", kind=kind.name, due_at=kind.every(at), attempts=0)
        case Done():
            return Conclusion(item=item, state="done", kind=kind.name, due_at=at, attempts=attempts)
        case Later(due_at, payload, code):
            return Conclusion(
                item=item,
                state="open",
                kind=kind.name,
                due_at=due_at,
                attempts=attempts - 1,
                error=code,
                payload=payload,
            )
        case Next(name, payload):
            return Conclusion(
                item=item, state="open", kind=name, due_at=at, attempts=0, payload=payload, leaves_lane=True
            )
        case Failed(code):
            over = kind.patience.is_over(item, at)
            wait = timedelta(seconds=back_off(attempts, kind.patience.first, kind.patience.longest))
            return Conclusion(
                item=item,
                state=End.GIVEN_UP if over else "open",
                kind=kind.name,
                due_at=at if over else at + wait,
                attempts=attempts,
                error=code,
            )


def _code_of(fault: Exception) -> str:
    """Return what operators are told of a fault: never its text, which can hold values."""
    return fault.faults[0].code if isinstance(fault, RefusedError) else type(fault).__name__

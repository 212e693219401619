"""Whatever workers do to one another, and wherever they die: each item's effect happens exactly once."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.engine import Store
from shared.store.event_log import now
from shared.work import queue
from shared.work.kind import Item, NewWork
from shared.work.queue import ClaimLostError, Conclusion
from tests.integration.work.conftest import DISTRICT, OTHER
from tests.support import errands
from tests.support.errands import ERRAND
from tests.support.infrastructure import Urls

WORKERS = 3
_EXPIRE = text("UPDATE work SET lease_until = clock_timestamp() WHERE claimed_at IS NOT NULL")
_CANCEL = text("UPDATE work SET state = 'cancelled', claimed_at = NULL, lease_until = NULL WHERE id = :id RETURNING id")

workers = st.integers(0, WORKERS - 1)
items = st.lists(
    st.builds(
        NewWork,
        district=st.sampled_from([DISTRICT, OTHER]),
        kind=st.just("errand"),
        lane=st.sampled_from([None, None, "lane"]),
        due_at=st.builds(now),
    ),
    min_size=1,
    max_size=6,
)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["claim", "claim", "act", "finish", "finish", "fail", "die", "give_back"]), workers),
        st.tuples(st.just("expire"), st.just(0)),
        st.tuples(st.just("cancel"), st.integers(0, 5)),
    ),
    max_size=40,
)


@dataclass
class Hand:
    """One worker: what it believes to hold, whether its lease is over, and its transaction, where it has begun one."""

    held: Sequence[Item] = ()
    expired: bool = False
    open: AsyncExitStack = field(default_factory=AsyncExitStack)
    tx: AsyncConnection | None = None

    async def drop(self) -> None:
        """Forget everything, as a process that is killed does: the server rolls its transaction back."""
        await self.open.aclose()
        self.held, self.expired, self.tx = (), False, None


class Bench:
    """Some workers on one database."""

    def __init__(self, store: Store, work: Sequence[NewWork]) -> None:
        self.store = store
        self.work = work
        self.hands = [Hand() for _ in range(WORKERS)]
        self.cancelled: set[object] = set()

    async def take(self, step: str, number: int) -> None:
        hand = self.hands[number % WORKERS]
        match step:
            case "claim" if not hand.held:
                await self.claim(hand)
            case "act" if hand.held and hand.tx is None:
                hand.tx = await hand.open.enter_async_context(self.store.engine.connect())
                await errands.enter(hand.tx, hand.held)
            case "finish" | "fail" if hand.tx is not None:
                await self.conclude(hand, failed=step == "fail")
            case "give_back" if hand.held:
                await queue.give_back(self.store, hand.held)
                await hand.drop()
            case "die":
                await hand.drop()
            case "expire":
                async with self.store.transaction() as tx:
                    await tx.execute(_EXPIRE)
                for each in self.hands:
                    each.expired = True
            case "cancel" if number < len(self.work):
                async with self.store.transaction() as tx:
                    self.cancelled.update(await tx.scalars(_CANCEL, {"id": self.work[number].id}))

    async def claim(self, hand: Hand) -> None:
        held = [item for other in self.hands if not other.expired for item in other.held]
        found = await queue.claim(self.store, [ERRAND])
        lanes = {item.id: (item.district, item.lane) for item in self.work if item.lane}
        taken = {lanes[item.id] for item in held if item.id in lanes and item.id not in self.cancelled}
        assert not {item.id for item in found} & {item.id for item in held}, "claimed twice"
        assert not {lanes[item.id] for item in found if item.id in lanes} & taken, "two of a lane at once"
        hand.held, hand.expired = found, False

    async def conclude(self, hand: Hand, *, failed: bool) -> None:
        assert hand.tx is not None
        state = "open" if failed else "done"
        conclusions = [
            Conclusion(item=item, state=state, kind="errand", due_at=now(), attempts=item.attempts)
            for item in hand.held
        ]
        try:
            await queue.conclude(hand.tx, conclusions)
        except ClaimLostError:
            assert hand.expired or self.cancelled & {item.id for item in hand.held}, "lost without a cause"
        else:
            await (hand.tx.rollback() if failed else hand.tx.commit())
        await hand.drop()

    async def finish(self) -> None:
        """Let everybody die, every lease go by, and one worker do what is left."""
        for number in range(WORKERS):
            await self.take("die", number)
        await self.take("expire", 0)
        while True:
            for step in ("claim", "act", "finish"):
                await self.take(step, 0)
            async with self.store.transaction() as tx:
                if not await tx.scalar(text("SELECT count(*) FROM work WHERE state = 'open'")):
                    return


async def play(urls: Urls, work: Sequence[NewWork], moves: Sequence[tuple[str, int]]) -> None:
    store = Store(urls.worker)
    try:
        async with store.transaction() as tx:
            await tx.execute(text("DELETE FROM work"))
            await tx.execute(text("DELETE FROM errand"))
            await queue.schedule(tx, work)
        bench = Bench(store, work)
        for step, number in moves:
            await bench.take(step, number)
        await bench.finish()
        async with store.transaction() as tx:
            ran = list((await tx.execute(text("SELECT id FROM errand"))).scalars())
        assert sorted(ran) == sorted(item.id for item in work if item.id not in bench.cancelled)
    finally:
        await store.close()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(items, steps)
@pytest.mark.usefixtures("database")
def test_every_item_s_effect_happens_exactly_once(
    database: Urls, work: list[NewWork], moves: list[tuple[str, int]]
) -> None:
    asyncio.run(play(database, work, moves))

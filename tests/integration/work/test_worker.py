"""What is scheduled is done: once, in time, whatever becomes of other items and of the processes that do it."""

import asyncio
import signal
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.event_log import now
from shared.work import queue
from shared.work.kind import (
    Batch,
    Done,
    Failed,
    Item,
    Later,
    NewWork,
    Next,
    Outcome,
    Patience,
    WorkKind,
    in_transaction,
)
from shared.work.queue import ClaimLostError, Conclusion, schedule
from tests.integration.work.conftest import DISTRICT, OTHER, Office, errand, walk
from tests.support.cost import metered
from tests.support.errands import ERRAND, QUICK, WALK, worker
from tests.support.eventually import eventually, running

HOUR = timedelta(hours=1)


async def done(office: Office, *kinds: WorkKind) -> None:
    """Run a worker until no work is open."""
    async with running(worker(office.store, *kinds).run):
        await eventually(office.all_done)


async def test_work_is_done_once_if_its_transaction_commits_and_else_not(office: Office) -> None:
    await office.schedule(*(errand(number) for number in range(12)))
    async with office.api.engine.begin() as tx:
        await tx.execute(text("SELECT set_config('app.districts', :district, true)"), {"district": DISTRICT})
        await schedule(tx, [errand(99)])
        await tx.rollback()
    await done(office)
    assert sorted(row.number for row in await office.rows("SELECT number FROM errand")) == list(range(12))


async def test_scheduling_the_same_item_again_changes_nothing(office: Office) -> None:
    item = errand(1)
    await office.schedule(item, item)
    await office.schedule(replace(item, payload={"number": 2}))
    await done(office)
    assert [row.number for row in await office.rows("SELECT number FROM errand")] == [1]


async def test_work_is_not_done_before_it_is_due(office: Office) -> None:
    later = replace(errand(2), due_at=now() + HOUR)
    await office.schedule(errand(1), later)
    async with running(worker(office.store).run):
        await eventually(lambda: office.count("errand"))
        assert [row.id for row in await office.rows("SELECT id FROM work")] == [later.id]
        await office.execute("UPDATE work SET due_at = due_at - interval '1 hour'")  # an hour goes by
        await eventually(office.all_done)
    assert await office.count("errand") == 2


async def test_one_failing_item_of_a_batch_delays_no_other_and_ends_given_up(office: Office) -> None:
    poison = errand(0, poison="value")
    await office.schedule(poison, *(errand(number) for number in range(1, 5)))
    await done(office)
    assert sorted(row.number for row in await office.rows("SELECT number FROM errand")) == [1, 2, 3, 4]
    (row,) = await office.rows("SELECT * FROM work")
    assert (row.id, row.state, row.attempts, row.last_error) == (poison.id, "given_up", 3, "ValueError")
    assert row.given_up_at is not None
    assert [tuple(row) for row in await office.rows("SELECT id, state FROM errand_end")] == [(poison.id, "given_up")]


async def test_an_item_that_meets_a_server_that_is_away_waits_and_has_not_failed(office: Office) -> None:
    away = errand(0, poison="away")
    await office.schedule(away)
    async with running(worker(office.store).run):

        async def waits() -> bool:
            (row,) = await office.rows("SELECT last_error, attempts, claimed_at FROM work")
            return (row.last_error, row.attempts, row.claimed_at) == ("ConnectionRefusedError", 0, None)

        await eventually(waits)


async def test_not_yet_is_no_failed_attempt(office: Office) -> None:
    seen: list[tuple[int, object]] = []

    async def hesitate(_: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        (item,) = items
        seen.append((item.attempts, item.payload.get("asked")))
        return {item: Done() if len(seen) > 5 else Later(now(), {"asked": len(seen)})}

    kind = WorkKind(name="question", run=in_transaction(hesitate), patience=Patience(attempts=1))
    await office.schedule(NewWork(district=DISTRICT, kind="question"))
    await done(office, kind)
    assert seen == [(1, None), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)]


async def test_an_item_goes_on_as_its_next_step(office: Office) -> None:
    async def step(_: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: Next("errand", {"number": 7}) for item in items}

    kind = WorkKind(name="step", run=in_transaction(step), patience=QUICK)
    await office.schedule(NewWork(district=DISTRICT, kind="step", lane="lane"))
    await done(office, kind, ERRAND)
    assert [row.number for row in await office.rows("SELECT number FROM errand")] == [7]


async def test_an_item_that_fails_for_too_long_is_given_up_however_often_it_was_tried(office: Office) -> None:
    async def fail(_: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: Failed("4xx") for item in items}

    kind = WorkKind(name="letter", run=in_transaction(fail), patience=Patience(age=4 * 24 * HOUR, first=0.01))
    await office.schedule(NewWork(district=DISTRICT, kind="letter"))
    async with running(worker(office.store, kind).run):

        async def tried() -> bool:
            return bool(await office.count("work WHERE attempts > 3 AND state = 'open' AND last_error = '4xx'"))

        await eventually(tried)
        await office.execute("UPDATE work SET created_at = created_at - interval '4 days'")
        await eventually(office.all_done)
    assert [row.state for row in await office.rows("SELECT state FROM work")] == ["given_up"]


async def test_a_slow_item_keeps_no_other_waiting(office: Office) -> None:
    await office.schedule(walk(3600), walk(3600), errand(1))
    async with running(worker(office.store).run):
        await eventually(lambda: office.count("errand"))
    assert await office.count("work WHERE kind = 'walk' AND state = 'open'") == 2


async def test_a_run_that_hangs_has_failed_when_its_time_is_over(office: Office) -> None:
    await office.schedule(walk(3600))
    await done(office, replace(WALK, time_limit=timedelta(seconds=0.2)))
    (row,) = await office.rows("SELECT state, last_error FROM work")
    assert tuple(row) == ("given_up", "TimeLimitError")


async def test_a_lane_is_done_in_order_one_after_the_other_and_other_districts_meanwhile(office: Office) -> None:
    mine = [walk(0.1, lane="lane") for _ in range(3)]
    blocked = [walk(0.1, district=OTHER, lane="lane") for _ in range(3)]
    await office.schedule(*mine, *blocked)
    async with running(worker(office.store).run), running(worker(office.store).run):
        await eventually(office.all_done)
    runs = await office.rows("SELECT id, ended FROM errand_run ORDER BY at")
    for lane in (mine, blocked):
        ids = [item.id for item in lane]
        assert [tuple(run) for run in runs if run.id in ids] == [(i, ended) for i in ids for ended in (False, True)]
    first = [run.id for run in runs[:2]]
    assert {mine[0].id, blocked[0].id} == set(first)


async def test_what_fails_in_a_lane_lets_the_next_on_when_it_is_given_up(office: Office) -> None:
    poison = replace(errand(1, poison="value"), lane="lane")
    await office.schedule(poison, replace(errand(2), lane="lane"))
    await done(office)
    assert [row.number for row in await office.rows("SELECT number FROM errand")] == [2]


async def test_an_earlier_item_of_a_lane_that_commits_late_waits_for_the_one_that_is_run(office: Office) -> None:
    early, late = replace(errand(1), lane="lane"), replace(errand(2), lane="lane")
    await office.schedule(late)
    (first,) = await queue.claim(office.store, [ERRAND])
    await office.schedule(early)
    assert await queue.claim(office.store, [ERRAND]) == []
    await queue.give_back(office.store, [first])
    assert [item.id for item in await queue.claim(office.store, [ERRAND])] == [early.id]


async def test_a_worker_that_is_told_to_stop_gives_its_work_back(office: Office) -> None:
    await office.schedule(walk(3600))
    async with running(worker(office.store).run):
        await eventually(lambda: office.count("errand_run"))
    (row,) = await office.rows("SELECT claimed_at, attempts FROM work")
    assert tuple(row) == (None, 0)


async def test_a_run_that_ends_what_it_is_at_first_keeps_its_claim_meanwhile(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.work.worker.RENEW_SECONDS", 0.01)
    begun, may_end = asyncio.Event(), asyncio.Event()

    async def end_first(_batch: Batch) -> None:
        begun.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await may_end.wait()
            raise

    await office.schedule(walk())
    async with running(worker(office.store, WorkKind(name="walk", run=end_first, patience=QUICK)).run) as task:
        await begun.wait()
        task.cancel()
        (before,) = await office.rows("SELECT lease_until FROM work")

        async def is_renewed() -> bool:
            (row,) = await office.rows("SELECT lease_until FROM work")
            return bool(row.lease_until > before.lease_until)

        await eventually(is_renewed)
        may_end.set()
    (row,) = await office.rows("SELECT claimed_at, attempts FROM work")
    assert tuple(row) == (None, 0)


async def test_a_claim_that_was_lost_changes_nothing(office: Office) -> None:
    await office.schedule(errand(1))
    (lost,) = await queue.claim(office.store, [ERRAND])
    await office.execute("UPDATE work SET lease_until = clock_timestamp()")
    (held,) = await queue.claim(office.store, [ERRAND])
    assert held.id == lost.id
    await queue.renew(office.store, [lost])
    await queue.give_back(office.store, [lost])
    assert await queue.still_ours(office.store, [lost]) == []
    assert await queue.still_ours(office.store, [held]) == [held]
    with pytest.raises(ClaimLostError):
        async with office.store.transaction() as tx:
            await queue.conclude(tx, [Conclusion(item=lost, state="done", kind="errand", due_at=now(), attempts=1)])
    assert await office.count("work WHERE claimed_at IS NOT NULL") == 1


async def test_work_of_a_kind_that_no_worker_knows_waits(office: Office) -> None:
    await office.schedule(NewWork(district=DISTRICT, kind="renamed"), errand(1))
    async with running(worker(office.store).run):
        await eventually(lambda: office.count("errand"))
    assert [tuple(row) for row in await office.rows("SELECT kind, attempts FROM work")] == [("renamed", 0)]


async def test_what_a_batch_costs_does_not_depend_on_its_size(office: Office) -> None:
    costs = []
    for size in (1, 5):
        await office.schedule(*(errand(number) for number in range(size)))
        with metered(office.store) as cost:
            items = await queue.claim(office.store, [ERRAND])
            await worker(office.store)._run(ERRAND, items)
        costs.append((cost.statements, cost.commits))
        assert await office.all_done()
    assert costs == [(3, 2), (3, 2)]  # claim; the errand's own; conclude


@pytest.mark.parametrize(
    "failpoint", ["work.after_claim:kill9", "errand.before_commit:kill9", "store.before_commit:kill9@4"]
)
async def test_a_killed_worker_s_work_is_done_by_the_next_exactly_once(office: Office, failpoint: str) -> None:
    await office.schedule(*(errand(number) for number in range(20)))
    with office.process(failpoint) as killed:
        assert await asyncio.to_thread(killed.wait, 60) == -signal.SIGKILL
    await office.execute("UPDATE work SET lease_until = clock_timestamp() WHERE claimed_at IS NOT NULL")  # it goes by
    await done(office)
    assert sorted(row.number for row in await office.rows("SELECT number FROM errand")) == list(range(20))


async def test_an_item_that_kills_its_process_each_time_is_given_up(office: Office) -> None:
    await office.schedule(walk())
    for _ in range(3):
        with office.process("errand.on_the_way:kill9") as killed:
            assert await asyncio.to_thread(killed.wait, 60) == -signal.SIGKILL
        await office.execute("UPDATE work SET lease_until = clock_timestamp()")  # the lease goes by
    await done(office)
    (row,) = await office.rows("SELECT state, last_error FROM work")
    assert tuple(row) == ("given_up", "interrupted")
    assert await office.count("errand_run") == 3


async def test_a_long_run_keeps_its_claim(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.work.queue.LEASE_SECONDS", 0.4)
    monkeypatch.setattr("shared.work.worker.RENEW_SECONDS", 0.1)
    await office.schedule(walk(1.5))
    async with running(worker(office.store).run), running(worker(office.store).run):
        await eventually(office.all_done)
    assert await office.count("errand_run") == 2

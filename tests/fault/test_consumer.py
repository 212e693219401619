"""The consumer is killed, stalled, slowed down or replaced around its transaction: events count once, in order."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.admin import AIOKafkaAdminClient

from tests.fault.case import Case
from tests.fault.model import Traffic, World
from tests.fault.system import Process, System
from tests.support.eventually import eventually

CONSUMER = "assessment.consumer"
EVERYTHING = ("I1", "I2", "I3", "I4", "I5", "I7", "I8")
SHORT_POLL_INTERVAL_MS = 1000


async def test_f10_consumer_killed_after_poll_before_database(case: Case) -> None:
    """consumer kill -9 with a batch in hand, before it has written any of it"""
    world = await kill_under_traffic(case, f"consumer.after_poll:kill9@{case.nth(20)}")
    await case.holds(world, *EVERYTHING)


@pytest.mark.row(60)
async def test_f11_consumer_killed_after_commit_before_kafka_knows(case: Case) -> None:
    """consumer kill -9 after COMMIT, before Kafka is told of the offsets: it goes on from the database's"""
    consumer, world = case.system[CONSUMER], await case.world()
    async with Traffic(world, case.rng) as traffic:
        consumer.arm(f"consumer.after_commit:kill9@{case.nth(20)}")
        await consumer.died()
        assert await told_to_kafka(case.system) < await in_database(case.system), "Kafka knew of all that was done"
        consumer.start()
        await traffic.goes_on()
    await case.holds(world, *EVERYTHING)


@pytest.mark.row(60)
async def test_f12_postgres_killed_in_the_consumers_transaction(case: Case) -> None:
    """PostgreSQL kill -9 (the server, or the consumer's backend) while a batch is written and not committed"""
    system, world = case.system, await case.world()
    consumer, before = system[CONSUMER], await parked(system)
    consumer.arm(f"consumer.before_commit:stop@{case.nth(3)}")
    while not await is_paused(consumer):
        await world.log(60, case.rng)
    if case.rng.random() < 0.5:
        system.kill_postgres()
        consumer.resume()
        await eventually(lambda: refuses(consumer))
        system.start_postgres()
    else:
        await system.kill_backend(await backend_in_transaction(system))
        consumer.resume()
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
    assert await parked(system) == before, "a fault of the moment was taken for the records'"


async def test_f13_zombie_commits_late(case: Case) -> None:
    """a consumer holds a polled batch while its group gives its partitions away; it writes when it is long applied"""
    system, world = case.system, await case.world()
    zombie = system[CONSUMER]
    zombie.arm(f"consumer.after_poll:stop@{case.nth(3)}")
    while not await is_paused(zombie):
        await world.log(60, case.rng)
    await world.log(200, case.rng)
    async with second_consumer(case):
        await eventually(system.at_rest)
        zombie.resume()
        await eventually(lambda: fenced_off(zombie))
        await world.log(100, case.rng)
        await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def test_f13_rebalance_during_a_batch(case: Case) -> None:
    """the group gives the partitions away while their batch is in its transaction, which then commits"""
    system, world = case.system, await case.world()
    await world.log(200, case.rng)
    await eventually(system.at_rest)
    async with hours_locked(world):
        await world.log(300, case.rng)
        await eventually(lambda: somebody_waits(system))
        system.add("assessment.consumer2", "consumer").start()
        await eventually(lambda: another_waits_for_a_batch(system))
        await world.log(100, case.rng)
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
    system.drop("assessment.consumer2")


async def test_f14_consumer_stalled_longer_than_its_session(case: Case) -> None:
    """consumer SIGSTOP at any moment for longer than its session, beside a second one; SIGCONT"""
    system, world = case.system, await case.world()
    async with second_consumer(case), Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(100))
        system[CONSUMER].pause()
        await eventually(lambda: has_members(system, 1))
        await traffic.goes_on(case.nth(60))
        system[CONSUMER].resume()
        await traffic.goes_on()
    await case.holds(world, *EVERYTHING)


async def test_f15_handler_slower_than_the_poll_interval(case: Case) -> None:
    """a batch takes longer than max.poll.interval, again and again: the group gives it up, and yet it ends"""
    system, world = case.system, await case.world()
    system[CONSUMER].kill9()
    interval = {"ASSESSMENT_CONSUMER_MAX_POLL_INTERVAL_MS": str(SHORT_POLL_INTERVAL_MS)}
    slow = [system.add(f"assessment.slow{number}", "consumer", **interval) for number in (1, 2)]
    await system.start("assessment.slow1", "assessment.slow2")
    await world.log(100, case.rng)
    await eventually(system.at_rest)
    for _ in range(2):
        await eventually(lambda: has_members(system, 2))
        async with hours_locked(world):
            await world.log(60, case.rng)
            await eventually(lambda: somebody_waits(system))
            await eventually(lambda: has_fewer_members(system, 2))
        await eventually(system.at_rest)
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
    for process in slow:
        system.drop(process.child.name)
    await system.healed()


async def kill_under_traffic(case: Case, failpoint: str) -> World:
    consumer, world = case.system[CONSUMER], await case.world()
    async with Traffic(world, case.rng) as traffic:
        consumer.arm(failpoint)
        await consumer.died()
        consumer.start()
        await traffic.goes_on()
    return world


@asynccontextmanager
async def second_consumer(case: Case) -> AsyncIterator[Process]:
    """Have a second member in assessment's group."""
    second = case.system.add("assessment.consumer2", "consumer")
    await case.system.start("assessment.consumer2")
    yield second
    case.system.drop("assessment.consumer2")


@asynccontextmanager
async def hours_locked(world: World) -> AsyncIterator[None]:
    """Let no batch end meanwhile: the table of sums is locked, as by somebody's long transaction."""
    system = world.system
    await system.execute("assessment", "BEGIN; LOCK TABLE volunteer_hours IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        await system.execute("assessment", "COMMIT")


async def somebody_waits(system: System) -> bool:
    query = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'volunteer_hours'::regclass"
    return bool(await system.rows("assessment", query))


async def another_waits_for_a_batch(system: System) -> bool:
    """Whether somebody waits for the transaction of the batch: it has been given the partitions, and asks for them."""
    query = "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype IN ('transactionid', 'tuple')"
    return bool(await system.rows("assessment", query))


async def backend_in_transaction(system: System) -> int:
    [row] = await system.rows(
        "assessment",
        """SELECT pid FROM pg_stat_activity WHERE usename = 'assessment_worker' AND datname = current_database()
           AND state = 'idle in transaction' AND backend_xid IS NOT NULL""",
    )
    return int(row["pid"])


async def is_paused(process: Process) -> bool:
    return await process._is_paused()


async def refuses(process: Process) -> bool:
    return not await process._is_ready()


async def parked(system: System) -> int:
    [row] = await system.rows("assessment", "SELECT count(*) AS letters FROM dead_letter")
    return int(row["letters"])


async def metric(process: Process, name: str) -> float:
    """Return a metric of a process, summed over its labels; 0 where there is none yet."""
    text = (await process.http.get(f"{process.address}/metrics", timeout=5)).text
    return sum(
        float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith((f"{name}{{", f"{name} "))
    )


async def fenced_off(process: Process) -> bool:
    return await metric(process, "fencing_rejections_total") > 0


async def has_members(system: System, count: int) -> bool:
    """Whether assessment's group has so many members, and its partitions are given out."""
    state, members = await group(system)
    return state == "Stable" and members == count


async def has_fewer_members(system: System, count: int) -> bool:
    return (await group(system))[1] < count


async def group(system: System) -> tuple[str, int]:
    """Return the state of assessment's group and how many members it has."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
    await admin.start()
    try:
        [described] = await admin.describe_consumer_groups([f"{system.prefix}assessment"])
        [(_, _, state, _, _, members, *_)] = described.groups
        return state, len(members)
    finally:
        await admin.close()


async def told_to_kafka(system: System) -> int:
    admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(f"{system.prefix}assessment")
        return sum(each.offset for each in offsets.values() if each.offset > 0)
    finally:
        await admin.close()


async def in_database(system: System) -> int:
    [row] = await system.rows("assessment", "SELECT sum(next_offset) AS offsets FROM consumer_offset")
    return int(row["offsets"])

"""The relay is killed, stalled or cut off around its sends: Kafka may get a record twice, never late or not at all."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.fault.case import Case
from tests.fault.invariants import Event, log_of, published
from tests.fault.model import Traffic, World
from tests.support.eventually import eventually

LOCK_HOLDERS = """
    SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


async def test_f4_relay_killed_before_send(case: Case) -> None:
    """relay kill -9 after SELECT, before send"""
    await kill_under_traffic(case, f"relay.before_send:kill9@{case.nth(20)}")


async def test_f5_relay_killed_after_ack_before_delete(case: Case) -> None:
    """relay kill -9 after the broker's ack, before DELETE"""
    world = await kill_under_traffic(case, f"relay.after_send:kill9@{case.nth(20)}")
    assert await repeated(world), "what was acknowledged was not sent again"


@pytest.mark.row(60)
async def test_f6_relay_killed_with_half_a_batch_acknowledged(case: Case) -> None:
    """relay kill -9 once N of the partitions of a wave have acknowledged, the rest not"""
    relay, world = case.system["activities.relay"], await case.world()
    relay.kill9()
    await world.log(400, case.rng)
    before = await waiting(world)
    relay.start(f"relay.after_ack:kill9@{case.nth(5)}")
    await relay.died()
    assert await waiting(world) == before, "a row left the outbox before its whole wave was acknowledged"
    assert await sent(world), "no partition had acknowledged"
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")
    assert await repeated(world), "what was acknowledged was not sent again"


async def test_f7_lock_connection_cut_between_two_relays(case: Case) -> None:
    """two relays on one database; the connection that holds the leader's lock is cut, again and again"""
    world = await case.world()
    async with second_relay(case), Traffic(world, case.rng) as traffic:
        for _ in range(3):
            await traffic.goes_on(case.nth(40))
            await cut_lock_connection(case)
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f7_stalled_leader_wakes_after_another_took_over(case: Case) -> None:
    """relay SIGSTOP between SELECT and send; a second relay takes over; SIGCONT: it sends what is long published"""
    system, world = case.system, await case.world()
    relay = system["activities.relay"]
    async with Traffic(world, case.rng) as traffic:
        relay.arm(f"relay.before_send:stop@{case.nth(20)}")
        await relay.paused()
        async with second_relay(case):
            await cut_lock_connection(case)
            await eventually(lambda: is_empty(world))  # now and then it is, while the traffic goes on
            relay.resume()
            await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")
    assert await repeated(world), "the stalled relay had nothing left to send"


async def kill_under_traffic(case: Case, failpoint: str) -> World:
    relay, world = case.system["activities.relay"], await case.world()
    async with Traffic(world, case.rng) as traffic:
        relay.arm(failpoint)
        await relay.died()
        relay.start()
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")
    return world


@asynccontextmanager
async def second_relay(case: Case) -> AsyncIterator[None]:
    """Have a second relay stand by."""
    case.system.add("activities.relay2", "relay")
    await case.system.start("activities.relay2")
    yield
    case.system.drop("activities.relay2")


async def cut_lock_connection(case: Case) -> None:
    await case.system.execute("activities", f"SELECT pg_terminate_backend(pid) FROM ({LOCK_HOLDERS}) held")


async def waiting(world: World) -> int:
    [row] = await world.system.rows("activities", "SELECT count(*) AS rows FROM outbox")
    return int(row["rows"])


async def is_empty(world: World) -> bool:
    return not await waiting(world)


async def sent(world: World) -> list[int]:
    """Return the versions of the world's services that are in Kafka."""
    in_kafka = await published(world.system)
    return [v for event in await log_of(world, "activities") for v in versions(in_kafka, world, event)]


async def repeated(world: World) -> bool:
    """Whether Kafka has an event of the world more than once."""
    in_kafka = await published(world.system)
    events = await log_of(world, "activities")
    return any(len(found) > len(set(found)) for event in events if (found := versions(in_kafka, world, event)))


def versions(in_kafka: dict[tuple[str, str], list[int]], world: World, event: Event) -> list[int]:
    return in_kafka.get((world.system.prefix + event.topic, str(event.aggregate_id)), [])

"""Three brokers: one that leads is lost and nothing is; two are lost and writing waits in the outbox."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from deploy.local.postgres import Postgres, remove
from deploy.local.process import free_port
from tests.fault.case import Case, Stage
from tests.fault.cluster import BROKERS, Brokers, three_brokers
from tests.fault.model import Traffic, World
from tests.fault.system import System, own_directory, running_system
from tests.support.eventually import eventually

TOPIC = "activities.service-record"
NODES = range(1, BROKERS + 1)
KAFKAS_OWN_SECONDS = 300
"""What brokers may take to elect and to come back, which is no promise of ours."""


@asynccontextmanager
async def system_on_three_brokers() -> AsyncIterator[System]:
    directory = own_directory()
    postgres = Postgres(directory / "postgres", free_port())
    try:
        postgres.start()
        with three_brokers(directory / "cluster") as brokers:
            postgres.wait()
            async with running_system(directory, postgres, brokers, replication=BROKERS) as system:
                yield system
    finally:
        postgres.stop()
        remove(directory / "postgres")
        remove(directory)


@pytest.fixture(scope="module")
async def stage() -> AsyncIterator[Stage]:
    """The system that these cases share in place of the others'."""
    three = Stage(system_on_three_brokers)
    yield three
    await three.clear()


async def test_f8_leader_killed(case: Case) -> None:
    """kill -9 of the broker that leads a partition in use; the others take over, and it comes back"""
    world, brokers = await case.world(), brokers_of(case)
    topic, partition = case.system.prefix + TOPIC, case.rng.randrange(6)
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        leader = await brokers.leader(topic, partition)
        brokers.kill(leader)
        await eventually(lambda: is_led_by_another(brokers, topic, partition, leader), within=KAFKAS_OWN_SECONDS)
        await traffic.goes_on()
        brokers.start(leader)
        await eventually(lambda: brokers.in_sync(topic), within=KAFKAS_OWN_SECONDS)
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f8_not_enough_replicas(case: Case) -> None:
    """two of three brokers down: no record can be kept twice, so none is taken; the outbox grows until they are back"""
    world, brokers = await case.world(), brokers_of(case)
    lost = case.rng.sample(NODES, 2)
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        for node in lost:
            brokers.kill(node)
        await traffic.goes_on(100)
        assert await waiting(world) > 50, "the outbox did not grow"
        for node in lost:
            brokers.start(node)
        await eventually(lambda: brokers.in_sync(case.system.prefix + TOPIC), within=KAFKAS_OWN_SECONDS)
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


def brokers_of(case: Case) -> Brokers:
    brokers = case.system.brokers
    assert isinstance(brokers, Brokers)
    return brokers


async def is_led_by_another(brokers: Brokers, topic: str, partition: int, former: int) -> bool:
    return await brokers.leader(topic, partition) not in (-1, former)


async def waiting(world: World) -> int:
    [row] = await world.system.rows("activities", "SELECT count(*) AS rows FROM outbox")
    return int(row["rows"])

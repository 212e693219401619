"""The broker is gone for a while, or for good with its data: the logs in PostgreSQL bring everything back."""

import shutil
import signal

from tests.fault.case import Case
from tests.fault.model import Traffic, World
from tests.fault.operator import linbang
from tests.fault.system import System
from tests.support import topics


async def test_f8_broker_down(case: Case) -> None:
    """broker kill -9; commands go on for a while and the outbox grows, then the broker is started again"""
    world, brokers = await case.world(), case.system.brokers
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        brokers.kill9()
        await traffic.goes_on(100)
        assert await waiting(world) > 50, "the outbox did not grow"
        brokers.start()
        await traffic.goes_on()
        brokers.wait()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def test_f9_broker_data_lost(case: Case) -> None:
    """broker kill -9 and its data removed; by deploy/runbooks/broker-data-lost.md the logs are published again"""
    system, world = case.system, await case.world()
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(100))
        workers = [name for name, process in system.processes.items() if "api" not in name]
        system.brokers.kill9()
        shutil.rmtree(system.brokers.broker.directory / "data")
        await traffic.goes_on()
        for worker in workers:
            system[worker].signal(signal.SIGTERM)
        for worker in workers:
            await system[worker].ended()  # though there is no broker to take leave of
        system.brokers.start()
        system.brokers.wait()
        await topics.provision(system.bootstrap_servers, system.prefix)  # linbang provision
        for service in system.urls:
            republish(case.system, service)
        await system.start(*workers)
        await traffic.goes_on()
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")
    for service in system.urls:
        told = await system.rows(service, "SELECT caused_by FROM event_log WHERE type LIKE '%.EventLogRepublished.v1'")
        assert told[-1]["caused_by"].startswith("operator:")


def republish(system: System, service: str) -> None:
    """Run ``linbang <service> republish`` as the operator does."""
    assert "to be published again" in linbang(system, service, "republish")


async def waiting(world: World) -> int:
    [row] = await world.system.rows("activities", "SELECT count(*) AS rows FROM outbox")
    return int(row["rows"])

"""Each alert is silent, a fault strikes real processes, it fires; the fault is mended, it is silent again."""

from __future__ import annotations

from random import Random
from uuid import UUID

from shared.messaging.replay.outcome import DIFFERENT
from tests.alerts.conftest import Prometheus
from tests.fault.model import World
from tests.fault.operator import linbang
from tests.fault.system import System
from tests.fault.test_consumer import CONSUMER, hours_locked
from tests.fault.test_poison import letters, send_poison
from tests.support.eventually import eventually

RNG = Random(5)


async def test_broker_down_the_outbox_is_old_and_records_come_late(
    system: System, world: World, prometheus: Prometheus
) -> None:
    await prometheus.silent("OutboxOld")
    system.brokers.kill9()
    await world.log(20, RNG)
    await prometheus.firing("OutboxOld", service="activities", severity="ticket")
    await prometheus.firing("HoursBudgetBurnsFast", severity="page")
    system.brokers.start()
    system.brokers.wait()
    await prometheus.silent("OutboxOld")


async def test_consumer_killed_or_frozen_is_burrows_stop(system: System, world: World, prometheus: Prometheus) -> None:
    await system.healed()
    await prometheus.silent("ConsumerStop")
    system[CONSUMER].pause()
    await world.log(20, RNG)
    await prometheus.firing("ConsumerStop", consumer="assessment")
    await prometheus.firing("ProcessDown", job=CONSUMER)
    system[CONSUMER].resume()
    await prometheus.silent("ConsumerStop")
    await prometheus.silent("ProcessDown")


async def test_consumer_blocked_is_burrows_stall(system: System, world: World, prometheus: Prometheus) -> None:
    await system.healed()
    await prometheus.silent("ConsumerStall")
    async with hours_locked(world):
        await world.log(200, RNG)
        await prometheus.firing("ConsumerStall", consumer="assessment")
    await prometheus.silent("ConsumerStall")


async def test_poison_is_a_dead_letter_until_it_is_discarded(
    system: System, world: World, prometheus: Prometheus
) -> None:
    await world.log(20, RNG)
    await prometheus.silent("DeadLetters")
    await send_poison(system, 0, RNG)
    await prometheus.firing("DeadLetters", consumer="assessment")
    [row] = await letters(system)
    linbang(system, "assessment", "dead-letters", "discard", str(row["id"]), "--reason", "a test's", "--yes")
    await prometheus.silent("DeadLetters")


async def test_a_ledger_row_edited_by_a_superuser_is_drift_until_it_is_rebuilt(
    system: System, world: World, prometheus: Prometheus
) -> None:
    await world.log(20, RNG)
    edited = await eventually(lambda: one_row(system))
    linbang(system, "assessment", "compare")
    await prometheus.silent("ProjectionDrift")
    await system.execute(
        "assessment", "UPDATE volunteer_hours SET minutes = minutes + 60 WHERE volunteer_id = $1", edited
    )
    linbang(system, "assessment", "compare", code=DIFFERENT)
    await prometheus.firing("ProjectionDrift", service="assessment", projection="ledger")
    linbang(system, "assessment", "replay", "ledger", "--swap", "--reason", "a test edited a row", "--by", "test")
    linbang(system, "assessment", "compare")
    await prometheus.silent("ProjectionDrift")


async def one_row(system: System) -> UUID | None:
    rows = await system.rows("assessment", "SELECT volunteer_id FROM volunteer_hours ORDER BY 1 LIMIT 1")
    return rows[0]["volunteer_id"] if rows else None

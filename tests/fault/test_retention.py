"""Kafka no longer holds what a service needs: it says so, and goes on from the event logs."""

from __future__ import annotations

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete

from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from tests.fault.case import Case
from tests.fault.operator import linbang
from tests.fault.system import System
from tests.fault.test_consumer import CONSUMER
from tests.fault.test_poison import TOPIC, has_stopped, is_published
from tests.support.eventually import eventually

VOLUNTEERS = "registry.volunteer"


async def test_f28_stopped_past_retention(case: Case) -> None:
    """the consumer is away while Kafka drops what it has not read: stopped and not ready, then `catch-up`"""
    system, world = case.system, await case.world()
    await world.log(case.nth(100), case.rng)
    await eventually(system.at_rest)
    system[CONSUMER].kill9()
    await world.log(300, case.rng)
    await eventually(lambda: is_published(system))
    await drop_records(system, TOPIC)
    world.dropped.add(TOPIC)
    await world.log(100, case.rng)
    before = await position(system)
    system[CONSUMER].start()
    await eventually(lambda: has_stopped(system[CONSUMER]))
    assert not await system[CONSUMER]._is_ready()
    assert await position(system) == before, "it went on somewhere else in silence"
    system[CONSUMER].kill9()
    assert "goes on from offset" in linbang(system, "assessment", "catch-up")
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def test_f29_first_start_after_retention(case: Case) -> None:
    """activities gets an empty database when Kafka has dropped the volunteers: it does not start before `subscribe`"""
    system, world = case.system, await case.world()
    district, consumer = world.districts[0], system["activities.consumer"]
    shift = await world.publish(district, capacity=20)
    await eventually(system.at_rest)
    consumer.kill9()
    await system.execute("activities", "TRUNCATE consumer_offset, subscription, inbox, known_volunteer, known_station")
    await drop_records(system, VOLUNTEERS)
    world.dropped.add(VOLUNTEERS)
    consumer.start()
    await eventually(lambda: has_stopped(consumer))
    assert not await consumer._is_ready()
    assert await system.rows("activities", "SELECT 1 FROM consumer_offset WHERE next_offset > 0") == []
    shown = " ".join(linbang(system, "status", code=1).split())
    assert "activities misses history: linbang activities subscribe" in shown
    consumer.kill9()
    assert "events applied, 0 parked" in linbang(system, "activities", "subscribe")
    await system.start("activities.consumer")
    await eventually(system.at_rest)
    signed_up = await world.sign_up(district, district.volunteers[0], shift)
    assert signed_up.outcome == "ok", signed_up.problem
    await world.log(50, case.rng)
    await case.holds(world, "I1", "I2", "I3", "I4", "I5", "I7", "I8")


async def drop_records(system: System, topic: str) -> None:
    """Drop every record of a topic, as retention does."""
    ends = await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + topic])
    admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
    await admin.start()
    try:
        wanted = {TopicPartition(*place): RecordsToDelete(before_offset=end) for place, end in ends.items() if end}
        await admin.delete_records(wanted)
    finally:
        await admin.close()


async def position(system: System) -> list[tuple[int, int]]:
    rows = await system.rows(
        "assessment",
        "SELECT partition, next_offset FROM consumer_offset WHERE topic = $1 AND consumer = 'assessment' ORDER BY 1",
        system.prefix + TOPIC,
    )
    return [(row["partition"], row["next_offset"]) for row in rows]

"""Events that are lost between a log and an inbox: no consumer can know, the count of missing events sees them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from shared.contracts import StationRegistered
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id
from tests.fault.case import Case
from tests.fault.model import World
from tests.fault.operator import linbang
from tests.fault.system import System
from tests.fault.test_consumer import CONSUMER
from tests.fault.test_poison import TOPIC, is_published
from tests.support import topics
from tests.support.eventually import eventually

STATIONS = StationRegistered.topic


async def test_f30_positions_moved_past_events(case: Case) -> None:
    """somebody moves a stopped consumer's positions to the end of the topic: the passed-over events are counted"""
    system, world = case.system, await case.world()
    await world.log(case.nth(100), case.rng)
    await eventually(system.at_rest)
    assert "missing events: none" in linbang(system, "assessment", "compare")
    system[CONSUMER].kill9()
    lost = case.nth(200)
    await world.log(lost, case.rng)
    await eventually(lambda: is_published(system))
    for (topic, partition), end in (
        await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + TOPIC])
    ).items():
        await system.execute(
            "assessment",
            "UPDATE consumer_offset SET next_offset = $3 WHERE topic = $1 AND partition = $2",
            topic,
            partition,
            end,
        )
    await system.start(CONSUMER)
    await eventually(system.at_rest)
    await age(system, "activities", [UUID(op.key) for op in world.history[-lost:]])
    assert f"missing events: {lost} ServiceLogged" in linbang(system, "assessment", "compare", code=1)
    assert f"assessment has missed {lost} events" in " ".join(linbang(system, "status", code=1).split())
    system[CONSUMER].kill9()
    assert f"{lost} events applied, 0 parked" in linbang(system, "assessment", "catch-up")
    assert "missing events: none" in linbang(system, "assessment", "compare")
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def test_f31_topic_made_again(case: Case) -> None:
    """a topic is deleted, made again and filled past the consumers' positions: what they pass over is counted"""
    system, world = case.system, await case.world()
    consumers = {"activities": "activities.consumer", "assessment": CONSUMER}
    await eventually(system.at_rest)
    for name in (*consumers.values(), "registry.relay"):
        system[name].kill9()
    [row] = await system.rows("assessment", "SELECT next_offset FROM consumer_offset WHERE topic ~ 'registry.station$'")
    await make_again(system, STATIONS)
    world.dropped.add(STATIONS)
    lost, kept = row["next_offset"], case.nth(20)
    opened = [station_opened(world) for _ in range(lost + kept)]
    store = Store(system.urls["registry"].worker)
    async with store.transaction() as tx:
        await append(tx, opened)
    await store.close()
    await system.start("registry.relay")
    await eventually(lambda: is_published(system, "registry"))
    await system.start(*consumers.values())
    await eventually(system.at_rest)
    await age(system, "registry", [event.event_id for event in opened])
    for service, consumer in consumers.items():
        assert f"missing events: {lost} StationRegistered" in linbang(system, service, "compare", code=1)
        system[consumer].kill9()
        assert f"{lost} events applied, 0 parked" in linbang(system, service, "catch-up")
        assert "missing events: none" in linbang(system, service, "compare")
    await world.log(50, case.rng)
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


def station_opened(world: World) -> NewEvent:
    """A further station of the first district."""
    station_id = new_id()
    data = StationRegistered(
        station_id=station_id, code=f"S{station_id.hex}", name="站", level="station", division_code="510115001"
    )
    return NewEvent(world.districts[0].code, station_id, 1, data, "account:fault")


async def make_again(system: System, topic: str) -> None:
    """Delete a topic with all that is in it, and provision it again."""
    admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([system.prefix + topic])
    finally:
        await admin.close()

    async def there_and_empty() -> bool:
        await topics.provision(system.bootstrap_servers, system.prefix)
        try:
            ends = await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + topic])
        except KafkaError:
            return False
        return bool(ends) and not any(ends.values())

    await eventually(there_and_empty)


async def age(system: System, service: str, events: Sequence[UUID]) -> None:
    """Let events be an hour old: long enough to have arrived."""
    await system.execute(service, "SET session_replication_role = replica")
    await system.execute(
        service,
        "UPDATE event_log SET occurred_at = occurred_at - interval '1 hour' WHERE event_id = ANY($1::uuid[])",
        list(events),
    )
    await system.execute(service, "SET session_replication_role = origin")

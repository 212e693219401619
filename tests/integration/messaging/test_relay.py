"""The relay publishes whatever is committed, however late, from one process at a time."""

import signal
from collections import Counter

from aiokafka import AIOKafkaConsumer, TopicPartition
from prometheus_client import REGISTRY
from sqlalchemy import text

from shared.contracts.envelope import read_attributes
from shared.messaging import relay
from shared.ops.health import Heartbeat
from shared.store.event_log import NewEvent, append, new_id
from tests.integration.messaging.conftest import Wire, outbox_is_empty
from tests.support.eventually import eventually, running
from tests.support.tally import DISTRICT, publish, service_corrected, service_logged


async def published(wire: Wire) -> list[str]:
    """Return the ids of the events in the topic, partition by partition in the order they lie there."""
    client = AIOKafkaConsumer(bootstrap_servers=wire.servers, auto_offset_reset="earliest")
    await client.start()
    topic = f"{wire.prefix}activities.service-record"
    partitions = [TopicPartition(topic, p) for p in range(6)]
    client.assign(partitions)
    ends = await client.end_offsets(partitions)
    found: list[str] = []
    while not all([await client.position(partition) >= end for partition, end in ends.items()]):
        for records in (await client.getmany(timeout_ms=200)).values():
            found += [str(read_attributes(record.headers).id) for record in records]
    await client.stop()
    return found


async def drain(wire: Wire) -> None:
    async with running(wire.relay().run):
        await eventually(lambda: outbox_is_empty(wire))


async def test_a_transaction_that_commits_late_is_relayed_though_its_position_is_below_the_cursor(wire: Wire) -> None:
    early, late = service_logged(new_id()), service_logged(new_id())
    async with running(wire.relay().run):
        async with wire.api.transaction(DISTRICT) as slow:
            await append(slow, [late])  # takes its position now …
            await publish(wire.api, early)
            await eventually(lambda: is_published(wire, early))
        # … and commits when the relay's cursor is past it
        await eventually(lambda: outbox_is_empty(wire))
    assert sorted(await published(wire)) == sorted([str(early.event_id), str(late.event_id)])


async def test_an_event_that_follows_a_late_commit_at_once_does_not_overtake_it(wire: Wire) -> None:
    """The next event of an aggregate may be there as soon as the first is: no poll finds the one without the other."""
    early, late = service_logged(new_id()), service_logged(new_id())
    next_of_late = service_corrected(late, 2)
    with wire.process("relay") as relay:
        async with wire.api.transaction(DISTRICT) as slow:
            await append(slow, [late])
            await publish(wire.api, early)
            await eventually(lambda: is_published(wire, early))
            await eventually(lambda: outbox_is_empty(wire))  # the relay is idle: it sleeps between two polls
            relay.send_signal(signal.SIGSTOP)
        await publish(wire.api, next_of_late)
        relay.send_signal(signal.SIGCONT)
        await eventually(lambda: outbox_is_empty(wire))
    found = await published(wire)
    assert [id_ for id_ in found if id_ != str(early.event_id)] == [str(late.event_id), str(next_of_late.event_id)]


async def is_published(wire: Wire, event: NewEvent) -> bool:
    return str(event.event_id) in await published(wire)


async def test_of_two_relays_one_wins_and_the_other_takes_over_when_it_is_gone(wire: Wire) -> None:
    first, second = Heartbeat("first"), Heartbeat("second")
    async with running(lambda _: wire.relay().run(first)):
        await eventually(lambda: leads(first))
        async with running(lambda _: wire.relay().run(second)):
            events = [service_logged(new_id()) for _ in range(500)]
            for start in range(0, 500, 50):
                await publish(wire.api, *events[start : start + 50])
            await eventually(lambda: outbox_is_empty(wire))
            assert REGISTRY.get_sample_value("relay_leader") == 1
            assert Counter(await published(wire)) == Counter(str(event.event_id) for event in events)


async def leads(heartbeat: Heartbeat) -> bool:
    return heartbeat.ready


async def test_a_relay_whose_lock_is_cut_stops_and_a_new_session_goes_on(wire: Wire) -> None:
    async with running(wire.relay().run):
        await publish(wire.api, service_logged(new_id()))
        await eventually(lambda: outbox_is_empty(wire))
        async with wire.worker.transaction() as tx:
            await tx.execute(
                text("""SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())""")
            )
        again = service_logged(new_id())
        await publish(wire.api, again)
        await eventually(lambda: outbox_is_empty(wire))
    assert str(again.event_id) in await published(wire)


async def test_a_relay_killed_after_kafka_has_the_batch_sends_it_again_and_loses_nothing(wire: Wire) -> None:
    records = [service_logged(new_id()) for _ in range(300)]
    await publish(wire.api, *records)
    await publish(wire.api, *(service_corrected(record, 2) for record in records))
    with wire.process("relay", "relay.after_send:kill9") as process:
        assert process.wait(60) == -9
    assert not await outbox_is_empty(wire)
    await drain(wire)
    found = await published(wire)
    assert set(found) == {str(e) for (e,) in await log_of(wire)}
    assert len(found) == 1200  # all of it twice: at least once is what a relay can promise


async def test_a_relay_killed_before_it_sends_loses_nothing(wire: Wire) -> None:
    events = [service_logged(new_id()) for _ in range(300)]
    await publish(wire.api, *events)
    with wire.process("relay", "relay.before_send:kill9") as process:
        assert process.wait(60) == -9
    await drain(wire)
    assert Counter(await published(wire)) == Counter(str(event.event_id) for event in events)


async def log_of(wire: Wire) -> list[tuple[object]]:
    """Return the event ids of this test's events: those that are published under its prefix."""
    found = await published(wire)
    async with wire.worker.transaction() as tx:
        rows = await tx.execute(
            text("SELECT event_id FROM event_log WHERE event_id = ANY(CAST(:ids AS uuid[]))"), {"ids": found}
        )
        return [(row.event_id,) for row in rows]


async def test_a_record_larger_than_one_batch_of_its_partition_keeps_its_order(wire: Wire) -> None:
    """More of one key than a batch holds goes out in waves: the second only after the first is acknowledged."""
    record = service_logged(new_id())
    corrections = [service_corrected(record, version) for version in range(2, 3002)]
    await publish(wire.api, record, *corrections)
    await drain(wire)
    assert await published(wire) == [str(event.event_id) for event in (record, *corrections)]


async def test_a_plan_made_over_an_empty_log_goes_by_indexes(wire: Wire) -> None:
    """The relay's first polls find nothing, and PostgreSQL keeps the plan: it must not read the whole log later."""
    async with wire.worker.engine.connect() as connection:
        await connection.execute(relay._READ_BY_INDEX)
        plan = await connection.execute(
            text(f"EXPLAIN {relay._READ.text}"), {"after": 0, "rows": relay.POLL_ROWS, "refused": []}
        )
        steps = "\n".join(plan.scalars())
        await connection.invalidate()  # the settings are the session's
    assert "Index Scan using event_log_pkey" in steps
    assert "Index Scan using outbox_pkey" in steps
    assert "Seq Scan" not in steps

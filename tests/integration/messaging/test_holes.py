"""Offsets need not be consecutive: transactions and compaction leave holes. A hole is no event skipped."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from structlog.testing import capture_logs

from shared.contracts.envelope import Attributes, Header, headers
from shared.messaging.assignment import FencedError
from shared.messaging.holes import without_records
from shared.messaging.kafka_metadata import Extent, end_offsets
from shared.messaging.positions import Positions
from shared.messaging.servers import KafkaServers
from shared.store.event_log import NewEvent, new_id
from tests.integration.messaging.conftest import Wire, has_read_all
from tests.support.eventually import eventually, running
from tests.support.tally import GROUP, service_logged, totals

TOPIC = "activities.service-record"


@asynccontextmanager
async def transactional(wire: Wire) -> AsyncIterator[AIOKafkaProducer]:
    """A program that writes exactly once, as mirrors of topics do: each transaction's end takes an offset."""
    async with AIOKafkaProducer(bootstrap_servers=wire.servers, transactional_id=str(new_id())) as producer:
        yield producer


def record(event: NewEvent) -> tuple[bytes, bytes, list[Header]]:
    attributes = Attributes(
        event.event_id, event.data.event_type(), event.occurred_at, str(event.aggregate_id), 1, event.district
    )
    return event.data.model_dump_json().encode(), str(event.aggregate_id).encode(), headers(attributes)


async def send(wire: Wire, producer: AIOKafkaProducer, *events: NewEvent) -> None:
    for event in events:
        value, key, told = record(event)
        await producer.send(wire.prefix + TOPIC, value, key, 0, headers=told)
    await producer.flush()


async def test_a_consumer_goes_on_over_the_markers_of_transactions(wire: Wire) -> None:
    async with transactional(wire) as producer, running(wire.consumer().run):
        with capture_logs() as logged:
            for number in range(1, 4):
                async with producer.transaction():
                    await send(wire, producer, service_logged(new_id()))
                await eventually(lambda: has_read_all(wire))
                assert await totals(wire.worker) == (60 * number, number)
    assert "batch fenced off" not in [line["event"] for line in logged]


async def test_of_a_transaction_that_was_given_up_nothing_is_counted(wire: Wire) -> None:
    async with transactional(wire) as producer:
        await producer.begin_transaction()
        await send(wire, producer, service_logged(new_id()))
        await producer.abort_transaction()
        async with producer.transaction():
            await send(wire, producer, service_logged(new_id()))
    async with running(wire.consumer().run):
        await eventually(lambda: has_read_all(wire))
    assert await totals(wire.worker) == (60, 1)


async def test_an_import_waits_for_events_not_for_what_ends_a_transaction(wire: Wire) -> None:
    positions = Positions(GROUP, KafkaServers(wire.servers), wire.prefix)

    async def all_passed() -> bool:
        async with wire.worker.transaction() as tx:
            return await positions.have_passed(tx, await positions.ends_of([TOPIC]))

    async with transactional(wire) as producer, running(wire.consumer().run):
        async with producer.transaction():
            await send(wire, producer, service_logged(new_id()))
        await eventually(all_passed)


async def test_a_stretch_is_a_hole_only_if_it_was_read_and_nothing_was_in_it(wire: Wire) -> None:
    partition = TopicPartition(wire.prefix + TOPIC, 0)

    async def is_hole(beginning: int, end: int) -> bool:
        return await without_records(KafkaServers(wire.servers), {partition: Extent(beginning, end)}) == {partition}

    async with transactional(wire) as producer:
        for _ in range(2):
            async with producer.transaction():
                await send(wire, producer, service_logged(new_id()))
    assert (await end_offsets(KafkaServers(wire.servers), [partition.topic]))[partition] == 4
    assert await is_hole(1, 2)
    assert await is_hole(3, 4)
    assert not await is_hole(1, 3)
    assert not await is_hole(0, 2)
    await drop_before(wire, partition, 2)
    assert not await is_hole(0, 2), "what is dropped cannot be known to have been nothing"
    assert await without_records(KafkaServers(wire.servers), {}) == set()


async def drop_before(wire: Wire, partition: TopicPartition, offset: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=wire.servers)
    await admin.start()
    try:
        await admin.delete_records({partition: RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def test_records_between_two_batches_are_no_hole_whether_they_are_there_or_dropped(wire: Wire) -> None:
    """The client goes on by itself where a topic now begins when its position is gone: what lay between was lost."""
    partition = TopicPartition(wire.prefix + TOPIC, 0)
    async with AIOKafkaProducer(bootstrap_servers=wire.servers) as producer:
        await send(wire, producer, *(service_logged(new_id()) for _ in range(4)))
    passing = wire.consumer()
    passing._assignment.expected = {partition: 1}
    last = ConsumerRecord(*partition, 3, 0, 0, b"", b"", None, 0, 0, ())
    with pytest.raises(FencedError):
        await passing._take((last,))
    await drop_before(wire, partition, 3)
    with pytest.raises(FencedError):
        await passing._take((last,))

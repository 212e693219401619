"""What Kafka refuses of one topic is that topic's trouble: the others go on, and so does it once Kafka takes it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic
from prometheus_client import REGISTRY
from sqlalchemy import text
from structlog.testing import capture_logs

from shared.contracts import VolunteerWaitlisted
from shared.contracts.envelope import read_attributes
from shared.contracts.topics import TOPICS
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.partitioner import partition_index
from shared.messaging.servers import KafkaServers
from shared.store.event_log import NewEvent, new_id
from tests.integration.messaging.conftest import Wire, outbox_is_empty
from tests.integration.messaging.test_consumer import all_is_counted, parked, send, send_raw
from tests.integration.messaging.test_relay import drain
from tests.support import topics
from tests.support.eventually import eventually, running
from tests.support.tally import DISTRICT, GROUP, publish, service_logged

RECORDS, SIGN_UPS = "activities.service-record", "activities.sign-up"
AGREED = TOPICS[SIGN_UPS].partitions
OVER_THE_LIMIT = 1_048_300
"""Bytes of a value that a broker takes by default, and that leave no room for a header more."""


@pytest.fixture(autouse=True)
def tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.refused_topics.LONGEST_BACK_OFF", 0.2)


@asynccontextmanager
async def admin_of(wire: Wire) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=wire.servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def delete(wire: Wire, topic: str) -> None:
    async with admin_of(wire) as admin:
        await admin.delete_topics([wire.prefix + topic])

        async def is_gone() -> bool:
            return wire.prefix + topic not in await admin.list_topics()

        await eventually(is_gone)


async def has_partitions(wire: Wire, topic: str, count: int) -> bool:
    """Whether a topic's partitions are all there: a client that comes before looks again after five minutes only."""
    ends = await end_offsets(KafkaServers(wire.servers), [wire.prefix + topic])
    return len(ends) == count


def waitlisted(*versions: int) -> list[NewEvent]:
    """Events of one sign-up, each with other ids."""
    sign_up = new_id()

    def data() -> VolunteerWaitlisted:
        return VolunteerWaitlisted(
            sign_up_id=sign_up, shift_id=new_id(), activity_id=new_id(), volunteer_id=new_id(), queue_number=1
        )

    return [NewEvent(DISTRICT, sign_up, version, data(), "account:test") for version in versions]


async def waiting(wire: Wire) -> int:
    async with wire.worker.transaction() as tx:
        return await tx.scalar(text("SELECT count(*) FROM outbox")) or 0


async def records_of(wire: Wire, topic: str) -> list[ConsumerRecord]:
    """Return what is in a topic, partition by partition."""
    found = []
    async with AIOKafkaConsumer(
        wire.prefix + topic, bootstrap_servers=wire.servers, auto_offset_reset="earliest", enable_auto_commit=False
    ) as client:
        ends = await client.end_offsets(client.assignment())
        while any([await client.position(partition) < end for partition, end in ends.items()]):
            for records in (await client.getmany(timeout_ms=200)).values():
                found += records
    return sorted(found, key=lambda record: (record.partition, record.offset))


async def versions_of(wire: Wire, topic: str) -> list[int]:
    return [read_attributes(record.headers).sequence for record in await records_of(wire, topic)]


def is_refused(topic: str) -> bool:
    return REGISTRY.get_sample_value("relay_topic_refused", {"topic": topic}) == 1


async def test_while_a_topic_is_missing_the_others_go_on_and_it_follows_in_order_once_it_is_there(wire: Wire) -> None:
    await delete(wire, SIGN_UPS)
    first, second, third = waitlisted(1, 2, 3)
    with capture_logs() as logs:
        async with running(wire.relay().run):
            await publish(wire.api, first, service_logged(new_id()), second, service_logged(new_id()))

            async def only_its_rows_wait() -> bool:
                return await waiting(wire) == 2

            await eventually(only_its_rows_wait)
            assert is_refused(SIGN_UPS)
            await publish(wire.api, service_logged(new_id()), third)

            async def all_of_its_rows_wait() -> bool:
                return await waiting(wire) == 3

            await eventually(all_of_its_rows_wait)
            await topics.provision(wire.servers, wire.prefix)
            await eventually(lambda: outbox_is_empty(wire))

            async def is_taken_again() -> bool:
                return not is_refused(SIGN_UPS)

            await eventually(is_taken_again)
    assert await versions_of(wire, SIGN_UPS) == [1, 2, 3]
    assert len(await records_of(wire, RECORDS)) == 3
    [refusal, *_] = [line for line in logs if line["event"] == "topic takes no records"]
    assert refusal["topic"] == SIGN_UPS
    assert refusal["error"] == "UnknownTopicOrPartitionError"
    assert refusal["first_position"] < refusal["last_position"]


async def test_a_key_keeps_its_partition_when_a_topic_has_got_more_of_them(wire: Wire) -> None:
    async with admin_of(wire) as admin:
        await admin.create_partitions({wire.prefix + RECORDS: NewPartitions(AGREED + 2)})
    await eventually(lambda: has_partitions(wire, RECORDS, AGREED + 2))
    async with running(wire.consumer().run):
        await publish(wire.api, *(service_logged(new_id()) for _ in range(40)))
        await drain(wire)
        await all_is_counted(wire, 40 * 60, 40)
    found = await records_of(wire, RECORDS)
    assert {record.partition for record in found} <= set(range(AGREED))
    assert all(record.partition == partition_index(record.key, AGREED) for record in found)


async def test_a_topic_with_fewer_partitions_than_agreed_waits_until_it_has_them(wire: Wire) -> None:
    await delete(wire, SIGN_UPS)
    async with admin_of(wire) as admin:
        await admin.create_topics([NewTopic(wire.prefix + SIGN_UPS, AGREED - 1, 1)])
        async with running(wire.relay().run):
            await publish(wire.api, *waitlisted(1))

            async def waits() -> bool:
                return is_refused(SIGN_UPS)

            await eventually(waits)
            await admin.create_partitions({wire.prefix + SIGN_UPS: NewPartitions(AGREED)})
            await eventually(lambda: outbox_is_empty(wire))


@pytest.mark.parametrize(
    ("value", "headers", "key"),
    [
        (os.urandom(OVER_THE_LIMIT), [], b"k"),
        (b"no event", [("x", os.urandom(900_000))], b"k"),
        (b"no event", [], os.urandom(OVER_THE_LIMIT - len(b"no event"))),
    ],
    ids=["value", "headers", "key"],
)
async def test_a_record_too_large_to_be_copied_is_parked_whole_and_its_copy_goes_without_it(
    wire: Wire, value: bytes, headers: list[tuple[str, bytes]], key: bytes
) -> None:
    topic = TopicPartition(wire.prefix + RECORDS, 0)
    await send_raw(wire, value, headers, 0, key)
    await send_raw(wire, b"no event either", [], 0)
    await send(wire, service_logged(new_id()), partition=0)
    async with running(wire.consumer().run), running(wire.relay().run):
        await all_is_counted(wire, 60, 1)
        await publish(wire.api, service_logged(new_id()))
        await eventually(lambda: outbox_is_empty(wire))
    large, small = await parked(wire)
    assert (large.value, large.key, large.offset) == (value, key, 0)
    assert [name for name, _ in large.headers] == [name for name, _ in headers]
    cut, whole = await records_of(wire, f"{GROUP}.dlt")
    told = dict(cut.headers)
    assert (cut.key, cut.value) == (None, None)
    assert told["dead_letter_id"] == str(large.id).encode()
    assert (told["origin_topic"], told["origin_offset"]) == (topic.topic.encode(), b"0")
    assert (whole.key, whole.value) == (small.key, small.value)


async def test_of_a_batch_that_is_too_large_for_a_topic_each_record_goes_by_itself(wire: Wire) -> None:
    """A topic's limit can be lower than our batches; what is too large by itself is named by its position."""
    await delete(wire, SIGN_UPS)
    small = NewTopic(wire.prefix + SIGN_UPS, AGREED, 1, topic_configs={"max.message.bytes": "2000"})
    async with admin_of(wire) as admin:
        await admin.create_topics([small])
    with capture_logs() as logs:
        async with running(wire.relay().run):
            await publish(wire.api, *waitlisted(*range(1, 101)), service_logged(new_id()))
            await eventually(lambda: outbox_is_empty(wire))
    assert await versions_of(wire, SIGN_UPS) == list(range(1, 101))
    assert "MessageSizeTooLargeError" in {line.get("error") for line in logs}
    assert sum((await end_offsets(KafkaServers(wire.servers), [wire.prefix + RECORDS])).values()) == 1

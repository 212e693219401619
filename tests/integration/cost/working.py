"""The consumer's and the importer's own code over one batch, metered; Kafka and the upload are left out."""

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from sqlalchemy import text

from shared.contracts.envelope import headers
from shared.contracts.received import Received
from shared.imports import job as jobs
from shared.imports.importer import ENDINGS, import_work
from shared.imports.job import ImportKind
from shared.messaging.batch import Processing
from shared.messaging.consumer import Consumer
from shared.messaging.fault_kinds import is_transient
from shared.messaging.reactions import Reactions
from shared.messaging.records import Record
from shared.messaging.servers import KafkaServers
from shared.messaging.subscription import Subscriptions
from shared.store.engine import Store
from shared.work import queue
from shared.work.worker import Worker
from tests.integration.cost.table import assert_costs
from tests.support.cost import Cost, metered
from tests.support.importing import NOTHING_TO_PASS, uploaded

_KEY = bytes(32)
_STAND = text("""
    INSERT INTO consumer_offset VALUES (:consumer, :topic, :partition, 0)
    ON CONFLICT (consumer, topic, partition) DO UPDATE SET next_offset = 0
""")


async def consume(store: Store, reactions: Reactions, records: Sequence[Record]) -> Cost:
    """Have a service's consumer take ``records`` as one batch; return what it cost."""
    consumer = Consumer(reactions, store, KafkaServers("nowhere:9092"), "")
    places = {TopicPartition(record.topic, record.partition) for record in records}
    async with store.transaction() as tx:
        for place in places:
            await tx.execute(_STAND, {"consumer": reactions.service, **place._asdict()})
    consumer._assignment.expected = dict.fromkeys(places, 0)
    consumer._processing = Processing(reactions, "", Subscriptions.since_ever(reactions))
    with metered(store) as cost:
        await consumer._take(tuple(records))
    async with store.transaction() as tx:
        assert not await tx.scalar(text("SELECT count(*) FROM dead_letter"))
    return cost


def records_of(events: Sequence[Received[Any]]) -> list[Record]:
    """Return events as records of the first partitions of their topics."""
    by_topic: dict[str, int] = {}
    records = []
    for event in sorted(events, key=lambda event: event.data.topic):
        offset = by_topic[event.data.topic] = by_topic.get(event.data.topic, -1) + 1
        value, key = event.data.model_dump_json().encode(), event.attributes.subject.encode()
        records.append(record(event.data.topic, offset, key, value, headers(event.attributes)))
    return records


def record(topic: str, offset: int, key: bytes, value: bytes | None, record_headers: Sequence[Any]) -> Record:
    now = int(time.time() * 1000)
    return ConsumerRecord(
        topic, 0, offset, now, 0, key, value, None, len(key), len(value or b""), tuple(record_headers)
    )


async def take_in(
    api: Store, worker: Store, district: str, name: str, kind: ImportKind, file: bytes, chunk_rows: int
) -> Cost:
    """Have a worker take a file in, in chunks of so many rows; return what it cost from the claim to its end."""
    upload = uploaded(_KEY, file)
    async with api.transaction(district) as tx:
        job_id = await jobs.create(tx, district, name, "file.csv", upload, "account:test")
    steps = import_work({name: replace(kind, chunk_rows=chunk_rows)}, _KEY, NOTHING_TO_PASS)
    role = Worker(worker, steps, ENDINGS, is_transient)
    cost = Cost()
    for step in steps:
        with metered(worker) as of_step:
            await role._run(step, await queue.claim(worker, [step]))
        cost += of_step
        async with worker.transaction() as tx:
            await tx.execute(text("DELETE FROM outbox"))  # as the relay does
    async with worker.transaction() as tx:
        assert await tx.scalar(text("SELECT state FROM import_job WHERE id = :id"), {"id": job_id}) == "completed"
    async with worker.transaction() as tx:
        rejected = text("SELECT rejected FROM import_job WHERE id = :id")
        assert await tx.scalar(rejected, {"id": job_id}) == 0
    return cost


async def assert_import_costs(what: str, import_of: Callable[[int, int, int], Awaitable[Cost]]) -> None:
    """Measure imports of new lines (the first's number, how many, how many a chunk); compare with the table."""
    chunk, around = {}, {}
    first = 1
    for rows in (1, 500):
        one = await import_of(first, rows, rows)
        three = await import_of(first + rows, 3 * rows, rows)
        first += 4 * rows
        chunk[rows] = Cost((three - one).statements // 2, (three - one).commits // 2)
        around[rows] = one - chunk[rows]
    assert_costs(f"import: a chunk of {what}", chunk)
    assert_costs(f"import: around {what}", around)

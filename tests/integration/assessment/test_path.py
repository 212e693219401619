"""From Kafka to the ledger and back to Kafka, with the kit's consumer and relay."""

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from shared.contracts.envelope import headers
from shared.contracts.received import Received
from shared.messaging.consumer import Consumer
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.messaging.subscription import EVER, add
from shared.store.event_log import new_id
from tests.integration.assessment.core import Core
from tests.integration.assessment.events import corrected, imported, logged, registered
from tests.support.eventually import eventually, running
from tests.support.quiescence import at_rest, partitions_read
from tests.support.services import reactions

pytestmark = pytest.mark.usefixtures("kafka")


async def publish(core: Core, events: Sequence[Received[Any]]) -> None:
    """Send events as the relays of their services do."""
    async with AIOKafkaProducer(bootstrap_servers=core.servers, enable_idempotence=True) as producer:
        sent = [
            await producer.send(
                core.prefix + event.data.topic,
                event.data.model_dump_json().encode(),
                event.attributes.subject.encode(),
                headers=headers(event.attributes),
            )
            for event in events
        ]
        await asyncio.gather(*sent)


@asynccontextmanager
async def consuming(core: Core) -> AsyncIterator[None]:
    """Run the consumer of a group that was there when these events happened."""
    async with core.worker.transaction() as tx:
        await add(tx, "assessment", reactions("assessment").events, EVER)
    async with running(Consumer(reactions("assessment"), core.worker, KafkaServers(core.servers), core.prefix).run):
        yield


async def entries(core: Core) -> int:
    [row] = await core.rows("SELECT count(*) FROM ledger_entry")
    return int(row[0])


async def has_read_all(core: Core) -> bool:
    """Whether everything that was in Kafka before the question has been handled."""
    return bool(await partitions_read(["assessment"], partial(read, core), core.servers, core.prefix))


async def is_at_rest(core: Core) -> bool:
    """Whether all of it has been handled, and what came of that is in Kafka."""
    return bool(await at_rest(["assessment"], partial(read, core), core.servers, core.prefix))


async def read(core: Core, _service: str, query: str) -> list[Any]:
    return await core.rows(query)


async def test_the_same_event_at_a_new_offset_counts_once(core: Core) -> None:
    volunteer = new_id()
    record, last = logged(volunteer, 90), logged(volunteer, 30)
    async with consuming(core):
        await publish(core, [record])
        await publish(core, [record, last])
        await eventually(lambda: has_read_all(core))
    assert await entries(core) == 2
    assert await core.hours(volunteer) == (120, 2, 0)
    assert Counter(row.name for row in await core.announced()) == {"HoursCredited": 2}


async def test_an_import_over_all_partitions_closes_once_and_stars_are_told_by_key(core: Core) -> None:
    import_id = new_id()
    volunteers = [new_id() for _ in range(20)]
    records = [logged(volunteer, 1500, import_id=import_id) for volunteer in volunteers for _ in range(4)]
    await publish(core, [imported(records, import_id), *records, *(registered(number) for number in range(30))])
    async with consuming(core), running(Relay(core.worker, KafkaServers(core.servers), core.prefix).run):
        await eventually(lambda: is_at_rest(core))
    assert await core.rows("SELECT 1 FROM import_progress WHERE closed")
    assert len(await core.rows("SELECT 1 FROM known_volunteer")) == 30
    reader = AIOKafkaConsumer(
        core.prefix + "assessment.ledger",
        core.prefix + "assessment.award",
        bootstrap_servers=core.servers,
        auto_offset_reset="earliest",
    )
    await reader.start()
    told: list[Any] = []
    async with asyncio.timeout(60):
        while len(told) < 21:
            told += [record for batch in (await reader.getmany(timeout_ms=1000)).values() for record in batch]
    await reader.stop()
    assert [json.loads(record.value)["volunteers"] for record in told if record.topic.endswith("ledger")] == [20]
    awards = [record for record in told if record.topic.endswith("award")]
    assert {record.key.decode() for record in awards} == {str(volunteer) for volunteer in volunteers}
    assert {json.loads(record.value)["import_id"] for record in awards} == {str(import_id)}


async def test_a_correction_of_an_unknown_record_is_parked_and_the_rest_goes_on(core: Core) -> None:
    volunteer = new_id()
    unknown = logged(volunteer)
    await publish(core, [logged(volunteer), corrected(unknown, 30), *(logged(volunteer) for _ in range(50))])
    async with consuming(core):
        await eventually(lambda: has_read_all(core))
    assert await entries(core) == 51
    [parked] = await core.rows("SELECT key, reason FROM dead_letter")
    assert parked.key == str(unknown.data.record_id).encode()
    assert parked.reason == "BrokenInvariantError"
    assert await core.hours(volunteer) == (51 * 60, 51, 0)

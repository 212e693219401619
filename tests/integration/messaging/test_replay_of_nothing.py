"""A replay ends where there is nothing to replay; it once waited for ever for topics that nobody had written to."""

import asyncio

from aiokafka import TopicPartition

from shared.contracts.topics import CONTACT
from shared.messaging.replay.prefetch import ahead
from shared.messaging.replay.source import Scope
from shared.messaging.replay.topic_records import TopicRecords
from tests.support.infrastructure import Infrastructure
from tests.support.services import reactions


async def test_topics_that_nobody_has_read_anything_of_give_no_batch(infrastructure: Infrastructure) -> None:
    ends = {TopicPartition(CONTACT.name, partition): 0 for partition in range(CONTACT.partitions)}
    contacts = reactions("notifications").projections["contacts"]
    topics = TopicRecords(infrastructure.servers, "", contacts, Scope(), ends)
    async with asyncio.timeout(60):
        assert [batch async for batch in ahead(topics.batches())] == []

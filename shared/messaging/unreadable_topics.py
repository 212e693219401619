"""Topics that a consumer cannot read just now, as they are not there or forbidden: their records wait, others' do not.

Invariant: nothing of such a topic is passed over, since its positions stay. One that the client has asked for in vain
rests until it is tried again, or it would hold up all topics for seconds at each refusal. One that was not to be seen
when the client began is not subscribed to, as no client starts with it; once it is there, a new client is needed.
"""

import asyncio
import time
from collections.abc import Collection, Iterable

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError, UnknownTopicOrPartitionError

from shared.messaging.kafka_metadata import partition_counts
from shared.messaging.servers import KafkaServers
from shared.ops.back_off import Retry
from shared.ops.metrics import CONSUMER_TOPIC_UNREADABLE

SHORTEST_BACK_OFF, LONGEST_BACK_OFF = 1.0, 10.0
ANSWER_SECONDS = 5.0
LOOK_SECONDS = 10.0
"""How often it is asked whether a topic is there by now that was not."""

log = structlog.get_logger()


class NewTopicsError(Exception):
    """A topic is there that was not when the client began: a new client is to subscribe to it."""


class UnreadableTopics:
    """The topics that one group cannot read, by their physical names, as this process knows them."""

    def __init__(self, group: str, servers: KafkaServers) -> None:
        CONSUMER_TOPIC_UNREADABLE.remove_by_labels({"consumer": group})
        self._group, self._servers = group, servers
        self._refused: dict[str, Retry] = {}
        self._absent: frozenset[str] = frozenset()
        self._looked = float("-inf")
        self._shown: set[str] = set()

    async def readable(self, topics: Collection[str]) -> list[str]:
        """Return those of some topics that are there for us; the others are absent from now on.

        Raises KafkaError, also where none is there.
        """
        counts = await partition_counts(self._servers, sorted(topics))
        self._looked = time.monotonic()
        self._absent = frozenset(topic for topic in topics if not counts[topic])
        self._show()
        if self._absent.issuperset(topics):
            raise UnknownTopicOrPartitionError
        return [topic for topic in topics if topic not in self._absent]

    def refuse(self, client: AIOKafkaConsumer, topic: str) -> None:
        """Let a topic rest that Kafka does not let us read."""
        self._refused.setdefault(topic, Retry()).fail(SHORTEST_BACK_OFF, LONGEST_BACK_OFF)
        client.pause(*_of_topic(client.assignment(), topic))
        self._show()

    def look(self, client: AIOKafkaConsumer) -> None:
        """Forget those that were asked for since the last look and not refused; ask for those that are due.

        A topic that the client no longer finds is absent from now on.
        """
        for topic, refused in list(self._refused.items()):
            if not refused.rests:
                del self._refused[topic]
            elif refused.is_due:
                refused.begin()
                client.resume(*_of_topic(client.assignment(), topic))
        self._absent |= {topic for topic in client.subscription() if not client.partitions_for_topic(topic)}
        self._show()

    async def look_for_absent(self) -> None:
        """Raise NewTopicsError where a topic is there by now that was not."""
        if not self._absent or time.monotonic() < self._looked + LOOK_SECONDS:
            return
        self._looked = time.monotonic()
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                counts = await partition_counts(self._servers, sorted(self._absent))
        except (KafkaError, OSError):
            return
        if any(counts.values()):
            raise NewTopicsError(", ".join(topic for topic in self._absent if counts[topic]))

    def partitions(self, partitions: Iterable[TopicPartition]) -> set[TopicPartition]:
        """Return those of some partitions that Kafka does not let us read."""
        return {partition for partition in partitions if partition.topic in self._refused}

    def __bool__(self) -> bool:
        """Return whether there are any."""
        return bool(self._refused or self._absent)

    def _show(self) -> None:
        now = {*self._refused, *self._absent}
        for topic in now - self._shown:
            CONSUMER_TOPIC_UNREADABLE.labels(self._group, topic).set(1)
            log.error("topic cannot be read", consumer=self._group, topic=topic, there=topic not in self._absent)
        for topic in self._shown - now:
            CONSUMER_TOPIC_UNREADABLE.remove(self._group, topic)
            log.info("topic can be read again", consumer=self._group, topic=topic)
        self._shown = now


def _of_topic(partitions: Iterable[TopicPartition], topic: str) -> list[TopicPartition]:
    return [partition for partition in partitions if partition.topic == topic]

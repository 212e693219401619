"""Topics as they are provisioned. Invariant: running it again changes nothing that is there."""

from collections.abc import Iterable

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code

from shared.contracts.topics import TOPICS, Topic
from shared.messaging.dead_letter import dead_letter_topic
from shared.messaging.servers import KafkaServers

MAX_COMPACTION_LAG_MS = 7 * 24 * 60 * 60 * 1000


async def provision(servers: KafkaServers, groups: Iterable[str], prefix: str = "", *, replication: int = 1) -> None:
    """Create every topic that is not there, and the dead-letter topics of ``groups``: the services that consume.

    ``prefix`` goes before each name. Raises KafkaError where one cannot be.
    ``replication`` is how many brokers keep each record; of what is acknowledged ``min_in_sync`` of them have it.
    """
    admin = AIOKafkaAdminClient(**servers.options())
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        missing = [
            NewTopic(prefix + topic.name, topic.partitions, replication, topic_configs=_settings(topic, replication))
            for topic in (*TOPICS.values(), *map(dead_letter_topic, groups))
            if prefix + topic.name not in existing
        ]
        if missing:
            response = await admin.create_topics(missing)
            for name, code, *message in response.topic_errors:
                if code and for_code(code) is not TopicAlreadyExistsError:
                    raise for_code(code)(f"{name}: {message}")
    finally:
        await admin.close()


def min_in_sync(replication: int) -> int:
    """Return how many copies there are of a record once it is acknowledged: all but one, as one broker may be down."""
    return max(1, replication - 1)


def _settings(topic: Topic, replication: int) -> dict[str, str]:
    settings: dict[str, str] = {
        "cleanup.policy": topic.cleanup,
        "min.insync.replicas": str(min_in_sync(replication)),
    }
    if topic.retention is not None:
        settings["retention.ms"] = str(int(topic.retention.total_seconds() * 1000))
    if topic.cleanup == "compact":
        settings["max.compaction.lag.ms"] = str(MAX_COMPACTION_LAG_MS)
    return settings

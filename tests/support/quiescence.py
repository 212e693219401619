"""Whether anything is still on its way between services.

Invariant: `at_rest` is true only of a moment at which nothing moved any more. Its order of looking is what makes it so:
the event logs, then the outboxes (empty: all that was appended is in Kafka), then the positions of every consumer (at
the end of all it subscribes to: all that is in Kafka has been handled), then the event logs again (the same: handling
it has appended nothing meanwhile). In any other order an event can slip by, out of a place not yet looked at into one
that was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

from aiokafka.errors import KafkaError

from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from tests.support.services import reactions

Read = Callable[[str, str], Awaitable[Sequence[Any]]]
"""``await read(service, query)`` gives rows of a service's database, of every district."""
_LOG = "SELECT count(*), coalesce(max(position), 0) FROM event_log"
_OUTBOX = "SELECT count(*) FROM outbox"
_POSITIONS = "SELECT consumer, topic, partition, next_offset FROM consumer_offset"


async def at_rest(services: Iterable[str], read: Read, bootstrap_servers: str, prefix: str) -> int:
    """Return how many outboxes were empty and how many partitions read to their end; 0 while anything is on its way.

    A consumer that has no position yet is behind. While a server does not answer, nothing is known to be at rest.
    """
    names = sorted(services)
    try:
        before = await _logs(names, read)
        if not await _outboxes_are_empty(names, read):
            return 0
        partitions = await partitions_read(names, read, bootstrap_servers, prefix)
        unchanged = before == await _logs(names, read)
    except (KafkaError, OSError):
        return 0
    return len(names) + partitions if partitions and unchanged else 0


async def _logs(services: Sequence[str], read: Read) -> list[tuple[int, ...]]:
    return [tuple((await read(service, _LOG))[0]) for service in services]


async def _outboxes_are_empty(services: Sequence[str], read: Read) -> bool:
    return all([not (await read(service, _OUTBOX))[0][0] for service in services])


async def partitions_read(services: Sequence[str], read: Read, bootstrap_servers: str, prefix: str) -> int:
    """Return how many partitions the services' consumers read, if every one is read to its end; otherwise 0.

    While they run, this says of what was in Kafka before the question that all of it has been handled.
    """
    partitions = 0
    for service in services:
        reached = {(topic, p): at for who, topic, p, at in await read(service, _POSITIONS) if who == service}
        ends = await end_offsets(KafkaServers(bootstrap_servers), subscription(service, prefix))
        if any(reached.get(place, -1) < end for place, end in ends.items()):
            return 0
        partitions += len(ends)
    return partitions


def subscription(service: str, prefix: str) -> list[str]:
    """Return the topics that a service's consumer reads; none, where it has no consumer."""
    return [prefix + topic for topic in reactions(service).topics]

"""The Kafka client of a consumer group, in FastStream's shell: batches come raw, and nothing is acknowledged for us."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import TopicAuthorizationFailedError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.kafka.message import FAKE_CONSUMER

from shared.messaging.kafka_metadata import ISOLATION
from shared.messaging.records import Record
from shared.messaging.servers import KafkaServers

MAX_RECORDS = 2000
WAIT_MS = 500
"""How long to wait for records before looking whether the group still has us; what comes ends the wait at once."""
FETCH_MAX_WAIT_MS = 100
SESSION_TIMEOUT_MS, MAX_POLL_INTERVAL_MS = 10_000, 300_000


@dataclass(frozen=True, slots=True)
class Membership:
    """How long the group believes in a member, in milliseconds: without a sign of life, and between two batches."""

    session_timeout_ms: int = SESSION_TIMEOUT_MS
    max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS

    @property
    def heartbeat_interval_ms(self) -> int:
        """How often it gives a sign of life: three times within the session."""
        return self.session_timeout_ms * 3 // 10


USUAL = Membership()


class ClientEndedError(Exception):
    """The client's coordination has ended by itself: its group will not hear of it again."""


def open_broker(servers: KafkaServers) -> KafkaBroker:
    """Return a broker to subscribe at; it connects when it is started."""
    return KafkaBroker(
        servers.addresses.split(","),  # FastStream takes a string for one address
        apply_types=False,
        allow_auto_create_topics=False,
        logger=logging.getLogger(__name__),
        security=servers.security(),
    )


def subscribe(
    broker: KafkaBroker,
    topics: Iterable[str],
    group: str,
    membership: Membership,
    listener: ConsumerRebalanceListener,
    refused: Callable[[AIOKafkaConsumer, str], None],
) -> Any:  # noqa: ANN401 - FastStream's type is one of four
    """Return the subscriber of a group to (physical) topics. Whoever handles its batches lets no exception out.

    ``refused`` hears of a topic that Kafka does not let the group read.
    """
    subscriber = broker.subscriber(
        *topics,
        group_id=group,
        batch=True,
        max_records=MAX_RECORDS,
        fetch_max_wait_ms=FETCH_MAX_WAIT_MS,
        auto_offset_reset="earliest",
        isolation_level=ISOLATION,
        session_timeout_ms=membership.session_timeout_ms,
        heartbeat_interval_ms=membership.heartbeat_interval_ms,
        max_poll_interval_ms=membership.max_poll_interval_ms,
        ack_policy=AckPolicy.MANUAL,
        parser=_pass_through,
        decoder=_raw_records,
        listener=listener,
    )

    async def next_batch(consumer: AIOKafkaConsumer) -> tuple[Record, ...]:
        """Return what has come of the topics that may be read, or nothing after a while.

        In FastStream's own place, which rests for 5 s at any error; and which waits and sleeps by turns for the same
        few milliseconds: asleep it does not see what comes, and with nothing to do it keeps a core busy (ADR 0047).
        """
        try:
            found = await consumer.getmany(timeout_ms=WAIT_MS, max_records=MAX_RECORDS)
        except TopicAuthorizationFailedError as error:
            refused(consumer, error.args[0])
            return ()
        return tuple(chain.from_iterable(found.values()))

    subscriber.get_msg = next_batch  # type: ignore[method-assign]
    return subscriber


def check(client: AIOKafkaConsumer | None) -> None:
    """Raise ClientEndedError for a client that is dead and does not say so.

    Where a batch is done just while aiokafka leaves the group for its being slow, the heartbeat task is cancelled
    in the middle of it and takes the coordination along. The next poll waits for an assignment for ever.
    """
    if client is not None and client._coordinator._coordination_task.done():  # noqa: SLF001 - nothing public tells
        raise ClientEndedError


async def _pass_through(batch: tuple[Record, ...]) -> KafkaMessage:
    """Wrap a batch for FastStream without touching its records; ``batch.py`` reads what it needs of them."""
    return KafkaMessage(body=b"", raw_message=batch, consumer=FAKE_CONSUMER)


async def _raw_records(message: KafkaMessage) -> tuple[Record, ...]:
    return message.raw_message

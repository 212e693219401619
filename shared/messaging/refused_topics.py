"""Topics that Kafka takes no records of just now: their rows wait in the outbox, those of other topics go on.

Invariant: a refused topic is not read from the outbox until it is tried again, and then from its first row on, so that
no record of a key goes before an earlier one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from aiokafka.errors import (
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
    UnknownTopicOrPartitionError,
)

from shared.ops.back_off import Retry
from shared.ops.metrics import RELAY_TOPIC_REFUSED

SHORTEST_BACK_OFF, LONGEST_BACK_OFF = 0.2, 10.0
TOO_LARGE = (MessageSizeTooLargeError, RecordListTooLargeError)
OF_A_TOPIC = (*TOO_LARGE, UnknownTopicOrPartitionError, TopicAuthorizationFailedError, InvalidTopicError)
"""What Kafka says of one topic or its records, while others are well."""

log = structlog.get_logger()


class TooFewPartitionsError(Exception):
    """A topic has fewer partitions than agreed: keys would go where nobody expects them."""


@dataclass
class _Refused(Retry):
    singly: bool = False
    """Whether its records go one by one, since of a batch nobody knows which one is too large."""


class RefusedTopics:
    """The topics refused, by their names without prefix, as one leader of the relay knows them."""

    def __init__(self) -> None:
        RELAY_TOPIC_REFUSED.clear()
        self._refused: dict[str, _Refused] = {}

    def refuse(self, topic: str, reason: BaseException, positions: Sequence[int]) -> None:
        """Let the rows of a topic wait; ``positions`` are those in the outbox that could not go."""
        refused = self._refused.setdefault(topic, _Refused())
        pause = refused.fail(SHORTEST_BACK_OFF, LONGEST_BACK_OFF)
        refused.singly |= isinstance(reason, TOO_LARGE)
        RELAY_TOPIC_REFUSED.labels(topic).set(1)
        log.error(
            "topic takes no records",
            topic=topic,
            error=type(reason).__name__,
            first_position=min(positions),
            last_position=max(positions),
            retry_in=pause,
        )

    def go_singly(self, topic: str) -> bool:
        """Return whether a topic's records go one by one."""
        return topic in self._refused and self._refused[topic].singly

    @property
    def waiting(self) -> list[str]:
        """The topics not to be read now."""
        return [topic for topic, refused in self._refused.items() if refused.rests]

    @property
    def are_due(self) -> bool:
        """Whether one is to be tried again: with a new producer and from the outbox's first row on."""
        return any(refused.is_due for refused in self._refused.values())

    def try_again(self) -> None:
        """Let those that are due be read again."""
        for refused in self._refused.values():
            if refused.is_due:
                refused.begin()

    def accept(self) -> None:
        """Note that all there was of those tried again has gone."""
        for topic in [topic for topic, refused in self._refused.items() if not refused.rests]:
            del self._refused[topic]
            RELAY_TOPIC_REFUSED.remove(topic)
            log.info("topic takes records again", topic=topic)

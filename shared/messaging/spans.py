"""Spans of the way of an event, by OpenTelemetry's conventions for messaging with Kafka.

create (one for each recorded event, in the trace of the request that caused it; its context is what the record
carries) -> send (one a batch, linked) -> process (one a batch, linked, or within the trace where the batch is one
record) -> a step for each handler -> the events caused by it.

Nothing here costs anything for an event whose trace is not recorded. Of a batch at most ``OTEL_SPAN_LINK_COUNT_LIMIT``
(128) links are kept: sample requests where traffic is heavy.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from opentelemetry.trace import INVALID_SPAN, Span, SpanKind

from shared.messaging.records import Record
from shared.ops.tracing import is_collecting, messages_span, start_span, traceparent_of


class Carrier(Protocol):
    """What carries a trace context."""

    @property
    def traceparent(self) -> str | None:
        """The context, as text."""


def create(topic: str, traceparent: str | None) -> str:
    """Make the span of a recorded event's record; return its context, which the record carries."""
    attributes = {
        "messaging.system": "kafka",
        "messaging.operation.name": "create",
        "messaging.operation.type": "create",
        "messaging.destination.name": topic,
    }
    span = start_span(f"create {topic}", SpanKind.PRODUCER, [traceparent], attributes, linked=False)
    span.end()
    return traceparent_of(span)


def start_send(topic: str, partition: int, records: Sequence[Carrier]) -> Span:
    """Start the span of one batch on its way to its partition."""
    if not is_collecting():
        return INVALID_SPAN
    return start_span(
        f"send {topic}",
        SpanKind.CLIENT,
        [record.traceparent for record in records],
        {
            "messaging.system": "kafka",
            "messaging.operation.name": "send",
            "messaging.operation.type": "send",
            "messaging.destination.name": topic,
            "messaging.destination.partition.id": str(partition),
            "messaging.batch.message_count": len(records),
        },
    )


def process(group: str, records: Sequence[Record]) -> AbstractContextManager[None]:
    """Be the processing of one batch by a consumer group."""
    if not is_collecting():
        only = [_traceparent(record) for record in records] if len(records) == 1 else []
        return messages_span("process", SpanKind.CONSUMER, only, {})
    topics = {record.topic for record in records}
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": group,
        "messaging.batch.message_count": len(records),
    }
    if len(topics) == 1:
        attributes["messaging.destination.name"] = records[0].topic
    if len(records) == 1:
        attributes["messaging.destination.partition.id"] = str(records[0].partition)
        attributes["messaging.kafka.offset"] = records[0].offset
    name = f"process {records[0].topic}" if len(topics) == 1 else "process"
    return messages_span(name, SpanKind.CONSUMER, [_traceparent(record) for record in records], attributes)


def _traceparent(record: Record) -> str | None:
    found: bytes | None = next((value for name, value in reversed(record.headers) if name == "traceparent"), None)
    return found.decode("ascii", "replace") if found else None

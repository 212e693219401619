"""Kafka records, as they are made of rows and read as state. Invariant: one event has one form, wherever it is sent."""

from collections.abc import Sequence
from typing import TypeAlias

from aiokafka import ConsumerRecord

from shared.contracts.envelope import Attributes, UndecodableEventError
from shared.contracts.envelope import headers as headers_of
from shared.contracts.received import StateRecord

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"
Header: TypeAlias = tuple[str, bytes | None]
"""As Kafka has it: one without a value is allowed."""
UNKNOWN = -1


def content_of(event: Attributes, data: str) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Return key, value and headers of a logged event's record; ``data`` is its JSON."""
    return event.subject.encode(), data.encode(), headers_of(event)


def make_record(
    place: tuple[str, int, int],
    key: bytes | None,
    value: bytes | None,
    headers: Sequence[Header],
    timestamp: int = UNKNOWN,
) -> Record:
    """Return a record as the consumer gets it; ``place`` is its topic, partition and offset."""
    topic, partition, offset = place
    return ConsumerRecord(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp=timestamp,
        timestamp_type=UNKNOWN,
        key=key,
        value=value,
        checksum=None,
        serialized_key_size=UNKNOWN,
        serialized_value_size=UNKNOWN,
        headers=tuple(headers),
    )


def state_of(record: Record) -> StateRecord:
    """Return what a record of a compacted topic says. Raises UndecodableEventError."""
    district = next((value for name, value in record.headers if name == "ce_district"), None)
    if district is None or record.key is None:
        raise UndecodableEventError("a state record needs a key and the header ce_district")
    try:
        return StateRecord(district.decode(), record.key.decode(), record.value)
    except UnicodeDecodeError as malformed:
        raise UndecodableEventError(f"malformed key or header: {malformed.reason}") from malformed

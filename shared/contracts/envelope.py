"""CloudEvents 1.0 in Kafka's binary mode: attributes in ``ce_*`` headers, the event's data as the JSON value.

Invariant: a consumer can filter, deduplicate and route on headers alone; the value is decoded only for events
it handles.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json

from shared.contracts.event import Event
from shared.contracts.upcasters import RENAMED, UnknownVersionError, split_type, type_of, upcast

CONTENT_TYPE = b"application/json"
SPEC_VERSION = b"1.0"
Header = tuple[str, bytes]


class UndecodableEventError(Exception):
    """The record is not an event that this code can read: a header is missing or the data breaks its contract."""


class Attributes(NamedTuple):
    """The CloudEvents attributes of one event. ``sequence`` is the aggregate's version, rising by one."""

    id: UUID
    type: str
    time: datetime
    subject: str
    sequence: int
    district: str
    traceparent: str | None = None


def headers(attributes: Attributes) -> list[Header]:
    """Return the Kafka headers of an event."""
    source, event_type, schema = _of_type(attributes.type)
    subject = attributes.subject.encode()
    result = [
        ("ce_specversion", SPEC_VERSION),
        ("ce_id", str(attributes.id).encode()),
        source,
        event_type,
        ("ce_time", attributes.time.isoformat().encode()),
        ("ce_subject", subject),
        schema,
        ("ce_partitionkey", subject),
        ("ce_sequence", str(attributes.sequence).encode()),
        ("ce_district", attributes.district.encode()),
        ("content-type", CONTENT_TYPE),
    ]
    if attributes.traceparent:
        result.append(("traceparent", attributes.traceparent.encode()))
    return result


@lru_cache(maxsize=1024)
def _of_type(event_type: str) -> tuple[Header, Header, Header]:
    """Return the headers that every event of a type has alike: source, type and schema."""
    name, version = split_type(event_type)
    _, _, service, event = name.split(".")
    return (
        ("ce_source", f"/linbang/{service}".encode()),
        ("ce_type", event_type.encode()),
        ("ce_dataschema", f"/schemas/{event}.v{version}.json".encode()),
    )


def event_type_of(record_headers: Iterable[Header]) -> str | None:
    """Return the ``ce_type`` of a record, or None where it has none."""
    for name, value in record_headers:
        if name == "ce_type" and value is not None:
            return value.decode("utf-8", "replace")
    return None


def present_type_of(record_headers: Sequence[Header]) -> tuple[str, int]:
    """Return the present name and the version of a record's type. Raises UndecodableEventError where it has none."""
    event_type = event_type_of(record_headers) or ""
    try:
        name, version = split_type(event_type)
    except ValueError as fault:
        raise UndecodableEventError(str(fault)) from None
    return type_of(event_type, read_attributes(record_headers).sequence) if name in RENAMED else (name, version)


def read_attributes(record_headers: Iterable[Header]) -> Attributes:
    """Return the attributes that headers carry. Raises UndecodableEventError naming the header at fault."""
    found = {name: value for name, value in record_headers if value is not None}  # Kafka allows a header without one
    traceparent = found.get("traceparent")
    try:
        return Attributes(
            id=UUID(found["ce_id"].decode()),
            type=found["ce_type"].decode(),
            time=datetime.fromisoformat(found["ce_time"].decode()),
            subject=found["ce_subject"].decode(),
            sequence=int(found["ce_sequence"]),
            district=found["ce_district"].decode(),
            traceparent=traceparent.decode() if traceparent else None,
        )
    except KeyError as missing:
        raise UndecodableEventError(f"header {missing.args[0]} is missing") from None
    except (ValueError, UnicodeDecodeError) as malformed:
        raise UndecodableEventError(f"malformed header: {malformed}") from malformed


def known_names(events: Iterable[type[Event]]) -> Mapping[str, type[Event]]:
    """Index events by their type without the version: what a consumer matches a record on."""
    return {split_type(event.event_type())[0]: event for event in events}


def decode(event: type[Event], version: int, value: bytes | None) -> Event:
    """Read an event's data, upcast where it is of an older version.

    Raises UndecodableEventError where the bytes break the contract or no upcaster leads to the current version.
    """
    try:
        if version == event.version:
            return event.model_validate_json(value or b"")
        return event.model_validate(upcast(event, version, from_json(value or b"")))
    except ValidationError as invalid:
        fields = ", ".join(".".join(map(str, error["loc"])) or error["type"] for error in invalid.errors())
        raise UndecodableEventError(f"{event.__name__}: {fields}") from None
    except (ValueError, UnknownVersionError) as unreadable:
        raise UndecodableEventError(f"{event.__name__}: {unreadable}") from unreadable

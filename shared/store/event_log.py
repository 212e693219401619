"""The event log: everything that has happened in a service, append-only, and what the relay still has to publish.

Invariant: an event is in ``event_log`` exactly if the change it tells of is committed, and its ``outbox`` row stands
until Kafka has acknowledged it: both are written here, by one statement, in the caller's transaction. The caller has
changed (and so locked) the aggregate's row first; the row lock makes the order of positions the order of versions of
one aggregate.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection
from uuid_utils.compat import uuid7

from shared.contracts.event import Event
from shared.contracts.operations import NO_DISTRICT, OperatorAction, caused_by
from shared.contracts.received import StateRecord
from shared.ops.tracing import current_traceparent


def new_id() -> UUID:
    """Return a UUIDv7: unique, and rising with time so that indexes stay compact."""
    return uuid7()


def now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class NewEvent:
    """An event to append: ``version`` is the aggregate's version after the change, rising by one from 1."""

    district: str
    aggregate_id: UUID
    version: int
    data: Event
    caused_by: str
    """What caused it: ``account:<id>``, ``import:<id>``, ``event:<id>``, ``work:<id>`` or ``operator:<name>``."""
    occurred_at: datetime = field(default_factory=now)
    event_id: UUID = field(default_factory=new_id)
    traceparent: str | None = field(default_factory=current_traceparent)
    """The trace context of the work that causes it: where a statement serves many requests, each has its own."""


def of_operator(action: OperatorAction, by: str) -> NewEvent:
    """Return the event of what an operator has done, who is named ``by``."""
    return NewEvent(NO_DISTRICT, action.action_id, 1, action, caused_by(by))


_APPEND = text("""
    WITH appended AS (
        INSERT INTO event_log (district, event_id, topic, aggregate_id, aggregate_version, type, occurred_at,
                               caused_by, traceparent, data)
        SELECT e.district, e.event_id, e.topic, e.aggregate_id, e.aggregate_version, e.type, e.occurred_at,
               e.caused_by, e.traceparent, e.data::json
        FROM unnest(CAST(:district AS text[]), CAST(:event_id AS uuid[]), CAST(:topic AS text[]),
                    CAST(:aggregate_id AS uuid[]), CAST(:aggregate_version AS int[]), CAST(:type AS text[]),
                    CAST(:occurred_at AS timestamptz[]), CAST(:caused_by AS text[]), CAST(:traceparent AS text[]),
                    CAST(:data AS text[]))
             WITH ORDINALITY AS e(district, event_id, topic, aggregate_id, aggregate_version, type, occurred_at,
                                  caused_by, traceparent, data, ordinal)
        ORDER BY e.ordinal
        RETURNING district, position
    )
    INSERT INTO outbox (district, position) SELECT district, position FROM appended
""")


async def append(connection: AsyncConnection, events: Sequence[NewEvent]) -> None:
    """Append events and their outbox rows in one statement, in the order given.

    Raises IntegrityError where an aggregate has an event of that version already: the caller's version check failed.
    """
    if not events:
        return
    await connection.execute(
        _APPEND,
        {
            "district": [event.district for event in events],
            "event_id": [event.event_id for event in events],
            "topic": [event.data.topic for event in events],
            "aggregate_id": [event.aggregate_id for event in events],
            "aggregate_version": [event.version for event in events],
            "type": [event.data.event_type() for event in events],
            "occurred_at": [event.occurred_at for event in events],
            "caused_by": [event.caused_by for event in events],
            "traceparent": [event.traceparent for event in events],
            "data": [event.data.model_dump_json() for event in events],
        },
    )


_DEPTH = text("SELECT count(*) FROM (SELECT FROM outbox WHERE position > :after LIMIT 100000) o")


async def outbox_depth(connection: AsyncConnection, after: int = 0) -> int:
    """Return how many records after a position Kafka has not yet acknowledged, counted to 100,000."""
    return await connection.scalar(_DEPTH, {"after": after}) or 0


_PUT_STATE = text("""
    INSERT INTO outbox (district, position, raw_topic, raw_key, raw_value, raw_headers)
    SELECT r.district, nextval(pg_get_serial_sequence('event_log', 'position')), :topic, r.key, r.value, r.headers::json
    FROM unnest(CAST(:district AS text[]), CAST(:key AS bytea[]), CAST(:value AS bytea[]), CAST(:headers AS text[]))
         WITH ORDINALITY AS r(district, key, value, headers, ordinal)
    ORDER BY r.ordinal
""")


async def put_state(connection: AsyncConnection, topic: str, records: Sequence[StateRecord]) -> None:
    """Publish the present state of some keys to a compacted topic, through the outbox; the event log never sees it."""
    if not records:
        return
    await connection.execute(
        _PUT_STATE,
        {
            "topic": topic,
            "district": [record.district for record in records],
            "key": [record.key.encode() for record in records],
            "value": [record.value for record in records],
            "headers": [json.dumps({"ce_district": record.district}) for record in records],
        },
    )

"""Dead letters: records that can never be applied, parked with their bytes and the reason.

Invariant: a record is parked in the transaction that moves the offset past it, with a copy to ``<group>.dlt`` through
the outbox; later events of its key are parked behind it, so that a redrive keeps their order. ``Limit`` stops the
consumer when so much is being parked that something else must be wrong: a bad deployment never drains a topic into
the dead letters.
"""

import json
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from aiokafka import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import NO_DISTRICT
from shared.contracts.topics import dead_letter_topic
from shared.store.event_log import new_id

MAX_SHARE, WINDOW = 0.05, 1000
MAX_CONSECUTIVE = 20
BEHIND_PARKED = "behind_parked"

Record: TypeAlias = "ConsumerRecord[bytes, bytes]"


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that cannot be applied: ``reason`` is a short code for metrics, ``message`` a sentence for operators."""

    record: Record
    reason: str
    message: str


class LimitReachedError(Exception):
    """Too much is being parked; the consumer stops before this batch and an operator has to look."""


class Limit:
    """At most ``MAX_CONSECUTIVE`` parked in a row per partition, and ``MAX_SHARE`` of the last ``WINDOW`` records."""

    def __init__(self) -> None:
        self._recent: deque[bool] = deque(maxlen=WINDOW)
        self._in_a_row: dict[tuple[str, int], int] = {}

    def check(self, batch: Sequence[Record], poison: Sequence[Poison]) -> None:
        """Raise LimitReachedError where parking ``poison`` out of ``batch`` would pass a limit.

        What waits behind a parked record is not counted: it is as good as any.
        """
        recent, in_a_row = self._after(batch, poison)
        if partition := next((found for found, count in in_a_row.items() if count >= MAX_CONSECUTIVE), None):
            raise LimitReachedError(f"{MAX_CONSECUTIVE} records in a row of {partition[0]}[{partition[1]}]")
        if len(recent) == WINDOW and sum(recent) > MAX_SHARE * WINDOW:
            raise LimitReachedError(f"more than {MAX_SHARE:.0%} of the last {WINDOW} records")

    def count(self, batch: Sequence[Record], poison: Sequence[Poison]) -> None:
        """Count a batch whose transaction has committed."""
        self._recent, self._in_a_row = self._after(batch, poison)

    def _after(
        self, batch: Sequence[Record], poison: Sequence[Poison]
    ) -> tuple[deque[bool], dict[tuple[str, int], int]]:
        """Return the last records (bad or not) and the longest row of bad ones by partition, after this batch."""
        at_fault = {_place(p.record) for p in poison if p.reason != BEHIND_PARKED}
        recent, in_a_row = self._recent.copy(), dict(self._in_a_row)
        for record in batch:
            topic, partition, _ = place = _place(record)
            recent.append(place in at_fault)
            if in_a_row.get((topic, partition), 0) < MAX_CONSECUTIVE:
                in_a_row[topic, partition] = in_a_row.get((topic, partition), 0) + 1 if place in at_fault else 0
        return recent, in_a_row


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


_PARKED_KEYS = text("""
    SELECT DISTINCT topic, key FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = ANY(CAST(:topics AS text[]))
      AND key = ANY(CAST(:keys AS bytea[]))
""")
_PARK = text("""
    WITH parked AS (
        INSERT INTO dead_letter (id, consumer, topic, partition, "offset", key, value, headers, reason, message)
        SELECT p.id, :consumer, p.topic, p.partition, p."offset", p.key, p.value, p.headers::json, p.reason, p.message
        FROM unnest(CAST(:id AS uuid[]), CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:offset AS bigint[]),
                    CAST(:key AS bytea[]), CAST(:value AS bytea[]), CAST(:headers AS text[]), CAST(:reason AS text[]),
                    CAST(:message AS text[]))
             AS p(id, topic, partition, "offset", key, value, headers, reason, message)
        ON CONFLICT (consumer, topic, partition, "offset") DO NOTHING
        RETURNING id, topic, partition, "offset", key, value, headers, reason
    )
    INSERT INTO outbox (district, position, raw_topic, raw_key, raw_value, raw_headers)
    SELECT :district, nextval(pg_get_serial_sequence('event_log', 'position')), :dead_letter_topic,
           key, value,
           json_build_object('dead_letter_id', id::text, 'reason', reason, 'origin_topic', topic,
                             'origin_partition', partition::text, 'origin_offset', "offset"::text,
                             'origin_headers', headers::text)
    FROM parked
""")


async def parked_keys(connection: AsyncConnection, consumer: str, batch: Sequence[Record]) -> set[tuple[str, bytes]]:
    """Return the (topic, key) pairs of a batch that have a parked record already."""
    rows = await connection.execute(
        _PARKED_KEYS,
        {
            "consumer": consumer,
            "topics": list({record.topic for record in batch}),
            "keys": list({record.key for record in batch if record.key is not None}),
        },
    )
    return {(row.topic, row.key) for row in rows}


async def park(connection: AsyncConnection, consumer: str, poison: Sequence[Poison]) -> None:
    """Park records with their bytes, headers and reason, and send a copy of each to the group's dead-letter topic."""
    records = [p.record for p in poison]
    await connection.execute(
        _PARK,
        {
            "consumer": consumer,
            "district": NO_DISTRICT,
            "dead_letter_topic": dead_letter_topic(consumer),
            "id": [new_id() for _ in poison],
            "topic": [record.topic for record in records],
            "partition": [record.partition for record in records],
            "offset": [record.offset for record in records],
            "key": [record.key for record in records],
            "value": [record.value for record in records],
            "headers": [
                json.dumps(
                    [[name, value and value.decode("utf-8", "backslashreplace")] for name, value in record.headers]
                )
                for record in records
            ],
            "reason": [p.reason for p in poison],
            "message": [p.message for p in poison],
        },
    )

"""Dead letters: records that can never be applied, parked with their bytes and the reason.

Invariant: a record is parked in the transaction that moves the offset past it, with a copy to ``<group>.dlt`` through
the outbox; later events of its key are parked behind it, so that a redrive (``dead_letter_settlement.py``) keeps
their order. ``Limit`` stops the consumer when so much is being parked that something else must be wrong: a bad
deployment never drains a topic into the dead letters.
"""

import json
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import NO_DISTRICT
from shared.contracts.topics import TOPICS, Topic
from shared.messaging.records import Header, Record
from shared.store.event_log import new_id

MAX_SHARE, WINDOW = 0.05, 1000
MAX_CONSECUTIVE = 20
BEHIND_PARKED = "behind_parked"
RETENTION = timedelta(days=90)
DEAD_LETTERS = ".dlt"
"""How the names of topics of copies end."""
ORIGIN_HEADERS = "origin_headers"
"""The header of a copy that holds the parked record's own; a copy that is too large goes without these."""


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that cannot be applied: ``reason`` is a short code for metrics, ``message`` a sentence for operators."""

    record: Record
    reason: str
    message: str


class LimitReachedError(Exception):
    """Too much is being parked; the consumer stops before this batch and an operator has to look."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What the limit has seen: the last records (True: at fault), and each partition's bad ones in a row."""

    recent: deque[bool]
    in_a_row: Mapping[tuple[str, int], int]


class Limit:
    """At most ``MAX_CONSECUTIVE`` parked in a row per partition, and ``MAX_SHARE`` of the last ``WINDOW`` records.

    ``enforced=False`` is for an operator who has looked, and wants all that is bad to be parked.
    """

    def __init__(self, *, enforced: bool = True) -> None:
        self._enforced = enforced
        self._counts = Counts(deque(maxlen=WINDOW), {})

    def check(self, batch: Sequence[Record], poison: Sequence[Poison]) -> Counts:
        """Return the counts after this batch. Raises LimitReachedError where parking ``poison`` would pass a limit.

        What waits behind a parked record is not counted: it is as good as any.
        """
        counts = self._after(batch, poison)
        if not self._enforced:
            return counts
        if partition := next((found for found, count in counts.in_a_row.items() if count >= MAX_CONSECUTIVE), None):
            raise LimitReachedError(f"{MAX_CONSECUTIVE} records in a row of {partition[0]}[{partition[1]}]")
        if len(counts.recent) == WINDOW and sum(counts.recent) > MAX_SHARE * WINDOW:
            raise LimitReachedError(f"more than {MAX_SHARE:.0%} of the last {WINDOW} records")
        return counts

    def count(self, counts: Counts) -> None:
        """Take over the counts of a batch whose transaction has committed."""
        self._counts = counts

    def _after(self, batch: Sequence[Record], poison: Sequence[Poison]) -> Counts:
        at_fault = {_place(p.record) for p in poison if p.reason != BEHIND_PARKED}
        recent, in_a_row = self._counts.recent.copy(), dict(self._counts.in_a_row)
        for record in batch:
            topic, partition, _ = place = _place(record)
            recent.append(place in at_fault)
            if in_a_row.get((topic, partition), 0) < MAX_CONSECUTIVE:
                in_a_row[topic, partition] = in_a_row.get((topic, partition), 0) + 1 if place in at_fault else 0
        return Counts(recent, in_a_row)


def _place(record: Record) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def dead_letter_topic(group: str) -> Topic:
    """Return the topic that gets a copy of every record the group has parked."""
    return Topic(f"{group}{DEAD_LETTERS}", "key of the parked record", 1, group, retention=RETENTION)


def state_topics(topics: Iterable[str]) -> list[str]:
    """Return those of the (physical) topics that hold state, not events.

    State can be of a person (sealed contact points) who may be erased: it is kept no longer than it waits.
    """
    compacted = tuple(topic.name for topic in TOPICS.values() if topic.cleanup == "compact")
    return [topic for topic in set(topics) if topic.endswith(compacted)]


def headers_as_json(record_headers: Iterable[Header]) -> str:
    """Return headers as JSON, readable where they are UTF-8; ``headers_from_json`` gives every byte back.

    Bytes that are not UTF-8 become lone surrogates, which JSON escapes.
    """
    return json.dumps(
        [[name, None if value is None else value.decode("utf-8", "surrogateescape")] for name, value in record_headers]
    )


def headers_from_json(stored: Iterable[tuple[str, str | None]]) -> tuple[Header, ...]:
    """Return the headers that ``headers_as_json`` was given."""
    return tuple((name, None if value is None else value.encode("utf-8", "surrogateescape")) for name, value in stored)


_PARKED_KEYS = text("""
    SELECT DISTINCT topic, key FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = ANY(CAST(:topics AS text[]))
      AND key = ANY(CAST(:keys AS bytea[]))
""")
_PARK = text(f"""
    WITH parked AS (
        INSERT INTO dead_letter (id, consumer, topic, partition, "offset", key, value, headers, reason, message,
                                 attempts)
        SELECT p.id, :consumer, p.topic, p.partition, p."offset", p.key, p.value, p.headers::json, p.reason, p.message,
               CASE WHEN p.reason = :behind_parked THEN 0 ELSE 1 END
        FROM unnest(CAST(:id AS uuid[]), CAST(:topic AS text[]), CAST(:partition AS int[]), CAST(:offset AS bigint[]),
                    CAST(:key AS bytea[]), CAST(:value AS bytea[]), CAST(:headers AS text[]), CAST(:reason AS text[]),
                    CAST(:message AS text[]))
             AS p(id, topic, partition, "offset", key, value, headers, reason, message)
        ON CONFLICT (consumer, topic, partition, "offset") DO NOTHING
        RETURNING id, topic, partition, "offset", key, value, headers, reason
    )
    INSERT INTO outbox (district, position, raw_topic, raw_key, raw_value, raw_headers)
    SELECT :district, nextval(pg_get_serial_sequence('event_log', 'position')), :dead_letter_topic,
           key, CASE WHEN topic = ANY(CAST(:state_topics AS text[])) THEN NULL ELSE value END,
           json_build_object('dead_letter_id', id::text, 'reason', reason, 'origin_topic', topic,
                             'origin_partition', partition::text, 'origin_offset', "offset"::text,
                             '{ORIGIN_HEADERS}', headers::text)
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
    """Park records with their bytes, headers and reason, and send a copy of each to the group's dead-letter topic.

    The copy of a state record is without its value.
    """
    records = [p.record for p in poison]
    await connection.execute(
        _PARK,
        {
            "consumer": consumer,
            "behind_parked": BEHIND_PARKED,
            "state_topics": state_topics(record.topic for record in records),
            "district": NO_DISTRICT,
            "dead_letter_topic": dead_letter_topic(consumer).name,
            "id": [new_id() for _ in poison],
            "topic": [record.topic for record in records],
            "partition": [record.partition for record in records],
            "offset": [record.offset for record in records],
            "key": [record.key for record in records],
            "value": [record.value for record in records],
            "headers": [headers_as_json(record.headers) for record in records],
            "reason": [p.reason for p in poison],
            "message": [p.message for p in poison],
        },
    )

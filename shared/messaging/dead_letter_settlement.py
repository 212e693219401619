"""Redrive and discard: how parked records get settled while the consumer runs.

Invariant: the parked records of one key are applied in log order, each once, before anything of that key that came
after them; or they stay parked with everything behind them. Load-bearing: a redrive holds the row of
``consumer_offset`` that every batch of the partition begins with (the fence), until it commits. So a batch has either
committed before (what it parked is then read here and redriven too) or begins after (``parked_keys`` then no longer
finds the key). The inbox decides what was applied already, as for any batch; state and effects commit together, so a
redrive that is killed has not happened. What is settled keeps its bytes, but for state, which may be of a person.

The unit is the chain: all that is parked of a key in a partition. One transaction settles one chain.
"""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.operations import DeadLetterDiscarded, DeadLetterRedriven
from shared.messaging.batch import Processing
from shared.messaging.dead_letter import BEHIND_PARKED, Poison, headers_from_json, state_topics
from shared.messaging.fault_kinds import is_transient
from shared.messaging.records import Record, make_record
from shared.ops.failpoint import reach
from shared.store.engine import Store
from shared.store.event_log import append, new_id, of_operator

_TRIES, _PAUSE = 5, 0.2

# A redrive that is stalled must not hold the consumer up for ever, nor the other way round.
_BOUND = text("""
    SELECT set_config('lock_timeout', '20s', true), set_config('idle_in_transaction_session_timeout', '60s', true)
""")
_HOLD = text("""
    SELECT next_offset FROM consumer_offset
    WHERE consumer = :consumer AND topic = :topic AND partition = :partition FOR UPDATE
""")
_CHAINS = text("""
    SELECT topic, partition, key, count(*) AS records FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked'
      AND (topic, partition, coalesce(key, '\\x')) IN (
          SELECT topic, partition, coalesce(key, '\\x') FROM dead_letter
          WHERE consumer = :consumer AND state = 'parked'
            AND (CAST(:ids AS uuid[]) IS NULL OR id = ANY(CAST(:ids AS uuid[])))
            AND (CAST(:topic AS text) IS NULL OR topic = :topic)
            AND (CAST(:key AS bytea) IS NULL OR key = :key)
            AND (CAST(:reason AS text) IS NULL OR reason = :reason))
    GROUP BY topic, partition, key ORDER BY min(parked_at), topic, partition, key
""")
_OF_CHAIN = text("""
    SELECT id, topic, partition, "offset", key, value, headers FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = :topic AND partition = :partition
      AND (key = CAST(:key AS bytea) OR key IS NULL AND CAST(:key AS bytea) IS NULL)
    ORDER BY "offset"
""")
_AFTER_REDRIVE = text("""
    UPDATE dead_letter d
    SET state = CASE WHEN f.reason IS NULL THEN 'redriven' ELSE 'parked' END,
        reason = coalesce(f.reason, d.reason), message = coalesce(f.message, d.message),
        attempts = d.attempts + CASE WHEN f.reason = :behind_parked THEN 0 ELSE 1 END,
        tried_at = clock_timestamp(),
        settled_at = CASE WHEN f.reason IS NULL THEN clock_timestamp() END,
        settled_by = CASE WHEN f.reason IS NULL THEN :by END,
        value = CASE WHEN f.reason IS NULL AND d.topic = ANY(CAST(:state_topics AS text[])) THEN NULL ELSE d.value END
    FROM unnest(CAST(:ids AS uuid[]), CAST(:reasons AS text[]), CAST(:messages AS text[])) AS f(id, reason, message)
    WHERE d.id = f.id
""")
_DISCARD = text("""
    UPDATE dead_letter
    SET state = 'discarded', settled_at = clock_timestamp(), settled_by = :by, settled_reason = :reason,
        value = CASE WHEN topic = ANY(CAST(:state_topics AS text[])) THEN NULL ELSE value END
    WHERE consumer = :consumer AND state = 'parked' AND id = :id
""")
_PARKED = text("""
    SELECT id FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked'
      AND (CAST(:topic AS text) IS NULL OR topic = :topic) AND (CAST(:key AS bytea) IS NULL OR key = :key)
    ORDER BY topic, partition, "offset"
""")
_PLACE = text('SELECT topic, partition, key, "offset" FROM dead_letter WHERE consumer = :consumer AND id = :id')
_BEHIND = text("""
    SELECT count(*) FROM dead_letter
    WHERE consumer = :consumer AND state = 'parked' AND topic = :topic AND partition = :partition AND key = :key
      AND "offset" > :offset
""")


class PositionUnknownError(Exception):
    """The consumer has no position in the partition, so there is nothing that keeps its batches out."""


class Selection(NamedTuple):
    """Which records: those with all that is given. ``topic`` is the physical name."""

    ids: Sequence[UUID] | None = None
    topic: str | None = None
    key: bytes | None = None
    reason: str | None = None


class Chain(NamedTuple):
    """All that is parked of one key in one partition of a (physical) topic."""

    topic: str
    partition: int
    key: bytes | None
    records: int


class Redriven(NamedTuple):
    """What a redrive of one chain came to; nothing at all where somebody else had settled it."""

    applied: list[UUID]
    parked_again: list[UUID]
    fault: str | None
    """Why the first of those failed."""


async def chains(store: Store, consumer: str, selection: Selection) -> list[Chain]:
    """Return the whole chains that have a parked record of the selection; what was parked first comes first."""
    async with store.transaction() as tx:
        return [Chain(*row) for row in await tx.execute(_CHAINS, {"consumer": consumer, **selection._asdict()})]


async def redrive(store: Store, consumer: str, processing: Processing, chain: Chain, by: str) -> Redriven:
    """Hand a chain to its handlers again, in log order; what fails stays parked for its new reason.

    Passing faults are tried again a few times. Raises what is left: a fault of the moment or of the deployment; the
    chain is then as it was.
    """
    for _ in range(_TRIES - 1):
        try:
            return await _redrive(store, consumer, processing, chain, by)
        except Exception as fault:
            if not is_transient(fault):
                raise
        await asyncio.sleep(_PAUSE)
    return await _redrive(store, consumer, processing, chain, by)


async def _redrive(store: Store, consumer: str, processing: Processing, chain: Chain, by: str) -> Redriven:
    async with store.transaction() as tx:
        await _hold(tx, consumer, chain.topic, chain.partition)
        letters = (
            await tx.execute(
                _OF_CHAIN,
                {"consumer": consumer, "topic": chain.topic, "partition": chain.partition, "key": chain.key},
            )
        ).all()
        if not letters:
            return Redriven([], [], None)
        poison = {bad.record.offset: bad for bad in await processing.apply_again(tx, [_record(row) for row in letters])}
        redriven = await _note(tx, letters, poison, by)
        action = DeadLetterRedriven(
            action_id=new_id(),
            service=consumer,
            dead_letter_ids=tuple(redriven.applied),
            parked_again=tuple(redriven.parked_again),
        )
        await append(tx, [of_operator(action, by)])
        reach("redrive.before_commit")
    reach("redrive.after_commit")
    return redriven


async def parked(store: Store, consumer: str, selection: Selection) -> list[UUID]:
    """Return the ids of the parked records of a selection, each partition's in the order of its log."""
    wanted = {"consumer": consumer, "topic": selection.topic, "key": selection.key}
    async with store.transaction() as tx:
        return list((await tx.scalars(_PARKED, wanted)).all())


async def discard(store: Store, consumer: str, letter_id: UUID, reason: str, by: str) -> Chain | None:
    """Settle one record that will never be applied; None where it was settled before, or is not there.

    Returned is what waits behind it (perhaps no record): it stays parked, for the operator to redrive.
    """
    async with store.transaction() as tx:
        place = (await tx.execute(_PLACE, {"consumer": consumer, "id": letter_id})).one_or_none()
        if place is None:
            return None
        await _hold(tx, consumer, place.topic, place.partition)
        settled = {
            "consumer": consumer,
            "id": letter_id,
            "reason": reason,
            "by": by,
            "state_topics": state_topics([place.topic]),
        }
        if not (await tx.execute(_DISCARD, settled)).rowcount:
            return None
        action = DeadLetterDiscarded(action_id=new_id(), service=consumer, dead_letter_ids=(letter_id,), reason=reason)
        await append(tx, [of_operator(action, by)])
        behind = await tx.scalar(_BEHIND, {"consumer": consumer, **place._asdict()})
        return Chain(place.topic, place.partition, place.key, int(behind or 0))


async def _hold(tx: AsyncConnection, consumer: str, topic: str, partition: int) -> None:
    """Keep the consumer's batches of a partition out until the transaction ends."""
    await tx.execute(_BOUND)
    held = await tx.scalar(_HOLD, {"consumer": consumer, "topic": topic, "partition": partition})
    if held is None:
        raise PositionUnknownError(f"{consumer} has no position in {topic}[{partition}]")


async def _note(
    tx: AsyncConnection, letters: Sequence[Row[tuple[object, ...]]], poison: dict[int, Poison], by: str
) -> Redriven:
    faults = [poison.get(letter.offset) for letter in letters]
    await tx.execute(
        _AFTER_REDRIVE,
        {
            "by": by,
            "behind_parked": BEHIND_PARKED,
            "state_topics": state_topics(letter.topic for letter in letters),
            "ids": [letter.id for letter in letters],
            "reasons": [fault and fault.reason for fault in faults],
            "messages": [fault and fault.message for fault in faults],
        },
    )
    return Redriven(
        applied=[letter.id for letter in letters if letter.offset not in poison],
        parked_again=[letter.id for letter in letters if letter.offset in poison],
        fault=next((f"{fault.reason}: {fault.message}" for fault in faults if fault), None),
    )


def _record(row: Row[tuple[object, ...]]) -> Record:
    """Return a parked row as the record it was; when it was sent is not kept."""
    return make_record((row.topic, row.partition, row.offset), row.key, row.value, headers_from_json(row.headers))

"""The consumer counts each event once, whatever dies; what can never be counted is parked with its bytes."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from prometheus_client import REGISTRY
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection
from structlog.testing import capture_logs

from shared.contracts.envelope import Attributes, headers
from shared.messaging.dead_letter import MAX_CONSECUTIVE
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.event_log import NewEvent, new_id
from tests.integration.messaging.conftest import Wire, has_read_all, outbox_is_empty
from tests.support.eventually import eventually, running
from tests.support.tally import GROUP, POISONED_MINUTES, consumer, publish, service_corrected, service_logged, totals

TOPIC = "activities.service-record"


async def send(wire: Wire, *events: NewEvent, partition: int | None = None) -> None:
    """Put events on the topic as the relay would, to a partition of our choice."""
    async with AIOKafkaProducer(bootstrap_servers=wire.servers) as producer:
        for new in events:
            attributes = Attributes(
                new.event_id,
                new.data.event_type(),
                new.occurred_at,
                str(new.aggregate_id),
                new.version,
                new.district,
            )
            await producer.send(
                wire.prefix + TOPIC,
                new.data.model_dump_json().encode(),
                str(new.aggregate_id).encode(),
                partition,
                headers=headers(attributes),
            )
        await producer.flush()


async def send_raw(
    wire: Wire, value: bytes, record_headers: list[Any], partition: int, key: bytes | None = b"poison"
) -> None:
    async with AIOKafkaProducer(bootstrap_servers=wire.servers) as producer:
        await producer.send_and_wait(wire.prefix + TOPIC, value, key, partition, headers=record_headers)


async def all_is_counted(wire: Wire, minutes: int, events: int) -> None:
    """Wait until everything that was sent is handled; then so much must be counted."""
    await eventually(lambda: has_read_all(wire))
    assert await totals(wire.worker) == (minutes, events)


async def parked(wire: Wire) -> list[Any]:
    async with wire.worker.transaction() as tx:
        return list(await tx.execute(text('SELECT * FROM dead_letter ORDER BY partition, "offset"')))


async def test_the_same_event_at_a_new_offset_counts_once(wire: Wire) -> None:
    repeated, another = service_logged(new_id()), service_logged(new_id())
    await send(wire, repeated, repeated, partition=0)
    await send(wire, repeated, another, partition=1)
    async with running(wire.consumer().run):
        await all_is_counted(wire, 120, 2)


async def test_a_batch_over_several_partitions_that_fails_half_way_loses_and_repeats_nothing(wire: Wire) -> None:
    """The database goes away under the batch, after its effects and before its commit; then it is back."""
    events = [service_logged(new_id()) for _ in range(600)]
    for partition in range(3):
        await send(wire, *events[partition * 200 : (partition + 1) * 200], partition=partition)
    failing = wire.consumer()
    original, failures = failing._transact, 0

    async def fail_twice(*args: Any, **kwargs: Any) -> None:
        nonlocal failures
        failures += 1
        async with wire.worker.transaction() as tx:
            await failing._assignment.fence(tx, args[1])
            await failing._processing.process(tx, args[0], bisect=False)
            if failures <= 2:
                raise ConnectionError("the database went away")
            await tx.rollback()
        await original(*args, **kwargs)

    failing._transact = fail_twice  # type: ignore[method-assign]
    async with running(failing.run):
        await all_is_counted(wire, 600 * 60, 600)
    assert failures > 2


async def test_after_two_thousand_failures_in_a_row_a_batch_is_put_back_like_after_the_first(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hours of a database that is away once let an exception out, and the consumer raced through its topic."""
    monkeypatch.setattr("shared.messaging.consumer.LONGEST_BACK_OFF", 0.05)
    await send(wire, service_logged(new_id()), partition=0)
    failing = wire.consumer()
    failing._failures, transact = 2000, failing._transact

    async def fail_once(*args: Any, **kwargs: Any) -> None:
        if failing._failures == 2000:
            raise ConnectionError("the database is away")
        await transact(*args, **kwargs)

    failing._transact = fail_once  # type: ignore[method-assign]

    async def is_well_again() -> bool:
        return failing._failures == 0

    async with running(failing.run):
        await all_is_counted(wire, 60, 1)
        await eventually(is_well_again)


@pytest.mark.parametrize("failpoint", ["consumer.before_commit:kill9@2", "consumer.after_commit:kill9@2"])
async def test_of_two_consumers_one_killed_in_or_after_its_transaction_the_sums_stay_exact(
    wire: Wire, failpoint: str
) -> None:
    volunteers = [new_id() for _ in range(11)]
    with wire.process("consumer", failpoint) as doomed, wire.process("consumer"), wire.process("relay"):
        sent = 0
        while doomed.poll() is None or sent < 2200:
            await publish(wire.api, *(service_logged(volunteer) for volunteer in volunteers * 20))
            sent += 220
            await eventually(lambda: outbox_is_empty(wire))
        assert doomed.returncode == -9
        await all_is_counted(wire, sent * 60, sent)


async def test_a_poison_record_is_parked_with_its_bytes_and_the_rest_goes_on(wire: Wire) -> None:
    good = [service_logged(new_id()) for _ in range(40)]
    await send(wire, *good[:20], partition=0)
    await send_raw(wire, b'{"not": "an event"}', [("ce_type", b"cn.linbang.activities.ServiceLogged.v1")], 0)
    await send(wire, *good[20:], partition=0)
    async with running(wire.consumer().run):
        await all_is_counted(wire, 40 * 60, 40)
    (letter,) = await parked(wire)
    assert (letter.partition, letter.offset, letter.key, letter.value) == (0, 20, b"poison", b'{"not": "an event"}')
    assert letter.reason == "undecodable"
    assert "ce_id is missing" in letter.message
    assert letter.headers == [["ce_type", "cn.linbang.activities.ServiceLogged.v1"]]


@pytest.mark.parametrize("place", [0, 9, 19])
async def test_an_event_that_breaks_an_invariant_is_found_and_what_follows_in_its_key_waits_behind_it(
    wire: Wire, place: int
) -> None:
    events = [service_logged(new_id()) for _ in range(20)]
    events[place] = service_logged(new_id(), minutes=POISONED_MINUTES)
    behind = service_corrected(events[place], 2)
    await send(wire, *events, behind, partition=2)
    async with running(wire.consumer().run):
        await all_is_counted(wire, 19 * 60, 19)
    letters = await parked(wire)
    assert [(letter.offset, letter.reason) for letter in letters] == [
        (place, "BrokenInvariantError"),
        (20, "behind_parked"),
    ]


async def test_an_event_of_a_version_from_the_future_is_parked(wire: Wire) -> None:
    new = service_logged(new_id())
    attributes = Attributes(
        new.event_id, "cn.linbang.activities.ServiceLogged.v9", new.occurred_at, "x", 1, new.district
    )
    await send_raw(wire, new.data.model_dump_json().encode(), headers(attributes), 0)
    async with running(wire.consumer().run):
        (letter,) = await eventually(lambda: parked(wire))
    assert letter.reason == "undecodable"
    assert "newer than v1" in letter.message


async def test_a_parked_record_is_copied_to_the_dead_letter_topic_through_the_outbox(wire: Wire) -> None:
    await send_raw(wire, b"\x00\xff", [], 0)
    async with running(wire.consumer().run):
        await eventually(lambda: parked(wire))
    async with wire.worker.transaction() as tx:
        row = (await tx.execute(text("SELECT raw_topic, raw_value, raw_headers FROM outbox"))).one()
    assert (row.raw_topic, row.raw_value) == ("assessment.dlt", b"\x00\xff")
    assert row.raw_headers["origin_offset"] == "0"


async def test_a_topic_full_of_poison_stops_the_consumer_instead_of_being_drained(wire: Wire) -> None:
    await send(wire, *(service_logged(new_id(), minutes=POISONED_MINUTES) for _ in range(200)), partition=0)
    heartbeat = Heartbeat("consumer")
    stopping = consumer(wire.worker, wire.servers, wire.prefix)
    stopped = asyncio.Event()
    take = stopping._take

    async def noting(records: "tuple[ConsumerRecord[bytes, bytes], ...]") -> None:
        try:
            await take(records)
        except Exception:
            stopped.set()
            raise

    stopping._take = noting  # type: ignore[method-assign]
    async with running(lambda _: stopping.run(heartbeat)):
        await asyncio.wait_for(stopped.wait(), 60)
    assert len(await parked(wire)) < MAX_CONSECUTIVE


async def test_nothing_is_committed_to_a_group_in_mid_rebalance_which_would_begin_another_one(wire: Wire) -> None:
    counting = wire.consumer()
    await send(wire, service_logged(new_id()))
    async with running(counting.run):
        await all_is_counted(wire, 60, 1)
        client = counting._subscriber.consumer
        assert client is not None
        held = client.assignment()
        with patch.object(client, "commit") as commit:
            await counting.on_partitions_revoked(held)
            commit.reset_mock()
            await counting._report()
            commit.assert_not_called()
            await counting.on_partitions_assigned(held)
            await counting._report()
            commit.assert_called()


async def test_a_batch_handed_out_before_its_position_was_read_is_nobody_elses_doing(wire: Wire) -> None:
    """The client fetches while we read from the database where to begin: the seek then brings the same batch again."""
    await send(wire, service_logged(new_id()), partition=0)
    rejected = fencing_rejections()
    starting = wire.consumer()
    seek, place = starting._assignment.seek, TopicPartition(wire.prefix + TOPIC, 0)

    async def seek_late(client: Any, partitions: Any) -> None:

        async def handed_out() -> bool:
            return bool(await client.position(place) == 1)

        if not starting._joined:
            await eventually(handed_out)
        await seek(client, partitions)

    starting._assignment.seek = seek_late  # type: ignore[method-assign]
    async with running(starting.run):
        await all_is_counted(wire, 60, 1)
        await send(wire, service_logged(new_id()), partition=0)
        await all_is_counted(wire, 120, 2)
    assert fencing_rejections() == rejected


def fencing_rejections() -> float:
    return REGISTRY.get_sample_value("fencing_rejections_total", {"consumer": GROUP}) or 0


async def test_a_consumer_that_was_overtaken_is_fenced_off(wire: Wire) -> None:
    """A second owner moves the offsets on while the first one's batch is in hand: the first one's effects are rolled
    back."""
    await send(wire, *(service_logged(new_id()) for _ in range(10)), partition=0)
    rejected = fencing_rejections()
    zombie = wire.consumer()
    fence, overtaken = zombie._assignment.fence, False

    async def overtaken_just_before(tx: AsyncConnection, moves: Any) -> None:
        nonlocal overtaken
        if not overtaken:
            overtaken = True
            async with wire.worker.transaction() as other:
                await other.execute(text("UPDATE consumer_offset SET next_offset = 10 WHERE partition = 0"))
        await fence(tx, moves)

    zombie._assignment.fence = overtaken_just_before  # type: ignore[method-assign]
    async with running(zombie.run):
        await send(wire, *(service_logged(new_id()) for _ in range(5)), partition=0)
        await all_is_counted(wire, 5 * 60, 5)
    assert fencing_rejections() == rejected + 1


@pytest.mark.parametrize(
    ("key", "record_headers"),
    [
        (b"\xff\xfe", []),
        (None, []),
        (b"k", [("ce_type", b"cn.linbang.activities.ServiceLogged.v1"), ("ce_id", None)]),
        (b"k", [("ce_type", None)]),
    ],
    ids=["key is not UTF-8", "no key", "header without a value", "type without a value"],
)
async def test_whatever_bytes_a_record_has_it_can_be_parked(
    wire: Wire, key: bytes | None, record_headers: list[Any]
) -> None:
    await send_raw(wire, b"{}", record_headers, 0, key)
    await send(wire, service_logged(new_id()), partition=0)
    async with running(wire.consumer().run), running(wire.relay().run):
        await all_is_counted(wire, 60, 1)
        await eventually(lambda: outbox_is_empty(wire))  # the copy has gone to the dead-letter topic
    (letter,) = await parked(wire)
    assert (letter.key, letter.value) == (key, b"{}")


async def test_a_consumer_takes_the_addresses_of_several_brokers(wire: Wire) -> None:
    await send(wire, service_logged(new_id()), partition=0)
    async with running(consumer(wire.worker, f"{wire.servers},{wire.servers}", wire.prefix).run):
        await all_is_counted(wire, 60, 1)


async def test_a_consumer_that_starts_while_the_database_is_away_goes_on_when_it_is_back(
    wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    await send(wire, *(service_logged(new_id()) for _ in range(5)), partition=0)
    store, tries = Store(wire.urls.worker), 0
    transaction = store.transaction

    def away_at_first(*districts: str) -> Any:
        nonlocal tries
        tries += 1
        if tries <= 4:
            raise ConnectionRefusedError("the database is away")
        return transaction(*districts)

    monkeypatch.setattr(store, "transaction", away_at_first)
    async with running(consumer(store, wire.servers, wire.prefix).run):
        await all_is_counted(wire, 5 * 60, 5)
    await store.close()
    assert tries > 4


async def test_a_missing_table_stops_the_consumer_and_parks_nothing(wire: Wire) -> None:
    await send(wire, *(service_logged(new_id()) for _ in range(15)), partition=0)
    owner = Store(wire.urls.owner)
    async with owner.transaction() as tx:
        await tx.execute(text("ALTER TABLE tally RENAME TO tally_gone"))
    try:
        with pytest.raises(DBAPIError, match="does not exist"):
            await asyncio.wait_for(wire.consumer().run(Heartbeat("test")), 60)
    finally:
        async with owner.transaction() as tx:
            await tx.execute(text("ALTER TABLE tally_gone RENAME TO tally"))
        await owner.close()
    assert await parked(wire) == []
    async with running(wire.consumer().run):
        await all_is_counted(wire, 15 * 60, 15)


async def test_a_position_that_the_topic_no_longer_holds_stops_the_consumer_and_says_so(wire: Wire) -> None:
    await send(wire, *(service_logged(new_id()) for _ in range(5)), partition=0)
    async with wire.worker.transaction() as tx:
        await tx.execute(
            text("INSERT INTO consumer_offset VALUES (:group, :topic, 0, 500)"),
            {"group": GROUP, "topic": wire.prefix + TOPIC},
        )
    heartbeat = Heartbeat("consumer")
    with capture_logs() as logs:
        async with running(lambda _: wire.consumer().run(heartbeat)):

            async def said() -> list[Any]:
                return [entry for entry in logs if entry["log_level"] == "critical"]

            (entry,) = await eventually(said)
    assert "holds 0 to 5, next would be 500" in entry["reason"]
    assert not heartbeat.ready
    assert await totals(wire.worker) == (0, 0)


async def test_the_age_of_an_event_counts_from_when_it_happened_not_from_when_it_was_sent(wire: Wire) -> None:
    happened = datetime.now(UTC) - timedelta(hours=1)
    await send(wire, replace(service_logged(new_id()), occurred_at=happened), partition=0)
    labels = {"consumer": GROUP}
    before = REGISTRY.get_sample_value("consumer_event_age_seconds_sum", labels) or 0

    async def aged() -> float:
        return (REGISTRY.get_sample_value("consumer_event_age_seconds_sum", labels) or 0) - before

    async with running(wire.consumer().run):
        assert await eventually(aged) >= 3600

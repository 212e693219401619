"""What others do to a running system: odd records, topics gone or forbidden, wrong settings, a database long away."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from confluent_kafka.admin import AclOperation
from sqlalchemy.engine import make_url

from shared.contracts import ActivityPublished, StationRegistered, VolunteerRegistered
from shared.contracts.topics import TOPICS
from shared.messaging.kafka_metadata import end_offsets
from shared.messaging.servers import KafkaServers
from shared.service.start import EXIT_CODE
from shared.store.event_log import new_id
from tests.fault.broker_rights import allow, forbid
from tests.fault.case import Case
from tests.fault.issuer import Issuer
from tests.fault.model import Traffic
from tests.fault.operator import linbang
from tests.fault.system import Process, System
from tests.fault.test_consumer import CONSUMER, metric
from tests.fault.test_poison import TOPIC, is_published
from tests.support import topics
from tests.support.eventually import eventually
from tests.support.infrastructure import add_next_columns
from tests.support.pooler import pooled

STATIONS, VOLUNTEERS, ACTIVITIES = StationRegistered.topic, VolunteerRegistered.topic, ActivityPublished.topic
EVERYTHING = ("I1", "I2", "I3", "I4", "I5", "I7", "I8")
RELAY = "activities.relay"
MOST_BYTES = 1_048_300
"""Of a value that a broker takes by default, with nothing beside it."""


async def test_f32_offsets_with_holes(case: Case) -> None:
    """a stranger's transactions, ended and given up, leave offsets without a record among what services read"""
    system = case.system
    world = await case.world()
    async with transactional(system) as producer:
        for topic in (STATIONS, VOLUNTEERS, TOPIC):
            async with producer.transaction():
                await producer.send(system.prefix + topic, b"{}", partition=0, headers=strange())
            await producer.begin_transaction()
            await producer.send(system.prefix + topic, b"no event", partition=0)
            await producer.abort_transaction()
            await world.log(case.nth(60), case.rng)
    await eventually(system.at_rest)
    later = await case.world()
    assert "missing events: none" in linbang(system, "assessment", "compare")
    for name in ("activities.consumer", CONSUMER):
        assert await metric(system[name], "consumer_lag_records") == 0
    await case.holds(later, "I7")
    await case.holds(world, "I1", "I2", "I4", "I5", "I7", "I8")


async def test_f33_topic_missing(case: Case) -> None:
    """a topic is not there when the relay starts: its events wait, all others flow; provisioned, it gets them"""
    system, world = case.system, await case.world()
    await eventually(system.at_rest)
    system[RELAY].kill9()
    await delete_topic(system, ACTIVITIES)
    world.dropped.add(ACTIVITIES)
    await system.start(RELAY)
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        await eventually(lambda: waits_alone(system, ACTIVITIES))
        assert f"topic {ACTIVITIES} is not in Kafka: linbang provision" in status_of(system)
        await topics.provision(system.bootstrap_servers, system.prefix)
        await eventually(lambda: is_published(system))
        await traffic.goes_on()
    await case.holds(world, *EVERYTHING)


async def test_f34_topic_forbidden(case: Case) -> None:
    """an ACL denies writing to a topic: its events wait, all others flow; allowed again, it gets them in order"""
    system, world = case.system, await case.world()
    await forbid(system.bootstrap_servers, system.prefix + ACTIVITIES)
    try:
        async with Traffic(world, case.rng) as traffic:
            await traffic.goes_on(case.nth(60))
            await eventually(lambda: waits_alone(system, ACTIVITIES))
    finally:
        await allow(system.bootstrap_servers, system.prefix + ACTIVITIES)
    await case.holds(world, *EVERYTHING)


async def test_f35_more_partitions_than_agreed(case: Case) -> None:
    """somebody gives a topic in use more partitions: every key stays in its own, and keeps its order"""
    system, world = case.system, await case.world()
    agreed = TOPICS[TOPIC].partitions
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
        await admin.start()
        there = len(await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + TOPIC]))
        await admin.create_partitions({system.prefix + TOPIC: NewPartitions(there + 2)})
        await admin.close()
        await eventually(lambda: has_partitions(system, there + 2))
        at_the_topic = (RELAY, CONSUMER, "registry.relay")  # who is at it learns of partitions when it begins
        for name in at_the_topic:
            system[name].kill9()
        await system.start(*at_the_topic)
        await traffic.goes_on()
    ends = await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + TOPIC])
    assert not any(end for (_, partition), end in ends.items() if partition >= agreed)
    await case.holds(world, *EVERYTHING)


async def test_f36_too_large_to_be_copied(case: Case) -> None:
    """a record as large as a broker takes, or with such headers, cannot be applied: it is parked, nothing waits"""
    system, world = case.system, await case.world()
    [before] = await system.rows("assessment", "SELECT count(*) AS letters FROM dead_letter")
    async with (
        Traffic(world, case.rng) as traffic,
        AIOKafkaProducer(
            bootstrap_servers=system.bootstrap_servers, max_request_size=8_000_000, max_batch_size=2_000_000
        ) as producer,
    ):
        for value, told in ((case.rng.randbytes(MOST_BYTES), []), (b"no event", [("x", case.rng.randbytes(900_000))])):
            await producer.send_and_wait(system.prefix + TOPIC, value, headers=told, partition=case.rng.randrange(6))
        await traffic.goes_on(case.nth(60))
    await case.holds(world, *EVERYTHING)
    [after] = await system.rows("assessment", "SELECT count(*) AS letters FROM dead_letter")
    assert after["letters"] == before["letters"] + 2


async def test_f37_columns_of_the_next_release(case: Case) -> None:
    """the next release's migration adds a column to every table while this release runs: nobody notices"""
    system, world = case.system, await case.world()
    [before] = await system.rows("assessment", "SELECT count(*) AS letters FROM dead_letter")
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        for urls in system.urls.values():
            await add_next_columns(urls, f"added_{new_id().hex}")
        await traffic.goes_on(60)
    assert not world.unavailable, "a request was answered 503"
    await case.holds(world, *EVERYTHING)
    [after] = await system.rows("assessment", "SELECT count(*) AS letters FROM dead_letter")
    assert after == before, "records were parked"


async def test_f38_wrong_key(case: Case) -> None:
    """a service comes back with another key: it refuses to start and names the setting, the others go on; put back"""
    system, world = case.system, await case.world()
    wrong = b64encode(case.rng.randbytes(32)).decode()
    other = system.add("activities.wrong", "consumer", "worker", ACTIVITIES_ATTENDANCE_KEY=wrong)
    async with Traffic(world, case.rng) as traffic:
        system["activities.consumer"].kill9()
        other.start()
        assert "ACTIVITIES_ATTENDANCE_KEY is not the key" in await last_words(other)
        await traffic.goes_on(case.nth(60))
        system.drop("activities.wrong")
        await system.start("activities.consumer")
    await case.holds(world, *EVERYTHING)


async def test_f39_behind_a_transaction_pooler(case: Case) -> None:
    """a relay's database URL leads through a pooler that lends to transactions: it refuses to start and says so"""
    system, world = case.system, await case.world()
    url = make_url(system.urls["activities"].worker)
    async with Traffic(world, case.rng) as traffic, pooled(url.host or "", url.port or 0) as port:
        behind = url.set(host="127.0.0.1", port=port).render_as_string(hide_password=False)
        second = system.add("activities.pooled", "relay", ACTIVITIES_WORKER_DATABASE_URL=behind)
        second.start()
        assert "ACTIVITIES_WORKER_DATABASE_URL leads through a pooler" in await last_words(second)
        system.drop("activities.pooled")
        await traffic.goes_on(case.nth(60))
    await case.holds(world, *EVERYTHING)


async def test_f40_database_away_for_long(case: Case) -> None:
    """PostgreSQL is away until everybody has tried often: ever more rarely, and nobody needs to be started again"""
    system, world = case.system, await case.world()
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        before, began = {name: complaints(system[name]) for name in BACKGROUND}, time.monotonic()
        system.kill_postgres()
        await eventually(lambda: have_tried(system, before))
        for name in BACKGROUND:
            tried, away = complaints(system[name]) - before[name], time.monotonic() - began
            assert tried <= most_tries(away), f"{name} tried {tried} times in {away:.0f} s"
            assert system[name].running
        system.start_postgres()
        await traffic.goes_on()
    await case.holds(world, *EVERYTHING)


async def test_f41_issuer_hangs(case: Case) -> None:
    """registry takes requests and answers none while strangers' tokens come: whoever is known is served as before"""
    system, world = case.system, await case.world()
    url = f"{system.addresses('activities.api')[0]}/v1/activities"
    async with Traffic(world, case.rng) as traffic:
        await traffic.goes_on(case.nth(60))
        with Issuer() as nobody, system.issuer.hanging() as asked:
            tokens = [nobody.admin(district.code, district.admin) for district in world.districts]
            strangers = [asyncio.create_task(come_with(system, url, token, asked)) for token in tokens]
            assert await asyncio.to_thread(asked.wait, 60)
            await traffic.goes_on(60)
            assert await asyncio.gather(*strangers) == [401] * len(strangers)
    assert not world.unavailable, "a request was answered 503"
    await case.holds(world, *EVERYTHING)


async def test_f42_topic_forbidden_to_read(case: Case) -> None:
    """an ACL denies reading a topic in use: its events wait, those of all others are applied; allowed, it goes on"""
    system, world = case.system, await case.world()
    await forbid(system.bootstrap_servers, system.prefix + TOPIC, AclOperation.READ)
    try:
        async with Traffic(world, case.rng) as traffic:
            await traffic.goes_on(case.nth(60))
            await hears_of_all_but(case, TOPIC)
    finally:
        await allow(system.bootstrap_servers, system.prefix + TOPIC)
    await case.holds(world, *EVERYTHING)


async def test_f43_topic_not_to_be_seen(case: Case) -> None:
    """a consumer starts without the right to see one of its topics: it handles all others; given it, it goes on"""
    system, world = case.system, await case.world()
    system[CONSUMER].kill9()
    await forbid(system.bootstrap_servers, system.prefix + TOPIC, AclOperation.DESCRIBE)
    try:
        system[CONSUMER].start()
        async with Traffic(world, case.rng) as traffic:
            await traffic.goes_on(case.nth(60))
            await hears_of_all_but(case, TOPIC)
    finally:
        await allow(system.bootstrap_servers, system.prefix + TOPIC)
    await case.holds(world, *EVERYTHING)


TRYING = ("registry.relay", "activities.relay", "activities.consumer", "assessment.relay")
"""Those that ask the database by themselves; a consumer alone asks when there is something to consume."""
BACKGROUND = (*TRYING, CONSUMER)
_TRIES, _LOOPS, _PER_TRY = 5, 4, 2
_BETWEEN_TRIES = 0.1


def most_tries(seconds: float) -> float:
    """Return how often a process can have tried: its loops back off from 0.05 s at the least, to 5 s at the least."""
    return _LOOPS * _PER_TRY * (2 + math.log2(1 + 20 * seconds) + seconds / 5)


def complaints(process: Process) -> int:
    """Return how many lines a process has written of what went wrong."""
    lines = process.child.log.read_text(errors="replace").splitlines()
    return sum('"level": "warning"' in line or '"level": "error"' in line for line in lines)


async def have_tried(system: System, before: dict[str, int]) -> bool:
    return all(complaints(system[name]) - before[name] >= _TRIES for name in TRYING)


async def hears_of_all_but(case: Case, topic: str) -> None:
    """Wait until assessment names a topic that it cannot read, and yet hears of new people."""
    system = case.system
    named = f'consumer_topic_unreadable{{consumer="assessment",topic="{system.prefix}{topic}"}}'

    async def names_it() -> bool:
        try:
            return await metric(system[CONSUMER], named) > 0
        except httpx.TransportError:
            return False

    await eventually(names_it)
    await case.world()
    assert not await system[CONSUMER]._is_ready()


async def come_with(system: System, url: str, token: str, asked: threading.Event) -> int:
    """Come with a token until registry has been asked for its keys; return what the last one was answered."""
    while True:
        answer = await system.http.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=60)
        if asked.is_set():
            return answer.status_code
        await asyncio.sleep(_BETWEEN_TRIES)


async def last_words(process: Process) -> str:
    """Wait until a process has refused to start; return what it wrote last."""

    async def has_ended() -> bool:
        return not process.running

    await eventually(has_ended)
    assert process.child.exit_code() == EXIT_CODE, process.child.last_lines()
    return process.child.log.read_text().strip().splitlines()[-1]


async def waits_alone(system: System, topic: str) -> bool:
    """Whether what waits in activities' outbox is a topic's, and there is some."""
    rows = await system.rows(
        "activities", "SELECT DISTINCT topic FROM outbox JOIN event_log USING (district, position)"
    )
    return [row["topic"] for row in rows] == [topic]


def status_of(system: System) -> str:
    return " ".join(linbang(system, "status", code=1).split())


async def has_partitions(system: System, count: int) -> bool:
    """Whether a topic's partitions are all there: a client that comes before looks again after five minutes only."""
    return len(await end_offsets(KafkaServers(system.bootstrap_servers), [system.prefix + TOPIC])) == count


async def delete_topic(system: System, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=system.bootstrap_servers)
    await admin.start()
    try:
        await admin.delete_topics([system.prefix + topic])

        async def is_gone() -> bool:
            return system.prefix + topic not in await admin.list_topics()

        await eventually(is_gone)
    finally:
        await admin.close()


@asynccontextmanager
async def transactional(system: System) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(
        bootstrap_servers=system.bootstrap_servers, transactional_id=f"{system.prefix}{new_id()}"
    ) as producer:
        yield producer


def strange() -> list[tuple[str, bytes]]:
    """Headers of an event of a type that nobody handles."""
    told = {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": "/test",
        "type": "cn.linbang.test.Nothing.v1",
        "sequence": "1",
        "time": "2026-03-01T00:00:00+00:00",
        "subject": str(new_id()),
        "district": "510115",
    }
    return [(f"ce_{name}", value.encode()) for name, value in told.items()]

"""Processes of the rows that need only the kit: ``python -m tests.bench.roles ROLE``, set by environment variables."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import Provenance, ServiceLogged
from shared.contracts.envelope import Attributes, headers
from shared.contracts.received import Received
from shared.messaging.consumer import Consumer
from shared.messaging.reactions import Reaction, Reactions
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.ops.garbage import collect_rarely
from shared.ops.health import Heartbeat
from shared.store.engine import Store
from shared.store.event_log import NewEvent, append, new_id, now
from shared.store.projection import ProjectedTable, Projection
from tests.bench.tally import GROUP, add_up

DISTRICT = "510115"
VOLUNTEERS = 27_300


async def relay() -> None:
    """Relay until stopped."""
    await Relay(_store(), KafkaServers(os.environ["KAFKA_BOOTSTRAP_SERVERS"]), os.environ["TOPIC_PREFIX"]).run(
        Heartbeat("bench")
    )


async def consumer() -> None:
    """Consume into the tally until stopped."""
    await _consumer(_store(), add_up).run(Heartbeat("bench"))


async def timed_consumer() -> None:
    """Consume into the tally until TOTAL events are visible; write when each became so."""
    store, total = WatchedStore(_url()), int(os.environ["TOTAL"])
    pending: list[str] = []
    visible: dict[str, float] = {}

    async def add_up_and_note(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        await add_up(tx, events)
        pending.extend(str(event.data.record_id) for event in events)

    def note(moment: float) -> None:
        visible.update(dict.fromkeys(pending, moment))
        pending.clear()

    store.after_commit = note
    running = asyncio.create_task(_consumer(store, add_up_and_note).run(Heartbeat("bench")))
    while len(visible) < total:
        await asyncio.wait((running,), timeout=0.1)
    running.cancel()
    _write(visible)


class WatchedStore(Store):
    """A store that tells when each of its transactions has committed."""

    after_commit: Callable[[float], None]

    @asynccontextmanager
    async def transaction(self, *districts: str) -> AsyncIterator[AsyncConnection]:
        async with super().transaction(*districts) as tx:
            yield tx
        self.after_commit(time.time())


async def writer() -> None:
    """Append TOTAL events in transactions of SIZE, from WRITERS at once, at most RATE a second (0: as fast as it goes);
    write when each was committed."""
    store, total, size = _store(), int(os.environ["TOTAL"]), int(os.environ["SIZE"])
    rate, writers = int(os.environ["RATE"]), int(os.environ["WRITERS"])
    volunteers = [new_id() for _ in range(VOLUNTEERS)]
    committed: dict[str, float] = {}
    due = iter(range(0, total, size))
    async with store.transaction(DISTRICT):
        pass  # connected
    started = time.monotonic()

    async def write() -> None:
        for first in due:
            if rate:
                await asyncio.sleep(max(0.0, started + first / rate - time.monotonic()))
            events = [service_logged(random.choice(volunteers)) for _ in range(size)]
            async with store.transaction(DISTRICT) as tx:
                await append(tx, events)
            moment = time.time()
            if rate:
                committed.update((str(event.aggregate_id), moment) for event in events)

    await asyncio.gather(*(write() for _ in range(writers)))
    _write({"started": time.time() - (time.monotonic() - started), "ended": time.time(), "committed": committed})


async def bare_writer() -> None:
    """Send TOTAL records of the same form at RATE a second with a bare client, SIZE at a time; write when each went."""
    total, size, rate = int(os.environ["TOTAL"]), int(os.environ["SIZE"]), int(os.environ["RATE"])
    topic = os.environ["TOPIC_PREFIX"] + ServiceLogged.topic
    producer = AIOKafkaProducer(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], acks="all")
    await producer.start()
    sent: dict[str, float] = {}
    started = time.monotonic()
    for first in range(0, total, size):
        await asyncio.sleep(max(0.0, started + first / rate - time.monotonic()))
        for _ in range(size):
            event = service_logged(new_id())
            key, value = str(event.aggregate_id), event.data.model_dump_json().encode()
            sent[key] = time.time()
            await producer.send(topic, value, key.encode(), headers=_headers(event))
    await producer.stop()
    _write({"committed": sent})


async def bare_consumer() -> None:
    """Receive TOTAL records with a bare client; write when each came."""
    topic, total = os.environ["TOPIC_PREFIX"] + ServiceLogged.topic, int(os.environ["TOTAL"])
    client = AIOKafkaConsumer(
        topic, bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], auto_offset_reset="earliest"
    )
    await client.start()
    received: dict[str, float] = {}
    while len(received) < total:
        for records in (await client.getmany(timeout_ms=1000)).values():
            moment = time.time()
            received.update((record.key.decode(), moment) for record in records)
    await client.stop()
    _write(received)


_numbers = count(1)


def service_logged(volunteer_id: UUID) -> NewEvent:
    """Return an event as an import makes it."""
    record_id, number = new_id(), next(_numbers)
    starts_at = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=number)
    data = ServiceLogged(
        record_id=record_id,
        record_no=f"SR{number:012}",
        volunteer_id=volunteer_id,
        station_id=volunteer_id,
        activity_title="文明宣传活动",
        service="civic",
        started_at=starts_at,
        ended_at=starts_at + timedelta(minutes=60),
        minutes=60,
        rating=5,
        provenance=Provenance.LEADER,
    )
    return NewEvent(DISTRICT, record_id, 1, data, "account:bench")


def _headers(event: NewEvent) -> list[tuple[str, bytes]]:
    subject = str(event.aggregate_id)
    return headers(Attributes(event.event_id, event.data.event_type(), now(), subject, event.version, event.district))


def _consumer(store: Store, project: Callable[[AsyncConnection, Sequence[Received[Any]]], Awaitable[None]]) -> Consumer:
    tally = Projection("tally", (ProjectedTable("tally"),), project)
    servers, prefix = os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["TOPIC_PREFIX"]
    return Consumer(Reactions(GROUP, [Reaction(ServiceLogged, projects=tally)]), store, KafkaServers(servers), prefix)


def _url() -> str:
    return os.environ["DATABASE_URL"]


def _store() -> Store:
    return Store(_url())


def _write(result: object) -> None:
    file = Path(os.environ["RESULT"])
    new = file.with_suffix(".new")
    new.write_text(json.dumps(result))
    new.rename(file)


ROLES = {role.__name__: role for role in (relay, consumer, timed_consumer, writer, bare_writer, bare_consumer)}


async def main(role: str) -> None:
    """Run a role, then stay until stopped, so that the CPU time spent can still be read."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    try:
        await ROLES[role]()
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return


if __name__ == "__main__":
    collect_rarely()
    uvloop.run(main(sys.argv[1]))

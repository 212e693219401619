"""What runs beside the pages: events are followed, and streams end with their sessions.

Invariant: events are followed from now on, and nothing of them is kept. While Kafka is away pages are as they were when
they were made; when it is back everybody is told of everything.
"""

import asyncio
import json
from contextlib import aclosing
from functools import partial

import structlog
from fastapi import FastAPI

from services.portal.live.domain import TOPICS, changed_by
from services.portal.live.streams import Streams
from services.portal.sessions import repository
from services.portal.settings import Settings
from shared.contracts.envelope import event_type_of
from shared.messaging.records import Record
from shared.messaging.servers import KafkaServers
from shared.messaging.tail import records_from_now
from shared.ops.health import Heartbeat
from shared.service.supervision import supervise
from shared.store.engine import Store
from shared.store.event_log import now

LOOK_SECONDS = 5.0
"""So long after its session a stream ends at the latest."""
log = structlog.get_logger()


async def run_beside(app: FastAPI, store: Store, settings: Settings) -> None:
    """Follow the events, and end the streams of sessions that have ended; until cancelled."""
    streams: Streams = app.state.streams
    topics = [settings.topic_prefix + topic for topic in TOPICS]
    follow = partial(_follow_events, streams, settings.kafka_servers, topics)
    end = partial(_end_with_sessions, streams, store)
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(supervise(lambda: follow, Heartbeat("signs of life")))
            tasks.create_task(supervise(lambda: end, Heartbeat("ended sessions")))
    finally:
        streams.end_all()


async def _follow_events(streams: Streams, servers: KafkaServers, topics: list[str], heartbeat: Heartbeat) -> None:
    async with aclosing(records_from_now(servers, topics)) as batches:
        await anext(batches)
        streams.all_changed()
        log.info("signs of life follow the events")
        async for records in batches:
            heartbeat.beat()
            for record in records:
                _tell(streams, record)


def _tell(streams: Streams, record: Record) -> None:
    """Tell of one event; what is none is parked by the services' consumers."""
    try:
        name = (event_type_of(record.headers) or "").split(".")[-2]
        district = next(value.decode() for header, value in record.headers if header == "ce_district")
        changed = list(changed_by(name, json.loads(record.value or b"")))
    except (IndexError, KeyError, StopIteration, TypeError, ValueError):
        return
    for each in changed:
        streams.changed((district, each))


async def _end_with_sessions(streams: Streams, store: Store, heartbeat: Heartbeat) -> None:
    while True:
        heartbeat.beat()
        await asyncio.sleep(LOOK_SECONDS)
        for district, followed in streams.sessions().items():
            async with store.transaction(district) as tx:
                streams.end(followed - await repository.still_there(tx, district, followed, now()))

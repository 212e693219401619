"""What an operator is shown of a service: its observer's last look, how far consumers are behind, what is wrong."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from aiokafka import AIOKafkaProducer
from sqlalchemy import text

from shared.contracts import ServiceLogged
from shared.http.service_status import ServiceStatus, Trouble, TroubleCode
from shared.messaging.observation import Observation, last, note
from shared.messaging.observer import Observer
from shared.messaging.servers import KafkaServers
from shared.service.operations import status_of
from shared.store.engine import Store
from shared.store.event_log import append, new_id
from tests.support import topics
from tests.support.infrastructure import Infrastructure, ServiceDatabase
from tests.support.tally import service_logged

AWAY = KafkaServers("127.0.0.1:1")
EARLIER = datetime.now(UTC) - timedelta(minutes=10)


@dataclass
class Shown:
    """A service's database, its observer, and what the api shows of it."""

    api: Store
    worker: Store
    servers: KafkaServers
    topic: str

    async def look(self) -> None:
        await Observer(self.worker).look()

    async def status(self, servers: KafkaServers | None = None) -> ServiceStatus:
        return await status_of("assessment", servers or self.servers, self.api)

    async def put_back(self, age: datetime) -> None:
        """Let the last look, and all that had moved by then, be of an earlier time."""
        async with self.worker.transaction() as tx:
            seen = await last(tx)
            assert seen
            await note(tx, Observation(age, seen.view, dict.fromkeys(seen.moved_at, age)))

    async def execute(self, statement: str, **values: object) -> None:
        async with self.worker.transaction() as tx:
            await tx.execute(text(statement), values)


@pytest.fixture
async def shown(
    service_database: ServiceDatabase, infrastructure: Infrastructure, topic_prefix: str
) -> AsyncIterator[Shown]:
    urls = await service_database("assessment")
    await topics.provision(infrastructure.bootstrap_servers, topic_prefix)
    owner, api, worker = Store(urls.owner), Store(urls.api), Store(urls.worker)
    async with owner.transaction() as tx:
        await tx.execute(text("TRUNCATE outbox, dead_letter, consumer_offset, work, observation"))
    yield Shown(api, worker, infrastructure.servers, topic_prefix + ServiceLogged.topic)
    for store in (owner, api, worker):
        await store.close()


def codes(status: ServiceStatus) -> list[TroubleCode]:
    return [trouble.code for trouble in status.troubles]


async def test_what_nobody_has_looked_at_is_not_called_well(shown: Shown) -> None:
    assert codes(await shown.status()) == [TroubleCode.NOT_LOOKED]
    await shown.look()
    assert codes(await shown.status()) == []
    await shown.put_back(EARLIER)
    seen = await shown.status()
    assert (codes(seen), seen.looked_at) == ([TroubleCode.NOT_LOOKED], EARLIER)


async def test_who_is_behind_is_shown_and_who_does_not_come_on_stands_still(shown: Shown) -> None:
    async with AIOKafkaProducer(**shown.servers.options()) as producer:
        for _ in range(5):
            await producer.send_and_wait(shown.topic, b"x", partition=0)
    await shown.execute("INSERT INTO consumer_offset VALUES ('assessment', :topic, 0, 2)", topic=shown.topic)
    await shown.look()
    seen = await shown.status()
    assert [(one.consumer, one.behind) for one in seen.following] == [("assessment", 3)]
    assert seen.troubles == [], "it is behind, and has just come on"
    await shown.put_back(EARLIER)
    still = Trouble(code=TroubleCode.STANDS_STILL, of="assessment", number=3)
    assert still in (await shown.status()).troubles
    assert codes(await shown.status(AWAY)) == [TroubleCode.NOT_LOOKED, TroubleCode.KAFKA_AWAY]


async def test_what_waits_for_an_operator_is_named(shown: Shown) -> None:
    async with shown.worker.transaction() as tx:
        await append(tx, [service_logged(new_id())])
    await shown.execute(
        """
        INSERT INTO dead_letter (id, consumer, topic, partition, "offset", headers, reason, message)
        VALUES (:id, 'assessment', 't', 0, 0, '[]', 'undecodable', '')
        """,
        id=new_id(),
    )
    await shown.look()
    seen = await shown.status()
    assert (seen.outbox, [(one.reason, one.records) for one in seen.parked]) == (1, [("undecodable", 1)])
    assert seen.troubles == [Trouble(code=TroubleCode.PARKED, number=1)]

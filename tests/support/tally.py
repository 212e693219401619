"""A service reduced to its delivery: it logs service, and tallies what it hears of it.

The tally has a row per volunteer (minutes, events) and notes the versions of each record in the order they arrived,
so that sums show loss and doubling, and the notes show order.
"""

import asyncio
import os
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import Event, Provenance, ServiceCorrected, ServiceLogged
from shared.contracts.received import BrokenInvariantError, Received
from shared.messaging.consumer import Consumer
from shared.messaging.group_client import Membership
from shared.messaging.reactions import Reaction, Reactions
from shared.messaging.relay import Relay
from shared.messaging.servers import KafkaServers
from shared.ops.health import Heartbeat
from shared.store.engine import Store, make_engine
from shared.store.event_log import NewEvent, append, new_id
from shared.store.projection import Project, ProjectedTable, Projection
from tests.support.infrastructure import Urls

DISTRICT = "510115"
GROUP = "assessment"
POISONED_MINUTES = 666
TABLES = (
    "CREATE TABLE tally (volunteer_id uuid PRIMARY KEY, minutes bigint NOT NULL, events int NOT NULL)",
    "CREATE TABLE arrival (ordinal bigserial, record_id uuid NOT NULL, version int NOT NULL)",
    "GRANT SELECT, INSERT, UPDATE ON tally, arrival TO {worker}",
    "GRANT USAGE ON SEQUENCE arrival_ordinal_seq TO {worker}",
)


async def create_tables(urls: Urls, service: str) -> None:
    engine = make_engine(urls.owner)
    async with engine.begin() as connection:
        for statement in TABLES:
            await connection.execute(text(statement.format(worker=f"{service}_worker")))
    await engine.dispose()


def service_logged(volunteer_id: UUID, minutes: int = 60, record_id: UUID | None = None) -> NewEvent:
    record_id = record_id or new_id()
    data = ServiceLogged(
        record_id=record_id,
        record_no=f"SR{record_id.hex[:12]}",
        volunteer_id=volunteer_id,
        station_id=new_id(),
        activity_title="文明宣传活动",
        service="civic",
        started_at=datetime(2026, 3, 1, tzinfo=UTC),
        ended_at=datetime(2026, 3, 1, 1, tzinfo=UTC),
        minutes=minutes,
        provenance=Provenance.LEADER,
    )
    return NewEvent(DISTRICT, record_id, 1, data, "account:test")


def service_corrected(logged: NewEvent, version: int) -> NewEvent:
    assert isinstance(logged.data, ServiceLogged)
    data = ServiceCorrected(
        record_id=logged.aggregate_id,
        volunteer_id=logged.data.volunteer_id,
        minutes=60,
        previous_minutes=60,
        reason="核对",
    )
    return NewEvent(DISTRICT, logged.aggregate_id, version, data, "account:test")


async def publish(store: Store, *events: NewEvent) -> None:
    async with store.transaction(DISTRICT) as tx:
        await append(tx, events)


async def strict_tally(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Some minutes break an invariant on purpose."""
    if any(event.data.minutes == POISONED_MINUTES for event in events):
        raise BrokenInvariantError("such minutes cannot be")
    await tally(tx, events)


async def tally(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """The projection: set-based, as all are."""
    logged = [event.data for event in events if isinstance(event.data, ServiceLogged)]
    await tx.execute(
        text("""
            INSERT INTO tally AS t
            SELECT v, sum(m), count(*) FROM unnest(CAST(:v AS uuid[]), CAST(:m AS int[])) AS e(v, m)
            GROUP BY v ORDER BY v
            ON CONFLICT (volunteer_id) DO UPDATE SET minutes = t.minutes + excluded.minutes,
                                                     events = t.events + excluded.events
        """),
        {"v": [data.volunteer_id for data in logged], "m": [data.minutes for data in logged]},
    )
    await tx.execute(
        text(
            """
            INSERT INTO arrival (record_id, version)
            SELECT * FROM unnest(CAST(:r AS uuid[]), CAST(:s AS int[])) WITH ORDINALITY AS a(r, s, n) ORDER BY n
        """.replace("SELECT *", "SELECT a.r, a.s")
        ),
        {"r": [event.data.record_id for event in events], "s": [event.attributes.sequence for event in events]},
    )


def reactions_by(project: Project, *events: type[Event]) -> Reactions:
    """Return a service that enters events as it is told."""
    tallied = Projection("tally", (ProjectedTable("tally"), ProjectedTable("arrival")), project)
    return Reactions(GROUP, [Reaction(event, projects=tallied) for event in events])


REACTIONS = reactions_by(strict_tally, ServiceLogged, ServiceCorrected)
MENDED_REACTIONS = reactions_by(tally, ServiceLogged, ServiceCorrected)
"""What a new deployment has: no minutes are refused."""


async def totals(store: Store) -> tuple[int, int]:
    """Return (minutes, events) over all volunteers."""
    async with store.transaction() as tx:
        row = (await tx.execute(text("SELECT coalesce(sum(minutes), 0), coalesce(sum(events), 0) FROM tally"))).one()
    return int(row[0]), int(row[1])


def consumer(store: Store, bootstrap_servers: str, prefix: str, *, limited: bool = True) -> Consumer:
    return Consumer(REACTIONS, store, KafkaServers(bootstrap_servers), prefix, limited=limited)


async def main() -> None:
    """Run one role in a process of its own, to be killed: ``python -m tests.support.tally relay|consumer``."""
    store = Store(os.environ["WORKER_URL"])
    servers, prefix = os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["TOPIC_PREFIX"]
    if os.environ["ROLE"] == "relay":
        await Relay(store, KafkaServers(servers), prefix).run(Heartbeat("test"))
    else:
        membership = Membership(session_timeout_ms=3000)  # as long as the partitions of one that was killed are held
        await Consumer(REACTIONS, store, KafkaServers(servers), prefix, membership).run(Heartbeat("test"))


if __name__ == "__main__":
    asyncio.run(main())

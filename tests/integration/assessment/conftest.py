"""Assessment's core on a real database: events straight into its process, as the consumer hands them over."""

import os
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from shared.contracts import (
    Event,
    Provenance,
    RegistrationSource,
    ServiceCorrected,
    ServiceLogged,
    ServiceRecordsImported,
    VolunteerRegistered,
)
from shared.contracts.envelope import Attributes
from shared.contracts.received import Received
from shared.messaging import inbox, topics
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.support.emptying import empty
from tests.support.infrastructure import Infrastructure, ServiceDatabase, Urls
from tests.support.services import reactions

DISTRICT, OTHER_DISTRICT = "510115", "510116"
MORNING = datetime(2026, 3, 1, 1, tzinfo=UTC)
STATION = UUID(int=1)


@dataclass
class Core:
    """The service's worker side."""

    urls: Urls
    worker: Store
    servers: str
    prefix: str

    async def handle(self, *events: Received[Any]) -> None:
        """Process events as one batch."""
        async with self.worker.transaction() as tx:
            await reactions("assessment").react(tx, events)

    async def deliver(self, *events: Received[Any]) -> None:
        """Process events as one batch that Kafka may have delivered before: the inbox leaves out what it knows."""
        async with self.worker.transaction() as tx:
            fresh = await inbox.fresh(tx, "assessment", [event.attributes.id for event in events])
            await reactions("assessment").react(tx, [event for event in events if event.attributes.id in fresh])

    async def rows(self, query: str, **values: object) -> list[Any]:
        async with self.worker.transaction() as tx:
            return list((await tx.execute(text(query), values)).all())

    async def announced(self, name: str = "%") -> list[Any]:
        """Return what was announced, in log order; ``name`` is the event's."""
        return await self.rows(
            """
            SELECT district, aggregate_id, aggregate_version AS version, split_part(type, '.', 4) AS name, data,
                   caused_by
            FROM event_log WHERE type LIKE :pattern ORDER BY position
            """,
            pattern=f"%.{name}.v1",
        )

    async def hours(self, volunteer_id: UUID, district: str = DISTRICT) -> tuple[int, int, int]:
        """Return (minutes, sessions, stars) of a volunteer."""
        rows = await self.rows(
            """
            SELECT h.minutes, h.sessions, coalesce(a.stars, 0)
            FROM volunteer_hours h LEFT JOIN award a USING (district, volunteer_id)
            WHERE h.district = :district AND h.volunteer_id = :volunteer_id
            """,
            district=district,
            volunteer_id=volunteer_id,
        )
        return tuple(rows[0]) if rows else (0, 0, 0)

    async def as_owner(self, *statements: str) -> None:
        """Do what no role of the service may."""
        owner = Store(self.urls.owner)
        try:
            async with owner.transaction() as tx:
                for statement in statements:
                    await tx.exec_driver_sql(statement)
        finally:
            await owner.close()


def received(
    data: Event, aggregate_id: UUID, version: int = 1, district: str = DISTRICT, at: datetime = MORNING
) -> Received[Any]:
    return Received(Attributes(new_id(), data.event_type(), at, str(aggregate_id), version, district), data)


def logged(
    volunteer_id: UUID,
    minutes: int = 60,
    *,
    import_id: UUID | None = None,
    district: str = DISTRICT,
    started_at: datetime = MORNING,
    rating: int | None = None,
    station_id: UUID = STATION,
    service: str = "culture",
    provenance: Provenance = Provenance.LEADER,
) -> Received[ServiceLogged]:
    record_id = new_id()
    data = ServiceLogged(
        record_id=record_id,
        record_no=f"SR{record_id.hex[-12:]}",
        volunteer_id=volunteer_id,
        station_id=station_id,
        activity_title="社区读书会",
        service=service,
        started_at=started_at,
        ended_at=started_at + timedelta(minutes=minutes),
        minutes=minutes,
        rating=rating,
        provenance=Provenance.IMPORT if import_id else provenance,
        import_id=import_id,
    )
    return received(data, record_id, district=district)


def corrected(
    record: Received[ServiceLogged], minutes: int, *, previous: int | None = None, version: int = 2, **changes: Any
) -> Received[ServiceCorrected]:
    data = ServiceCorrected(
        record_id=record.data.record_id,
        volunteer_id=changes.get("volunteer_id", record.data.volunteer_id),
        minutes=minutes,
        previous_minutes=record.data.minutes if previous is None else previous,
        reason="核对",
    )
    return received(data, record.data.record_id, version, record.attributes.district)


def imported(
    records: Sequence[Received[ServiceLogged]], import_id: UUID, *, minutes: int | None = None, district: str = DISTRICT
) -> Received[ServiceRecordsImported]:
    total = sum(record.data.minutes for record in records)
    data = ServiceRecordsImported(
        import_id=import_id, records=len(records), minutes=total if minutes is None else minutes
    )
    return received(data, import_id, district=district)


def registered(number: int) -> Received[VolunteerRegistered]:
    volunteer_id = new_id()
    data = VolunteerRegistered(
        volunteer_id=volunteer_id,
        volunteer_no=f"V{number}",
        category="resident",
        registered_on=MORNING.date(),
        source=RegistrationSource.IMPORT,
    )
    return received(data, volunteer_id)


@pytest.fixture(scope="module")
async def database(service_database: ServiceDatabase) -> Urls:
    return await service_database("assessment")


@pytest.fixture
async def core(database: Urls, infrastructure: Infrastructure, topic_prefix: str) -> AsyncIterator[Core]:
    """An empty database, and a topic prefix of this test's own."""
    worker = Store(database.worker)
    under_test = Core(database, worker, infrastructure.bootstrap_servers, f"{topic_prefix}{os.urandom(3).hex()}.")
    await empty(database.owner)
    yield under_test
    await worker.close()


@pytest.fixture
async def kafka(core: Core) -> None:
    """The topics of this test, for those that publish or consume."""
    await topics.provision(core.servers, core.prefix)

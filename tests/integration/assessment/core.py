"""Assessment's core on a real database: events straight into its reactions, as the consumer hands them over."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text

from shared.contracts.received import Received
from shared.messaging import inbox
from shared.store.engine import Store
from tests.integration.assessment.events import DISTRICT
from tests.support.infrastructure import Urls
from tests.support.services import reactions


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

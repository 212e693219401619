"""A projection as small as one can be, minutes and events per volunteer: what is measured is the path to it."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceLogged
from shared.contracts.received import Received
from shared.store.engine import Store
from tests.bench.setting import Setting
from tests.support.infrastructure import Urls

GROUP = "assessment"
_TABLES = (
    "CREATE TABLE tally (volunteer_id uuid PRIMARY KEY, minutes bigint NOT NULL, events int NOT NULL)",
    f"GRANT SELECT, INSERT, UPDATE ON tally TO {GROUP}_worker",
)
_ADD = text("""
    INSERT INTO tally AS t
    SELECT v, sum(m), count(*) FROM unnest(CAST(:v AS uuid[]), CAST(:m AS int[])) AS e(v, m) GROUP BY v ORDER BY v
    ON CONFLICT (volunteer_id) DO UPDATE SET minutes = t.minutes + excluded.minutes, events = t.events + excluded.events
""")
_TOTAL = text("SELECT coalesce(sum(events), 0) FROM tally")
_PLACES = text("SELECT count(*), coalesce(sum(next_offset), 0) FROM consumer_offset WHERE topic LIKE '%' || :topic")


async def add_up(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Add events to the tally."""
    await tx.execute(
        _ADD, {"v": [event.data.volunteer_id for event in events], "m": [event.data.minutes for event in events]}
    )


async def tally_database(setting: Setting) -> Urls:
    """Make a database with an empty tally."""
    urls = await setting.database(GROUP)
    owner = Store(urls.owner)
    async with owner.transaction() as tx:
        for statement in _TABLES:
            await tx.execute(text(statement))
    await owner.close()
    return urls


async def counted(store: Store) -> int:
    """Return how many events the tally has."""
    async with store.transaction() as tx:
        return int(await tx.scalar(_TOTAL) or 0)


async def taken_in(store: Store) -> int:
    """Return how many service records the consumer of a database has taken in: the sum of its positions."""
    async with store.transaction() as tx:
        return int((await tx.execute(_PLACES, {"topic": ServiceLogged.topic})).one()[1])


async def is_assigned(store: Store) -> bool:
    """Return whether the consumer of a database has been given its partitions."""
    async with store.transaction() as tx:
        return int((await tx.execute(_PLACES, {"topic": ServiceLogged.topic})).one()[0]) > 0

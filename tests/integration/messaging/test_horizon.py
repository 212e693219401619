"""What the relay waits for: those who write its outbox, and nobody else (ADR 0047; review D6)."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from itertools import count
from random import Random
from typing import Any

import pytest
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import StateRecord
from shared.messaging.relay import _LOOK, _READ, _READ_BY_INDEX, POLL_ROWS, _writers
from shared.store.engine import Store
from shared.store.event_log import append, new_id, put_state
from shared.store.log_cursor import LogCursor
from tests.integration.messaging.conftest import Wire
from tests.support.infrastructure import ServiceDatabase, Urls
from tests.support.tally import DISTRICT, publish, service_logged

ROUNDS, EVENTS = 12, 100


@pytest.fixture(scope="module")
async def neighbour(service_database: ServiceDatabase) -> Urls:
    """Another database of the same cluster."""
    return await service_database("activities")


@asynccontextmanager
async def reader(wire: Wire) -> AsyncIterator[AsyncConnection]:
    async with wire.worker.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(_READ_BY_INDEX)
        yield connection


async def poll(connection: AsyncConnection, cursor: LogCursor) -> int:
    return len(await poll_rows(connection, cursor, POLL_ROWS))


async def poll_rows(connection: AsyncConnection, cursor: LogCursor, rows: int) -> Sequence[Row[Any]]:
    """Read and delete as the relay does, without a Kafka between; return the rows read."""
    wanted = {"after": cursor.position, "rows": rows, "refused": []}
    found = (await connection.execute(_READ, wanted)).all()
    positions = [row.position for row in found]
    writers = found[-1].writers if found else await connection.scalar(_LOOK)
    await connection.execute(
        text("DELETE FROM outbox WHERE position = ANY(CAST(:positions AS bigint[]))"), {"positions": positions}
    )
    cursor.advance(positions[-1] if positions else None, _writers(writers))
    return found


async def pages_of_a_poll(connection: AsyncConnection, cursor: LogCursor) -> int:
    """Return how many pages a poll from the cursor on touches in ``outbox`` and its key."""
    plan = await connection.scalar(
        text(
            "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) "
            "SELECT position FROM outbox WHERE position > :after ORDER BY position LIMIT 4000"
        ),
        {"after": cursor.position},
    )
    top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
    return int(top["Shared Hit Blocks"]) + int(top["Shared Read Blocks"])


@asynccontextmanager
async def long_transaction(url: str) -> AsyncIterator[None]:
    """Hold a snapshot and a transaction number, as a comparison does: it writes a temporary table."""
    store = Store(url)
    try:
        async with store.engine.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            await connection.execute(text("CREATE TEMPORARY TABLE compared AS SELECT count(*) FROM outbox"))
            assert await connection.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NOT NULL"))
            yield
            await connection.rollback()
    finally:
        await store.close()


@pytest.mark.parametrize("where", ["the same database", "another database"])
async def test_a_poll_reads_no_more_however_long_another_transaction_is_open(
    wire: Wire, neighbour: Urls, where: str
) -> None:
    """What is deleted meanwhile cannot be cleaned up; a poll that walked over it would touch ever more pages."""
    cursor = LogCursor()
    url = wire.urls.owner if where == "the same database" else neighbour.owner
    pages: list[int] = []
    async with long_transaction(url), reader(wire) as connection:
        for _ in range(ROUNDS):
            await publish(wire.api, *(service_logged(new_id()) for _ in range(EVENTS)))
            assert await poll(connection, cursor) == EVENTS
            await poll(connection, cursor)
            await poll(connection, cursor)
            assert not cursor.is_behind
            pages.append(await pages_of_a_poll(connection, cursor))
    assert max(pages) <= 4, "a descent of the key's index, and no walk over the dead"


async def test_who_writes_the_outbox_is_waited_for(wire: Wire) -> None:
    cursor = LogCursor()
    late, early = service_logged(new_id()), service_logged(new_id())
    async with reader(wire) as connection:
        async with wire.api.transaction(DISTRICT) as slow:
            await append(slow, [late])
            await publish(wire.api, early)
            for _ in range(3):
                await poll(connection, cursor)
            assert cursor.position == 0
        assert await poll(connection, cursor) == 1, "it is found below what was read before it"
        for _ in range(3):
            await poll(connection, cursor)
        assert not cursor.is_behind


WRITERS, STEPS = 3, 150


class Writer:
    """Whose rows come in an order: one aggregate's transactions, one after the other."""

    def __init__(self, connection: AsyncConnection, key: str) -> None:
        self._connection, self._key = connection, key
        self._open: list[int] = []
        self._numbers = count()
        self.committed: list[int] = []

    async def take(self, step: str) -> None:
        """Do one thing of ``TAKES`` in the transaction that is open, or in a new one."""
        if step == "commit":
            await self._connection.commit()
            self.committed += self._open
            self._open = []
        elif step == "rollback":
            await self._connection.rollback()
            self._open = []
        elif step == "savepoint":
            async with self._connection.begin_nested() as savepoint:
                await self._put(-1)
                await savepoint.rollback()
        elif step == "event":
            await append(self._connection, [service_logged(new_id())])
        else:
            self._open.append(number := next(self._numbers))
            await self._put(number)

    async def _put(self, number: int) -> None:
        await put_state(self._connection, "registry.access", [StateRecord(DISTRICT, self._key, b"%d" % number)])


TAKES = ("state", "state", "event", "savepoint", "commit", "commit", "rollback")


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_overlaps_every_row_is_read_once_and_each_writers_in_order(wire: Wire, seed: int) -> None:
    """Late commits, rollbacks and savepoints between polls of two rows."""
    chance, cursor, read = Random(seed), LogCursor(), list[Row[Any]]()
    async with reader(wire) as connection, AsyncExitStack() as stack:
        before = await connection.scalar(text("SELECT coalesce(max(position), 0) FROM event_log"))
        writers = [
            Writer(await stack.enter_async_context(wire.worker.engine.connect()), str(number))
            for number in range(WRITERS)
        ]
        for _ in range(STEPS):
            if chance.random() < 0.4:
                read += await poll_rows(connection, cursor, 2)
            else:
                await chance.choice(writers).take(chance.choice(TAKES))
        for writer in writers:
            await writer.take("commit")
        while (more := await poll_rows(connection, cursor, 2)) or cursor.is_behind:
            read += more
        log = await connection.scalars(text("SELECT position FROM event_log WHERE position > :p"), {"p": before})
        assert sorted(row.position for row in read if row.raw_topic is None) == sorted(log)
    for number, writer in enumerate(writers):
        assert [int(row.raw_value) for row in read if row.raw_key == b"%d" % number] == writer.committed
        assert writer.committed, "a seed whose writers commit nothing proves nothing"

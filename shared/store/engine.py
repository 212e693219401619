"""Transactions on a service's own database.

Invariant: the api role sees the districts that ``transaction(...)`` sets, one as a rule, several for an officer above
them; where none is set, PostgreSQL itself raises (``current_districts()`` in the row policies). The worker role mixes
districts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Self

import asyncpg
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.ops.failpoint import reach

CONNECT_SECONDS = 10
"""A server that takes longer to let us in counts as away; ``health.STALE_SECONDS`` is a multiple of it."""

_SET_DISTRICTS = text("SELECT set_config('app.districts', :districts, true)")


class Store:
    """One service's database, as one role: ``<service>_api`` or ``<service>_worker``."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.engine = make_engine(url, pool_size=pool_size, max_overflow=0, pool_pre_ping=False, pool_timeout=10)

    @asynccontextmanager
    async def transaction(self, *districts: str) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits on leaving and rolls back on any exception.

        ``districts`` are GB/T 2260 codes; the api role can do nothing without one.
        """
        of = "request" if districts else "store"  # for the tests that kill: the api's own upkeep is of no district
        async with self.engine.begin() as connection:
            if districts:
                await connection.execute(_SET_DISTRICTS, {"districts": ",".join(districts)})
            yield connection
            reach(f"{of}.before_commit")
        reach(f"{of}.after_commit")

    async def __aenter__(self) -> Self:
        """Use the store in an ``async with``: it is closed at its end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close the store, whatever happened."""
        await self.close()

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def make_engine(url: str, **options: Any) -> AsyncEngine:  # noqa: ANN401 - SQLAlchemy's own
    """Return an engine for a ``postgresql://`` URL, with ``options`` as SQLAlchemy has them.

    The driver reads the URL itself and not SQLAlchemy, so that whatever libpq understands may stand in it, first of all
    ``sslmode=verify-full&sslrootcert=…``.
    """
    return create_async_engine(
        "postgresql+asyncpg://",
        async_creator=partial(asyncpg.connect, url, timeout=CONNECT_SECONDS),
        hide_parameters=True,  # an error's text is logged by libraries; values can be personal data
        **options,
    )

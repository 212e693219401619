"""Transactions on a service's own database.

Invariant: the api role sees one district a transaction, the one that ``transaction(district)`` sets; where none is set,
PostgreSQL itself raises (``current_district()`` in the row policies). The worker role mixes districts.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from shared.ops.failpoint import reach

CONNECT_SECONDS = 10
"""A server that takes longer to let us in counts as away; ``health.STALE_SECONDS`` is a multiple of it."""

_SET_DISTRICT = text("SELECT set_config('app.district', :district, true)")


class Store:
    """One service's database, as one role: ``<service>_api`` or ``<service>_worker``."""

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        self.engine: AsyncEngine = create_async_engine(
            async_url(url),
            pool_size=pool_size,
            max_overflow=0,
            pool_pre_ping=False,
            pool_timeout=10,
            hide_parameters=True,  # an error's text is logged by libraries; values can be personal data
            connect_args={"timeout": CONNECT_SECONDS},
        )

    @asynccontextmanager
    async def transaction(self, district: str | None = None) -> AsyncIterator[AsyncConnection]:
        """Open a transaction that commits on leaving and rolls back on any exception.

        ``district`` is a GB/T 2260 code; the api role can do nothing without one.
        """
        async with self.engine.begin() as connection:
            if district is not None:
                await connection.execute(_SET_DISTRICT, {"district": district})
            yield connection
            reach("store.before_commit")
        reach("store.after_commit")

    async def close(self) -> None:
        """Give back every connection."""
        await self.engine.dispose()


def async_url(url: str) -> str:
    """Return a plain ``postgresql://`` URL as SQLAlchemy's asyncpg driver wants it."""
    return url.replace("postgresql://", "postgresql+asyncpg://", 1)

"""What the processes of a service have counted, put together in its database (ADR 0030).

Invariant: no request waits for it, and none writes. All that a process has counted in ``EVERY_SECONDS`` goes to the
table in one statement, which brings back what the others have counted of the same; so a limit is overdrawn by at most
what the others let through in that time. Where the database is away, each process goes on by its own count.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from shared.http.rates import Rates, Tally, Window
from shared.ops import metrics
from shared.store.engine import Store

EVERY_SECONDS = 1.0
_AT_ONCE = 5_000
_SWEEP_EVERY = 60
"""Exchanges after which rows that count for nothing any more are deleted."""
log = structlog.get_logger()

_FORGET = text("""
    DELETE FROM attempt WHERE (digest, period) IN (
        SELECT a.digest, a.period
        FROM unnest(CAST(:digest AS bytea[]), CAST(:period AS bigint[])) AS f(digest, period)
        JOIN attempt a USING (digest, period) ORDER BY a.digest, a.period FOR UPDATE OF a)
""")
_EXCHANGE = text("""
    WITH given AS MATERIALIZED (
        SELECT * FROM unnest(CAST(:digest AS bytea[]), CAST(:period AS bigint[]), CAST(:tries AS int[]),
                             CAST(:ends_at AS timestamptz[])) AS g(digest, period, tries, ends_at)
    ), put AS (
        INSERT INTO attempt AS a (digest, period, tries, ends_at)
        SELECT digest, period, tries, ends_at FROM given WHERE tries > 0 ORDER BY digest, period
        ON CONFLICT (digest, period) DO UPDATE SET tries = a.tries + excluded.tries
        RETURNING a.digest, a.period, a.tries, a.ends_at
    )
    SELECT digest, period, tries, ends_at FROM put
    UNION ALL
    SELECT a.digest, a.period, a.tries, a.ends_at FROM given g JOIN attempt a USING (digest, period) WHERE g.tries = 0
""")
_SWEEP = text("DELETE FROM attempt WHERE ends_at < clock_timestamp()")


@asynccontextmanager
async def sharing(rates: Rates, store: Store) -> AsyncIterator[None]:
    """Exchange counts with the service's other processes meanwhile, and once more at the end."""
    at_it = asyncio.Lock()
    exchanging = asyncio.create_task(_run(rates, store, at_it))
    try:
        yield
    finally:
        async with at_it:  # stopped half-way, an exchange would lose counts, and its connection
            exchanging.cancel()
            await asyncio.gather(exchanging, return_exceptions=True)
        await _try_to_exchange(rates, store)


async def exchange(rates: Rates, store: Store) -> None:
    """Put on file what was counted here, and learn what is on file of all that was asked for."""
    asked, rates.asked = list(rates.asked), set()
    rates.used.clear()
    for start in range(0, len(asked), _AT_ONCE):
        some = asked[start : start + _AT_ONCE]
        try:
            await _exchange_some(rates, store, some)
        except (SQLAlchemyError, OSError):
            rates.asked.update(asked[start:])
            raise


async def _run(rates: Rates, store: Store, at_it: asyncio.Lock) -> None:
    exchanges = 0
    while True:
        await rates.used.wait()
        await asyncio.sleep(EVERY_SECONDS)
        async with at_it:
            await _try_to_exchange(rates, store)
            exchanges += 1
            if exchanges % _SWEEP_EVERY == 0:
                await _try_to_sweep(store)


async def _try_to_exchange(rates: Rates, store: Store) -> None:
    try:
        await exchange(rates, store)
    except (SQLAlchemyError, OSError) as error:
        metrics.RATE_EXCHANGES_FAILED.inc()
        log.warning("counts of tries are not shared", error=type(error).__name__)


async def _try_to_sweep(store: Store) -> None:
    try:
        async with store.transaction() as tx:
            await tx.execute(_SWEEP)
    except (SQLAlchemyError, OSError) as error:
        log.warning("counts of tries are not swept", error=type(error).__name__)


async def _exchange_some(rates: Rates, store: Store, windows: Sequence[Window]) -> None:
    known = {window: rates.tallies[window] for window in windows if window in rates.tallies}
    forgotten = [window for window, tally in known.items() if tally.anew]
    if forgotten:
        async with store.transaction() as tx:
            await tx.execute(_FORGET, _columns(forgotten))
        for window in forgotten:
            known[window].anew = False
    given = {window: known[window].new if window in known else 0 for window in windows}
    ends = [datetime.fromtimestamp(known[window].ends_at if window in known else 0, UTC) for window in windows]
    async with store.transaction() as tx:
        rows = (await tx.execute(_EXCHANGE, _columns(windows) | {"tries": [*given.values()], "ends_at": ends})).all()
    for row in rows:
        window = row.digest, row.period
        tally = rates.tallies.setdefault(window, Tally(row.ends_at.timestamp()))
        if tally.anew:
            continue  # forgotten while the statement was under way: the next exchange says so
        tally.on_file, tally.new = row.tries, tally.new - given[window]


def _columns(windows: Sequence[Window]) -> dict[str, list[object]]:
    return {"digest": [digest for digest, _ in windows], "period": [period for _, period in windows]}

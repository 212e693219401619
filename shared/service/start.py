"""What is looked at before a service does anything: whether it can do it without harm.

Invariant: a service that is set up wrongly does not start, and the last line that it writes says what is wrong and
what to do, in a sentence for whoever set it up. A server that is away is waited for.
"""

import asyncio
from collections.abc import Sequence
from itertools import count

import asyncpg
import structlog

from shared.messaging.fault_kinds import is_transient
from shared.ops.back_off import back_off
from shared.ops.health import Heartbeat
from shared.service.service import Service
from shared.store.engine import Store
from shared.store.key_check import wrong_keys
from shared.store.sessions import keeps_sessions

SHORTEST_BACK_OFF, LONGEST_BACK_OFF = 0.1, 10.0
EXIT_CODE = 78
"""Of a process that refuses to start (EX_CONFIG of sysexits.h)."""

log = structlog.get_logger()


class StartRefusedError(Exception):
    """The service does not start; the message is the sentence that says why."""


async def check_start(service: Service, worker: Store, heartbeats: Sequence[Heartbeat]) -> None:
    """Return once everything is as it must be. Raises StartRefusedError."""
    for failures in count(1):
        try:
            await _check_sessions(service)
            await _check_keys(service, worker)
        except Exception as fault:
            if not (is_transient(fault) or isinstance(fault, asyncpg.PostgresError)):
                raise
            for heartbeat in heartbeats:
                heartbeat.wait()
            log.warning("start is not checked yet", error=type(fault).__name__)
            await asyncio.sleep(back_off(failures, SHORTEST_BACK_OFF, LONGEST_BACK_OFF))
        else:
            return


async def _check_sessions(service: Service) -> None:
    if not await keeps_sessions(service.settings.worker_database_url):
        raise StartRefusedError(
            f"{service.name} does not start: {service.name.upper()}_WORKER_DATABASE_URL leads through a pooler that "
            "lends connections to single transactions (like PgBouncer with pool_mode = transaction). Let it lead to "
            "PostgreSQL itself, or to a pooler with pool_mode = session. See deploy/runbooks/start-refused.md."
        )


async def _check_keys(service: Service, worker: Store) -> None:
    async with worker.transaction() as tx:
        wrong = await wrong_keys(tx, service.keys)
    if wrong:
        raise StartRefusedError(
            f"{service.name} does not start: {' and '.join(wrong)} is not the key that the data on file was sealed "
            "with. Put the key back that was there before; the data cannot be read without it. "
            "See deploy/runbooks/start-refused.md."
        )

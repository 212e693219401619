"""Whether a database URL leads to sessions of our own. Invariant: what is held by a session is held until we let go.

Relay, replay and others hold a lock by their session, from one statement to the next. A pooler that lends its
connections to each transaction anew (PgBouncer with ``pool_mode = transaction`` and its like) gives them a session that
is somebody else's a moment later: two relays would lead, and nobody would say so.
"""

import secrets

import asyncpg

from shared.store.engine import CONNECT_SECONDS

_LOCK = "SELECT pg_advisory_lock({key})"
# Asked by how many rows there are, in the simple protocol: a pooler may not know prepared statements.
_IS_HELD = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = {key} AND pid = pg_backend_pid()"
_ROUNDS = 3
_KEYS = 1 << 30


async def keeps_sessions(url: str) -> bool:
    """Return whether each connection is a session of its own: what one locks, another must not have.

    Raises OSError or a PostgresError where the server is away.
    """
    mine, other = await asyncpg.connect(url, timeout=CONNECT_SECONDS), None
    try:
        other = await asyncpg.connect(url, timeout=CONNECT_SECONDS)
        for _ in range(_ROUNDS):
            if not await _is_kept(mine, other):
                return False
        return True
    finally:
        mine.terminate()
        if other:
            other.terminate()


async def _is_kept(mine: asyncpg.Connection, other: asyncpg.Connection) -> bool:
    """Return whether a lock stays with the connection that took it, while the other one is in a transaction."""
    key = secrets.randbelow(_KEYS)
    await mine.execute(_LOCK.format(key=key))
    await other.execute("BEGIN")
    try:
        if await other.execute(_IS_HELD.format(key=key)) != "SELECT 0":
            return False
        return bool(await mine.execute(_IS_HELD.format(key=key)) == "SELECT 1")
    finally:
        await other.execute("ROLLBACK")

"""The revoked tokens: kept as registry tells of them, and looked at by every process that lets callers in (ADR 0022).

Invariant: a request costs no statement. A process has the revocations of the last minutes in memory and reads them
again, by one statement, at most once a second and only while it is asked; an older copy is used for ``STALE_SECONDS``
at most. Older revocations need no look: the tokens are out of date.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Column, DateTime, Integer, MetaData, Table, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.actor import EVERY_DISTRICT
from shared.contracts.received import StateRecord
from shared.contracts.tokens import REVOKED_FOR, Revocation
from shared.store.engine import Store
from shared.store.projection import ProjectedTable, Projection

FRESH_SECONDS, STALE_SECONDS = 1.0, 5.0

revocation = Table(
    "revocation",
    MetaData(),
    Column("district", Text, primary_key=True),
    Column("account_id", Uuid, primary_key=True),
    Column("minimum_version", Integer, nullable=False),
    Column("ended_sessions", ARRAY(Uuid), nullable=False),
    Column("changed_at", DateTime(timezone=True), nullable=False),
)
# An array of arrays would have to be as long in every row: they come as text, as PostgreSQL writes them.
_PUT = text("""
    INSERT INTO revocation (district, account_id, minimum_version, ended_sessions, changed_at)
    SELECT r.district, r.account_id, r.minimum_version, CAST(r.ended_sessions AS uuid[]), r.changed_at
    FROM unnest(CAST(:district AS text[]), CAST(:account_id AS uuid[]), CAST(:minimum_version AS int[]),
                CAST(:ended_sessions AS text[]), CAST(:changed_at AS timestamptz[]))
         AS r(district, account_id, minimum_version, ended_sessions, changed_at)
    ON CONFLICT (district, account_id) DO UPDATE SET minimum_version = excluded.minimum_version,
        ended_sessions = excluded.ended_sessions, changed_at = excluded.changed_at
""")
_ERASE = text("""
    DELETE FROM revocation AS kept
    USING unnest(CAST(:district AS text[]), CAST(:account_id AS uuid[])) AS r(district, account_id)
    WHERE (kept.district, kept.account_id) = (r.district, r.account_id)
""")


async def keep_revocations(tx: AsyncConnection, records: Sequence[StateRecord]) -> None:
    """Enter the present revocation of some accounts; the last record of a key counts."""
    known = [
        (record.district, UUID(record.key), Revocation.model_validate_json(record.value))
        for record in records
        if record.value is not None
    ]
    erased = [record for record in records if record.value is None]
    if known:
        await tx.execute(
            _PUT,
            {
                "district": [district for district, _, _ in known],
                "account_id": [account_id for _, account_id, _ in known],
                "minimum_version": [told.minimum_version for _, _, told in known],
                "ended_sessions": [f"{{{','.join(map(str, told.ended_sessions))}}}" for _, _, told in known],
                "changed_at": [told.changed_at for _, _, told in known],
            },
        )
    if erased:
        keys = {"district": [r.district for r in erased], "account_id": [UUID(r.key) for r in erased]}
        await tx.execute(_ERASE, keys)


REVOCATIONS = Projection("revocations", (ProjectedTable("revocation"),), keep_revocations)

_RECENT = text("""
    SELECT district, account_id, minimum_version, ended_sessions FROM revocation
    WHERE changed_at > clock_timestamp() - CAST(:revoked_for AS interval)
""")


class _Revoked(NamedTuple):
    minimum_version: int
    sessions: frozenset[str]


class Revocations:
    """What a process knows of revoked tokens."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_account: Mapping[tuple[str, str], _Revoked] = {}
        """By district and account: who moves to another district keeps the account's id, with versions from 1 on."""
        self._read_at = float("-inf")
        self._reading: asyncio.Task[None] | None = None

    async def name(self, claims: Mapping[str, Any]) -> bool:
        """Return whether the token that says this is revoked. Raises what the database raises while it is away."""
        await self._refresh()
        named = claims["district"]
        return any(self._of_account(district, claims) for district in ([named] if isinstance(named, str) else named))

    def _of_account(self, district: str, claims: Mapping[str, Any]) -> bool:
        revoked = self._by_account.get((district, claims["sub"]))
        if revoked is None:
            return False
        return claims.get("ver", 0) < revoked.minimum_version or claims.get("sid") in revoked.sessions

    async def finish(self) -> None:
        """Wait for a reading that is under way, as the store must be before it is closed."""
        if self._reading:
            await asyncio.wait([self._reading])

    async def _refresh(self) -> None:
        """Have the copy read again where it is older than a second; wait for that where it is too old to go by."""
        age = time.monotonic() - self._read_at
        if age < FRESH_SECONDS:
            return
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
            self._reading.add_done_callback(_look)
        if age > STALE_SECONDS:
            await asyncio.shield(self._reading)

    async def _read(self) -> None:
        asked = time.monotonic()
        async with self._store.transaction(EVERY_DISTRICT) as tx:
            rows = (await tx.execute(_RECENT, {"revoked_for": REVOKED_FOR})).all()
        self._by_account = {
            (row.district, str(row.account_id)): _Revoked(row.minimum_version, frozenset(map(str, row.ended_sessions)))
            for row in rows
        }
        self._read_at = asked


def _look(reading: asyncio.Task[None]) -> None:
    """Look at how a reading has ended, so that one that nobody waited for does not end up in the log of the loop."""
    if not reading.cancelled():
        reading.exception()

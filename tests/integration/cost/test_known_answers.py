"""A group's idempotency keys are looked up in the index, on a service's first day too.

What is asserted is how many pages PostgreSQL reads, which does not depend on the machine.
"""

import json

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.http import idempotency
from shared.store.engine import Store
from tests.support.infrastructure import ServiceDatabase

DISTRICT, KEYS, GROUP = "510115", 5000, 64
PAGES_A_KEY = 8
"""The index's, two or three deep, and the row's, with room for pages of the index that are about to be split."""
_FILL = text("""
    INSERT INTO idempotency_key (district, account, key, fingerprint, status, body)
    SELECT :district, 'account ' || n, 'sign-up', sha256('request'), 201, '{}' FROM generate_series(1, :keys) AS n
""")


async def pages_read(tx: AsyncConnection, accounts: list[str]) -> int:
    """Return how many pages the look-up of a group's keys reads; it finds all of them."""
    explained = text(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {idempotency._KNOWN.text}")
    values = {"district": DISTRICT, "account": accounts, "key": ["sign-up"] * len(accounts)}
    told = await tx.scalar(explained, values)
    plan = (json.loads(told) if isinstance(told, str) else told)[0]["Plan"]
    assert plan["Actual Rows"] == len(accounts)
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


async def test_a_group_reads_its_own_keys_alone(service_database: ServiceDatabase) -> None:
    async with Store((await service_database("activities")).api) as store, store.transaction(DISTRICT) as tx:
        await tx.execute(_FILL, {"district": DISTRICT, "keys": KEYS})  # not committed: nobody can have analysed them
        accounts = [f"account {n * 70 + 1}" for n in range(GROUP)]
        assert await pages_read(tx, accounts) <= PAGES_A_KEY * GROUP

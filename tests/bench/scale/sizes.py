"""What is on disk: every table and index of a service's database."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg

from tests.support.infrastructure import Urls

SHOWN = 1_000_000
"""Tables of fewer bytes are not listed."""
# Indexes stand under the table that they belong to: those of a partition under its parent.
_TABLES = """
    WITH RECURSIVE root AS (
        SELECT oid, oid AS top FROM pg_class WHERE relkind IN ('r', 'p') AND NOT relispartition
          AND relnamespace = 'public'::regnamespace
        UNION ALL
        SELECT i.inhrelid, root.top FROM pg_inherits i JOIN root ON i.inhparent = root.oid
    )
    SELECT top.relname::text AS name, sum(pg_table_size(root.oid))::bigint AS heap,
           sum(pg_indexes_size(root.oid))::bigint AS indexes
    FROM root JOIN pg_class top ON top.oid = root.top GROUP BY 1 ORDER BY 2 + 3 DESC
"""
_INDEXES = """
    SELECT i.indexrelid::regclass::text AS name, pg_relation_size(i.indexrelid) AS bytes
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
"""


@dataclass(frozen=True)
class Table:
    """Bytes of a table: its rows (with what is kept beside them), its indexes together, and each."""

    name: str
    heap: int
    indexes: int
    each: Mapping[str, int]

    @property
    def bytes(self) -> int:
        """All of it."""
        return self.heap + self.indexes


async def sizes(urls: Urls) -> list[Table]:
    """Return the tables of a database, largest first."""
    connection = await asyncpg.connect(urls.owner)
    try:
        tables = await connection.fetch(_TABLES)
        indexes = await connection.fetch(
            "SELECT c.relname::text AS table, i.* FROM (" + _INDEXES + ") i JOIN pg_index x"
            " ON x.indexrelid = to_regclass(i.name) JOIN pg_class c ON c.oid = x.indrelid"
        )
    finally:
        await connection.close()
    found = []
    for row in tables:
        each = {index["name"]: index["bytes"] for index in indexes if index["table"] == row["name"]}
        found.append(Table(row["name"], row["heap"], row["indexes"], each))
    return sorted(found, key=lambda table: -table.bytes)


def as_json(tables: list[Table]) -> list[dict[str, Any]]:
    """Return the tables that are large enough to be listed, as they are kept."""
    return [asdict(table) for table in tables if table.bytes >= SHOWN]

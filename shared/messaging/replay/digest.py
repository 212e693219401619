"""What the rows of a projection come to: how many there are, and a sum over their hashes, whatever their order.

Invariant: live tables and a shadow are added up by the same expression, over the columns and rows that a comparison
looks at. As it is a sum, the rows of some groups can be taken from it and put to it. 64 bits a row tell an accident,
not an adversary who can write to the database; nor do they outlive a major version of PostgreSQL, whose hashes may be
others: then everything is replayed once.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.replay.rebuild import columns_of, key_of, types_of
from shared.store.projection import ProjectedTable, Projection


class Digest(NamedTuple):
    """Some rows of a table."""

    rows: int = 0
    sum: int = 0

    def __add__(self, other: Self) -> "Digest":  # type: ignore[override]
        """Return the digest of both."""
        return Digest(self.rows + other.rows, self.sum + other.sum)


class Parted(NamedTuple):
    """The rows of a table: those of some groups, and the others."""

    touched: Digest
    others: Digest


@dataclass(frozen=True)
class Adder:
    """Adds up a projection's tables."""

    projection: Projection
    _values: Mapping[str, str]
    """Of each table what of a row is compared, as a list of expressions."""

    @classmethod
    async def of(cls, tx: AsyncConnection, projection: Projection) -> Self:
        """Look up which columns there are."""
        return cls(projection, {table.name: await _values(tx, table) for table in projection.tables})

    async def add_up(
        self, tx: AsyncConnection, schema: str, district: str, groups: Collection[UUID] = ()
    ) -> dict[str, Parted]:
        """Return the digests of a district's rows in each table, those of ``groups`` apart."""
        return {table.name: await self._add_up(tx, table, schema, district, groups) for table in self.projection.tables}

    async def _add_up(
        self, tx: AsyncConnection, table: ProjectedTable, schema: str, district: str, groups: Collection[UUID]
    ) -> Parted:
        touched, bound = "false", dict[str, object]()
        if self.projection.groups and groups:
            touched, bound = f"{self.projection.groups.columns[table.name]} = ANY(:groups)", {"groups": list(groups)}
        rows = await tx.execute(
            text(f"""
                SELECT {touched} AS touched, count(*) AS rows,
                       sum(hash_record_extended(ROW({self._values[table.name]}), 0)) AS sum
                FROM {schema}.{table.name} WHERE district = :district AND ({table.rows}) GROUP BY 1
            """),
            {"district": district, **bound},
        )
        found = {row.touched: Digest(row.rows, int(row.sum)) for row in rows}
        return Parted(found.get(True, Digest()), found.get(False, Digest()))


async def _values(tx: AsyncConnection, table: ProjectedTable) -> str:
    types = await types_of(tx, table.name)
    named = dict.fromkeys([*await key_of(tx, table.name), *await columns_of(tx, table)])
    shape = ["shape"] if table.of_shape and "shape" not in named else []
    # json knows no equality, and so no hash
    return ", ".join(f"{column}::jsonb" if types[column] == "json" else column for column in (*named, *shape))

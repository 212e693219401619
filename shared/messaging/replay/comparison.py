"""What differs between a live projection and its shadow, row by row.

Invariant: both are read in one snapshot, in which the shadow holds the events that the live one has applied; a row
that differs has been changed by something other than an event, or the code that made it has. Only ids, times and
figures are shown: of texts and bytes it is said that they differ.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.messaging.replay.rebuild import columns_of, key_of, types_of
from shared.store.projection import ProjectedTable, Projection

FIRST = 10
"""Differences of a table that are shown in full."""
_SHOWN = {
    "bigint", "boolean", "date", "double precision", "integer", "smallint", "timestamp with time zone", "uuid",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """One column of one row. A row that only one side has differs in ``row``, as ``present`` and ``absent``."""

    key: str
    column: str
    live: str
    rebuilt: str


@dataclass(frozen=True, slots=True)
class TableComparison:
    """A table, live and rebuilt: how many rows each, how many differ, and the first of those."""

    table: str
    live: int
    rebuilt: int
    differing: int
    first: Sequence[Difference]

    def __add__(self, other: Self) -> "TableComparison":
        """Return what was found of the same table's rows and of others."""
        first = [*self.first, *other.first][:FIRST]
        sums = (self.live + other.live, self.rebuilt + other.rebuilt, self.differing + other.differing)
        return TableComparison(self.table, *sums, first)


async def compare(
    tx: AsyncConnection, projection: Projection, shadow: str, district: str | None
) -> list[TableComparison]:
    """Compare the tables of a projection with those in the schema ``shadow``; of one district where it is named."""
    return [await _compare(tx, table, shadow, district) for table in projection.tables]


async def _compare(tx: AsyncConnection, table: ProjectedTable, shadow: str, district: str | None) -> TableComparison:
    key = await key_of(tx, table.name)
    columns = await columns_of(tx, table)
    types = await types_of(tx, table.name)
    values = {column: _comparable(table, column, types[column]) for column in [*key, *columns]}
    named = ", ".join([*values, *(["shape"] if table.of_shape else [])])
    compared = f"(CAST(:district AS text) IS NULL OR district = :district) AND ({table.rows})"
    pairs = f"""
        (SELECT {named} FROM public.{table.name} WHERE {compared}) l
        FULL JOIN
        (SELECT {named} FROM {shadow}.{table.name} WHERE {compared}) s
        ON {" AND ".join(f"l.{column} = s.{column}" for column in key)}
    """
    differ = f"({_row('l', values.values())}) IS DISTINCT FROM ({_row('s', values.values())})"
    counted = (
        await tx.execute(
            text(f"""
                SELECT count(l.{key[0]}) AS live, count(s.{key[0]}) AS rebuilt,
                       count(*) FILTER (WHERE {differ}) AS differing
                FROM {pairs}
            """),
            {"district": district},
        )
    ).one()
    first: list[Difference] = []
    if counted.differing:
        rows = await tx.execute(
            text(f"""
                SELECT {", ".join(f"coalesce(l.{column}, s.{column})::text" for column in key)},
                       CASE WHEN l.{key[0]} IS NOT NULL THEN {_object("l", values)} END AS live,
                       CASE WHEN s.{key[0]} IS NOT NULL THEN {_object("s", values)} END AS rebuilt
                FROM {pairs} WHERE {differ} ORDER BY {", ".join(map(str, range(1, len(key) + 1)))} LIMIT {FIRST}
            """),
            {"district": district},
        )
        for *key_values, live, rebuilt in rows:
            first += _differences(" ".join(key_values), live, rebuilt, types)
    return TableComparison(table.name, counted.live, counted.rebuilt, counted.differing, first)


def _comparable(table: ProjectedTable, column: str, sql_type: str) -> str:
    value = f"{{side}}.{column}::jsonb" if sql_type == "json" else f"{{side}}.{column}"  # json knows no equality
    return f"CASE WHEN l.shape = s.shape THEN {value} END" if column in table.of_shape else value


def _row(side: str, values: Iterable[str]) -> str:
    return ", ".join(value.format(side=side) for value in values)


def _object(side: str, values: Mapping[str, str]) -> str:
    named = ", ".join(f"'{column}', {value}" for column, value in values.items())
    return f"jsonb_build_object({named.format(side=side)})"


def _differences(
    key: str, live: dict[str, Any] | None, rebuilt: dict[str, Any] | None, types: dict[str, str]
) -> list[Difference]:
    if live is None or rebuilt is None:
        return [Difference(key, "row", *("absent" if side is None else "present" for side in (live, rebuilt)))]
    return [
        Difference(key, column, _shown(live[column], types[column]), _shown(rebuilt[column], types[column]))
        for column in live
        if live[column] != rebuilt[column]
    ]


def _shown(value: object, sql_type: str) -> str:
    return "-" if value is None else str(value) if sql_type in _SHOWN else f"({sql_type})"

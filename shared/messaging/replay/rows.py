"""Events of one type as rows: copied out of their event log into a temporary table, to be applied as a set.

Invariant: a row has the event's ``district``, ``position``, ``event_id``, ``version`` and ``occurred_at``, and a typed
column for each field of its contract, NULL where the data has none. It is of the contract's current version: what needs
an upcaster goes through its handler. The load-bearing statement is `select_of`: the producer's database takes the JSON
apart, in one pass a row, and writes PostgreSQL's binary form, which goes into the table as it is. No value becomes an
object here, and the next rows are read while the last one is applied.
"""

from collections.abc import Collection
from datetime import datetime
from enum import EnumType
from types import UnionType
from typing import NamedTuple, Union, get_args, get_origin
from uuid import UUID

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.store.projection import rows_of

_ATTRIBUTES = "district text, position bigint, event_id uuid, version int, occurred_at timestamptz"
_SQL_TYPES: dict[object, str] = {datetime: "timestamptz", int: "bigint", str: "text", UUID: "uuid"}


class EventRows(NamedTuple):
    """``size`` events of a type, in binary COPY format."""

    event: type[Event]
    rows: memoryview
    size: int


def select_of(event: type[Event]) -> str:
    """Return the part of a query that reads a type of event as rows, up to its WHERE."""
    return f"""
        SELECT district, position, event_id, aggregate_version, occurred_at, field.*
        FROM event_log CROSS JOIN LATERAL json_to_record(data) AS field({_columns(event)})
    """


async def make_tables(session: AsyncConnection, events: Collection[type[Event]]) -> None:
    """Make the empty tables; a READ ONLY transaction could not."""
    for event in events:
        await session.exec_driver_sql(f"CREATE TEMPORARY TABLE {rows_of(event)} ({_ATTRIBUTES}, {_columns(event)})")


async def copy_in(tx: AsyncConnection, part: EventRows) -> None:
    """Put rows into their table."""
    driver: asyncpg.Connection = (await tx.get_raw_connection()).driver_connection
    await driver.copy_to_table(rows_of(part.event), source=part.rows, format="binary")


def _columns(event: type[Event]) -> str:
    """Return the columns of an event's fields. Raises TypeError for one whose absence would not mean NULL."""
    for name, field in event.model_fields.items():
        if not field.is_required() and field.default is not None:
            raise TypeError(f"{event.__name__}.{name} has a default that its handler would be given, and SQL would not")
    return ", ".join(f"{name} {_sql_type(field.annotation)}" for name, field in event.model_fields.items())


def _sql_type(annotation: object) -> str:
    """Return the SQL type of a field. Raises KeyError for a type that no event applied in bulk has had yet."""
    if get_origin(annotation) in (Union, UnionType):
        [annotation] = (kind for kind in get_args(annotation) if kind is not type(None))
    return "text" if isinstance(annotation, EnumType) else _SQL_TYPES[annotation]

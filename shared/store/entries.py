"""Projections that keep the last version of each entry of a register: another service's, or the service's own.

Invariant: the last version of an entry wins, in whatever order and however often events arrive; the aggregate's id is
the entry's.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import Received
from shared.store.projection import Groups, Project, ProjectedTable, Projection
from shared.store.statements import keep_latest

_ENTRY_ONLY = "these tables are where the events come from; what else is in them is in no event"


def known_entries(
    name: str, table: Table, fields: Mapping[str, str], *, of_shape: Sequence[str] = (), shape: int = 1
) -> Projection:
    """Return the projection of a table that holds what another service has told of its entries.

    ``fields``: column -> field of the events. Where some came later (``of_shape``), the table has a column ``shape``,
    and rows from before have another one: they get these fields by their next event, or by a replay.
    """
    compared = ProjectedTable(table.name, (*fields, "version"), tuple(of_shape)) if of_shape else None
    return Projection(
        name,
        (compared or ProjectedTable(table.name),),
        keep_entries(table, fields, shape=shape),
        groups=Groups({table.name: "id"}),
    )


def own_entries(name: str, table: Table, fields: Mapping[str, str]) -> Projection:
    """Return the projection of a service's own table as its events tell of it: held against it, never to replace it.

    ``fields``: column -> field of the events.
    """
    kept = ProjectedTable(table.name, (*fields, "version"))
    return Projection(
        name, (kept,), keep_entries(table, fields), groups=Groups({table.name: "id"}), compare_only=_ENTRY_ONLY
    )


def keep_entries(table: Table, fields: Mapping[str, str], *, shape: int = 1) -> Project:
    """Return what enters events in such a table, by one statement."""
    shaped = ["shape"] if "shape" in table.c else []
    written = {column for column in fields if isinstance(table.c[column].type, JSON)}
    statement = keep_latest(table, [*fields, *shaped])

    async def keep(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        told = {
            column: [json.dumps(value) if column in written else value for value in _values(events, field)]
            for column, field in fields.items()
        }
        await tx.execute(
            statement,
            {
                **told,
                **{column: [shape] * len(events) for column in shaped},
                "district": [event.attributes.district for event in events],
                "id": [UUID(event.attributes.subject) for event in events],
                "version": [event.attributes.sequence for event in events],
            },
        )

    return keep


def _values(events: Sequence[Received[Any]], field: str) -> list[Any]:
    return [getattr(event.data, field) for event in events]


def same_names(*columns: str) -> Mapping[str, str]:
    """Return columns that are called as the events' fields are."""
    return {column: column for column in columns}

"""A service's own tables as its events tell of them: to be held against the tables, never to replace them.

Invariant: the last version of an entry wins; the aggregate's id is the entry's.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import Received
from shared.store.projection import ProjectedTable, Projection
from shared.store.statements import keep_latest

_ENTRY_ONLY = "these tables are where the events come from; what else is in them is in no event"


def own_entries(name: str, table: Table, fields: Mapping[str, str]) -> Projection:
    """Return the projection of a table whose rows the service's own events carry.

    ``fields``: column -> field of the events.
    """
    statement = keep_latest(table, list(fields))

    async def keep(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        told = {column: [getattr(event.data, field) for event in events] for column, field in fields.items()}
        await tx.execute(
            statement,
            {
                **told,
                "district": [event.attributes.district for event in events],
                "id": [UUID(event.attributes.subject) for event in events],
                "version": [event.attributes.sequence for event in events],
            },
        )

    return Projection(name, (ProjectedTable(table.name, (*fields, "version")),), keep, compare_only=_ENTRY_ONLY)


def same_names(*columns: str) -> Mapping[str, str]:
    """Return columns that are called as the events' fields are."""
    return {column: column for column in columns}

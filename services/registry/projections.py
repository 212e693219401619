"""Registry's own tables as its events tell of them: to be held against the tables, never to replace them.

Invariant: last version wins. Personal data is in no event, so neither is it here.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.received import Received
from shared.store.projection import Project, ProjectedTable, Projection

_ENTRY_ONLY = "registry's tables are where its events come from; what else is in them is in no event"
_PROFILE = ("number", "category", "organisation_id", "team_id", "registered_on")
_ORGANISATION = ("code", "name", "kind")
_STATION = ("code", "name", "level", "division_code", "opened_on", "volunteer_quota")
_TEAM = ("code", "name", "kind", "organisation_id", "station_id", "focus_service")
_TYPES = {
    "organisation_id": "uuid",
    "team_id": "uuid",
    "station_id": "uuid",
    "registered_on": "date",
    "opened_on": "date",
    "volunteer_quota": "int",
}
_RENAMED = {"number": "volunteer_no"}


def _keep(table: str, columns: Sequence[str]) -> Project:
    """Return the handler that keeps the last version of a table's entries; the aggregate's id is the entry's."""
    statement = _last_version(table, columns)

    async def keep(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
        told: dict[str, list[Any]] = {
            column: [getattr(event.data, _RENAMED.get(column, column)) for event in events] for column in columns
        }
        await tx.execute(
            statement,
            {
                **told,
                "district": [event.attributes.district for event in events],
                "id": [event.attributes.subject for event in events],
                "version": [event.attributes.sequence for event in events],
            },
        )

    return keep


def _last_version(table: str, columns: Sequence[str]) -> TextClause:
    named = ", ".join(("district", "id", *columns, "version"))
    arrays = ", ".join(f"CAST(:{column} AS {_TYPES.get(column, 'text')}[])" for column in columns)
    return text(f"""
        INSERT INTO {table} AS known ({named})
        SELECT DISTINCT ON (district, id) {named}
        FROM unnest(CAST(:district AS text[]), CAST(CAST(:id AS text[]) AS uuid[]), {arrays}, CAST(:version AS int[]))
             AS told({named})
        ORDER BY district, id, version DESC
        ON CONFLICT (district, id) DO UPDATE
        SET {", ".join(f"{column} = excluded.{column}" for column in (*columns, "version"))}
        WHERE known.version < excluded.version
    """)


def _own(name: str, table: str, columns: Sequence[str]) -> Projection:
    return Projection(
        name, (ProjectedTable(table, (*columns, "version")),), _keep(table, columns), compare_only=_ENTRY_ONLY
    )


VOLUNTEERS = _own("volunteers", "volunteer", _PROFILE)
ORGANISATIONS = _own("organisation", "organisation", _ORGANISATION)
STATIONS = _own("station", "station", _STATION)
TEAMS = _own("team", "team", _TEAM)

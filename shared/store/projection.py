"""What a projection is, as a part declares it: the tables that events fill, and what fills them.

Invariant: a projection can announce or send nothing (an import rule), so it may be run again over any stretch of
history. Which events it follows is said in the table of reactions and nowhere else; the consumer, a replay and the
filling of a new subscription all run the same ``project``, and one for events in bulk shares the statement of its
effect.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.contracts.received import Received

Project = Callable[[AsyncConnection, Sequence[Any]], Awaitable[Any]]
"""Takes received events in log order (or the present `StateRecord` of some keys) and enters them as a set.

What it returns says what has changed by them, and is handed to the reaction's decision.
"""
ProjectRows = Callable[[AsyncConnection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ProjectedTable:
    """A table that a projection fills. Only ``columns`` follow from events, where they are named; else all of them."""

    name: str
    columns: tuple[str, ...] = ()
    of_shape: tuple[str, ...] = ()
    """Those of ``columns`` that a later version may make differently of the same event. Rows say in their column
    ``shape`` which one made them, and a comparison looks at these columns where both sides have the same."""
    rows: str = "true"
    """Which of its rows follow from events, as a condition in SQL; a comparison leaves the others alone."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """How a projection falls into groups: an event changes rows of one group, and they follow from its events alone.

    So of a group that has changed its own history is replayed and no other's (ADR 0048).
    """

    columns: Mapping[str, str]
    """Of each table the column that says which group a row is of."""
    of: Callable[[Received[Any]], UUID | None] = lambda event: UUID(event.attributes.subject)
    """The group that an event changes, None where it changes no row; the aggregate, if nothing else is said."""
    members: str | None = None
    """A column of the first table: the aggregates whose events a group follows from, where it is not one itself."""


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """One projection. Its name is what operators call it: ``linbang <service> replay NAME``."""

    name: str
    tables: tuple[ProjectedTable, ...]
    project: Project
    in_bulk: Mapping[type[Event], ProjectRows] = field(default_factory=dict)
    """Which of its events a replay from event logs may apply first and as sets: see `rows_of`."""
    reads: tuple[str, ...] = ()
    """Other tables of the service that it reads; they are never rebuilt."""
    groups: Groups | None = None
    """None where an event may change anything: after it, all of its district is replayed."""
    compare_only: str | None = None
    """Why it must not replace the live tables; None where it may."""


def rows_of(event: type[Event]) -> str:
    """Name the temporary table in which a replay has a type of event as rows: ``ServiceLogged`` in ``service_logged``.

    It has ``district``, ``position``, ``event_id``, ``version``, ``occurred_at`` and the contract's fields as columns.
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.__name__).lower()

"""What a projection is, as its service declares it: the events it follows and the tables they fill.

Invariant: a service lists its projections in ``PROJECTIONS`` beside their code, and a replay is handed an entry of that
table and nothing else. A handler here is the one that the consumer's handlers call too, so there is one
implementation, and none of them can announce or send anything (an import rule).
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.contracts.received import Received, StateRecord

Project = Callable[[AsyncConnection, Sequence[Received[Any]]], Awaitable[None]]
ProjectState = Callable[[AsyncConnection, Sequence[StateRecord]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class ProjectedTable:
    """A table that a projection fills. Only ``columns`` follow from events, where they are named; else all of them."""

    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Projection:
    """One projection: its tables follow from its events, or from the present values of a compacted topic."""

    tables: tuple[ProjectedTable, ...]
    events: Mapping[type[Event], Project] = field(default_factory=dict)
    states: Mapping[str, ProjectState] = field(default_factory=dict)
    """By compacted topic. A projection has events or states, not both."""
    reads: tuple[str, ...] = ()
    """Other tables of the service that its handlers read; they are never rebuilt."""
    own_log: bool = False
    """It follows the service's own events: no consumer stands between, so all of the log is applied."""
    compare_only: str | None = None
    """Why it must not replace the live tables; None where it may."""

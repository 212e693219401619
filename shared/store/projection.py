"""What a projection is, as its service declares it: the events it follows and the tables they fill.

Invariant: a service lists its projections in ``PROJECTIONS`` beside their code, and a replay is handed an entry of that
table and nothing else. A handler here is the one that the consumer's handlers call too, and one for events in bulk
shares the statement of its effect; none of them can announce or send anything (an import rule).
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.contracts.received import Received, StateRecord

Project = Callable[[AsyncConnection, Sequence[Received[Any]]], Awaitable[None]]
ProjectTold = Callable[[AsyncConnection], Awaitable[None]]
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
    in_bulk: Mapping[type[Event], ProjectTold] = field(default_factory=dict)
    """Which of the events a replay from event logs may apply first and as sets: see `told_in`."""
    states: Mapping[str, ProjectState] = field(default_factory=dict)
    """By compacted topic. A projection has events or states, not both."""
    reads: tuple[str, ...] = ()
    """Other tables of the service that its handlers read; they are never rebuilt."""
    own_log: bool = False
    """It follows the service's own events: no consumer stands between, so all of the log is applied."""
    compare_only: str | None = None
    """Why it must not replace the live tables; None where it may."""


def told_in(event: type[Event]) -> str:
    """Name the temporary table that a replay tells a type of event in: ``ServiceLogged`` in ``service_logged``.

    It has ``district``, ``position``, ``event_id``, ``version``, ``occurred_at`` and the contract's fields as columns.
    """
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", event.__name__).lower()

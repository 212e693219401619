"""What a replay asks of a source of events: the producers' event logs, or the topics.

Invariant: events of one aggregate come in the order of their versions, as the consumer got them. Nothing is left out in
silence: where a topic no longer holds its beginning, reading it fails and says so.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from shared.contracts.envelope import Attributes, UndecodableEventError, decode, known_names
from shared.contracts.event import Event
from shared.contracts.received import Received, StateRecord
from shared.contracts.upcasters import type_of
from shared.messaging.replay.rows import EventRows


@dataclass(frozen=True, slots=True)
class Scope:
    """Which events: those before ``until``, of ``district``; None sets no bound."""

    until: datetime | None = None
    district: str | None = None


class EventBatch(NamedTuple):
    """Some events or states in order. ``position`` is the last one's in its event log (0 for topics)."""

    events: Sequence[Received[Any]]
    states: Mapping[str, Sequence[StateRecord]]
    position: int
    size: int
    positions: Sequence[int] = ()
    """Each event's position in its event log; none for topics."""


class Source(Protocol):
    """Where events are read from."""

    repeats: bool
    """Whether an event can come twice."""

    async def count(self) -> int:
        """Return how many there are to read; comes first."""

    def in_bulk(self) -> AsyncIterator[EventRows]:
        """Give those that are applied as rows, before the others."""

    def batches(self) -> AsyncIterator[EventBatch]:
        """Give the others, in order."""


class EventTypes:
    """Which events a projection follows, and how each is read."""

    def __init__(self, events: Collection[type[Event]]) -> None:
        self._events = known_names(events)

    @property
    def names(self) -> list[str]:
        """The present names of their types, without versions."""
        return list(self._events)

    def follows(self, attributes: Attributes) -> bool:
        """Return whether an event is one of them. Raises UndecodableEventError for what is no type."""
        try:
            return type_of(attributes.type, attributes.sequence)[0] in self._events
        except ValueError as fault:
            raise UndecodableEventError(str(fault)) from None

    def read(self, attributes: Attributes, data: str | bytes) -> Event:
        """Return an event's data, upcast where it is of an older version. Raises UndecodableEventError."""
        name, version = type_of(attributes.type, attributes.sequence)
        return decode(self._events[name], version, data if isinstance(data, bytes) else data.encode())

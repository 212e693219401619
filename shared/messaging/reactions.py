"""The table of reactions: what a service does about each event, said once.

Invariant: what a consumer subscribes to, what a replay rebuilds, what the documents say and what the tests expect all
follow from this table. A reaction ``projects`` (enters the event in tables that can be made of events again), or
``decides`` (makes something new of it: rows that are its own, events, messages), or both: the projection runs first,
and the decision is told what it has changed.

``history`` says what becomes of events that are older than the subscription to their type (``subscription.py``): APPLY
enters them, projections alone, and nothing is announced of them; IGNORE leaves them out.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.event import Event
from shared.contracts.received import Received
from shared.contracts.topics import Topic
from shared.ops.tracing import step_span
from shared.store.projection import Projection

Decide = Callable[[AsyncConnection, Sequence[Received[Any]], Any], Awaitable[None]]
"""Takes received events in log order, and what the reaction's projection returned of them (None without one)."""


class History(Enum):
    """What becomes of events from before the subscription."""

    APPLY = "apply"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class Reaction:
    """One row of the table: what is done about a type of event, or about the present values of a compacted topic."""

    to: type[Event] | Topic
    projects: Projection | None = None
    decides: Decide | None = None
    history: History = History.APPLY

    def __post_init__(self) -> None:
        """Refuse a row that does nothing, or that decides about state, which has no moment at which it happened."""
        if self.projects is None and (self.decides is None or self.history is History.APPLY):
            raise ValueError(f"{self.to}: without a projection there is only history to IGNORE")
        if isinstance(self.to, Topic) and (self.decides or self.history is History.IGNORE):
            raise ValueError(f"{self.to.name}: a state is projected, with its history")


@dataclass(frozen=True, slots=True)
class Step:
    """Reactions of several types that are one piece of code: it gets all of its events of a batch at once."""

    projects: Projection | None
    decides: Decide | None
    histories: Mapping[type[Event], History]

    def applies(self, event: Received[Any]) -> bool:
        """Return whether history of an event's type is entered in the projection."""
        return self.histories[type(event.data)] is History.APPLY


@dataclass(frozen=True, slots=True)
class Rebuildable:
    """A projection with everything that fills it: what a replay needs."""

    projection: Projection
    events: tuple[type[Event], ...]
    states: tuple[Topic, ...]
    own_log: bool
    """It follows the service's own events: no consumer stands between, so all of the log is applied."""


class Reactions:
    """A service's whole table, and what follows from it.

    A reaction to the service's own events is of its log, not of a topic: no consumer gets it, a comparison alone does.
    """

    def __init__(self, service: str, listed: Iterable[Reaction]) -> None:
        self.service = service
        self.listed = tuple(listed)

    @cached_property
    def events(self) -> frozenset[type[Event]]:
        """The events that the consumer takes."""
        return frozenset(event for step in self.steps for event in step.histories)

    @cached_property
    def states(self) -> Mapping[str, Projection]:
        """The compacted topics that the consumer takes, by name, and the projection of each."""
        return {row.to.name: row.projects for row in self.listed if isinstance(row.to, Topic) and row.projects}

    @cached_property
    def topics(self) -> list[str]:
        """The names of the topics that the consumer reads."""
        return sorted({event.topic for event in self.events} | self.states.keys())

    def history_of(self, event: type[Event]) -> History:
        """Return what becomes of the history of a type that the consumer takes: of one step that applies it, APPLY."""
        histories = {step.histories[event] for step in self.steps if event in step.histories}
        return History.APPLY if History.APPLY in histories else History.IGNORE

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """What the consumer does with a batch's events, in the order in which it does it."""
        grouped: dict[tuple[Projection | None, Decide | None], dict[type[Event], History]] = {}
        for row in self.listed:
            if not isinstance(row.to, Topic) and not self._is_own(row.to):
                grouped.setdefault(_code_of(row), {})[row.to] = row.history
        return tuple(Step(projects, decides, histories) for (projects, decides), histories in grouped.items())

    async def react(
        self,
        tx: AsyncConnection,
        events: Sequence[Received[Any]],
        is_history: Callable[[Received[Any]], bool] = lambda _: False,
    ) -> None:
        """Give every step its share of fresh events, which are in log order: project, then decide.

        History comes first, where the step applies it, and nothing is decided about it. Without ``is_history`` all
        is live.
        """
        for step in self.steps:
            share = [event for event in events if type(event.data) in step.histories]
            live = [event for event in share if not is_history(event)]
            if len(live) < len(share):
                await _project(tx, step, [event for event in share if step.applies(event) and is_history(event)])
            if live:
                changed = await _project(tx, step, live)
                if step.decides:
                    with step_span(step.decides.__name__):
                        await step.decides(tx, live, changed)

    @cached_property
    def projections(self) -> Mapping[str, Rebuildable]:
        """Everything that can be made of events again, by name."""
        names = dict.fromkeys(row.projects.name for row in self.listed if row.projects)
        return {name: self._rebuildable(name) for name in names}

    def _rebuildable(self, name: str) -> Rebuildable:
        rows = [row for row in self.listed if row.projects and row.projects.name == name]
        projections = [row.projects for row in rows if row.projects]
        if any(projection is not projections[0] for projection in projections):
            raise ValueError(f"{self.service} has two projections of the name {name}")
        events = tuple(row.to for row in rows if not isinstance(row.to, Topic))
        own = {self._is_own(event) for event in events}
        if len(own) > 1:
            raise ValueError(f"{name} follows the service's own events and others': no one cut fits both")
        states = tuple(row.to for row in rows if isinstance(row.to, Topic))
        return Rebuildable(projections[0], events, states, own_log=own == {True})

    def _is_own(self, event: type[Event]) -> bool:
        return event.publisher() == self.service


async def _project(tx: AsyncConnection, step: Step, events: Sequence[Received[Any]]) -> Any:  # noqa: ANN401
    """Enter events in a step's projection; return what it says has changed."""
    if not (step.projects and events):
        return None
    with step_span(step.projects.name):
        return await step.projects.project(tx, events)


def _code_of(row: Reaction) -> tuple[Projection | None, Decide | None]:
    return row.projects, row.decides

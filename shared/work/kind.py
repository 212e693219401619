"""What work is, as those who schedule it and those who do it say it: items, outcomes and kinds.

Invariant: an item is run at least once, and never by two workers at once while its claim is renewed. What its run does
in the transaction that concludes it happens exactly once: whoever has lost the claim cannot conclude, so nothing of
that transaction stays. An item that fails has an end (`Patience`), and then waits for an operator.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.store.engine import Store
from shared.store.event_log import new_id, now


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWork:
    """Work to schedule: ``due_at`` may be any moment to come; ``payload`` is JSON without personal data.

    An item with the id of one that is there already changes nothing, so an id made from an event's (uuid5) schedules
    once however often the event comes.
    """

    district: str
    kind: str
    payload: Mapping[str, Any] = field(default_factory=dict)
    due_at: datetime = field(default_factory=now)
    lane: str | None = None
    """Items of one lane of a district are run one after the other, in the order of their ids."""
    id: UUID = field(default_factory=new_id)


@dataclass(slots=True, eq=False)
class Item:
    """A claimed item, as its run gets it."""

    district: str
    id: UUID
    kind: str
    payload: Mapping[str, Any]
    attempts: int
    """This one included; those that said `Later` or came forward are not counted."""
    created_at: datetime
    claimed_at: datetime
    """What the claim is told by: another claim of the item has another moment."""


@dataclass(frozen=True, slots=True)
class Done:
    """The item has come to its end; one of a kind with ``every`` is due again at the next moment."""


@dataclass(frozen=True, slots=True)
class Later:
    """Not yet, again at ``due_at``: no failure. ``payload``, where given, takes the place of the item's."""

    due_at: datetime
    payload: Mapping[str, Any] | None = None
    code: str | None = None
    """What it waits for, for operators."""


@dataclass(frozen=True, slots=True)
class Next:
    """The item goes on at once as one of another kind: its next step, in no lane."""

    kind: str
    payload: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Failed:
    """The attempt failed, for a reason that has a code; the item's patience says whether there is another."""

    code: str


Outcome: TypeAlias = Done | Later | Next | Failed


class Batch(Protocol):
    """Claimed items of one kind, and what their run may do with them."""

    @property
    def store(self) -> Store:
        """The service's database, as its worker."""

    @property
    def items(self) -> Sequence[Item]:
        """The items, those that are due the longest first."""

    async def conclude(self, tx: AsyncConnection, outcomes: Mapping[Item, Outcome]) -> None:
        """Note what came of items, in the transaction of their effects. Raises ClaimLostError where one is not ours.

        An item that is given up by it has its kind's ending run in the same transaction.
        """

    def came_forward(self) -> None:
        """Say that the run gets on: its time limit begins anew."""


Run: TypeAlias = Callable[[Batch], Awaitable[None]]
"""Works a batch off and concludes each of its items.

What it raises is the fault of one of them: those not concluded yet are then run one by one, each in a batch of its own.
"""


class End(StrEnum):
    """How work ends that is not done; the state of its row from then on."""

    GIVEN_UP = "given_up"
    CANCELLED = "cancelled"


class Ended(NamedTuple):
    """An item that is given up or cancelled."""

    district: str
    id: UUID
    payload: Mapping[str, Any]


Ending: TypeAlias = Callable[[AsyncConnection, Sequence[Ended], End], Awaitable[None]]
"""What else is noted where items of a kind are given up or cancelled, in the same transaction. It needs no settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often or how long a failing item is tried again; with neither limit for ever. Waits are in seconds."""

    attempts: int | None = None
    """At most as many; an attempt that a process did not survive counts."""
    age: timedelta | None = None
    """Not when it was created as long ago."""
    first: float = 2.0
    longest: float = 900.0

    def is_over(self, item: Item, at: datetime) -> bool:
        """Return whether an item that has failed at that moment is not tried again."""
        too_often = self.attempts is not None and item.attempts >= self.attempts
        return too_often or (self.age is not None and at - item.created_at >= self.age)


Clock: TypeAlias = Callable[[datetime], datetime]
"""Gives the next moment after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkKind:
    """One kind of work of a service."""

    name: str
    run: Run
    patience: Patience
    batch: int = 1
    """At most as many items are handed to one run."""
    slots: int = 1
    """As many runs go on at once in a worker; no kind takes another's."""
    time_limit: timedelta = timedelta(minutes=2)
    """A run that has not come forward for as long has failed."""
    every: Clock | None = None
    """Where given, the kind has one standing item in each service, of no district, that is due again and again."""


def every(interval: timedelta) -> Clock:
    """Return the clock that strikes at whole multiples of an interval since 1970, UTC, so that it does not drift.

    What was missed while no worker ran is made up for once.
    """

    def next_after(moment: datetime) -> datetime:
        strikes = int((moment - _EPOCH) / interval)
        return _EPOCH + (strikes + 1) * interval

    return next_after


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def in_transaction(
    work: Callable[[AsyncConnection, Sequence[Item]], Awaitable[Mapping[Item, Outcome] | None]],
) -> Run:
    """Return the run that does a batch's work in one transaction: its effects happen exactly once.

    ``work`` returns what came of its items; those that it does not name are done.
    """

    async def run(batch: Batch) -> None:
        async with batch.store.transaction() as tx:
            outcomes = await work(tx, batch.items) or {}
            await batch.conclude(tx, {item: outcomes.get(item, Done()) for item in batch.items})

    return run

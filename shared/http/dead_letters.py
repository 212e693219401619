"""Parked records as a service tells an operator of them: what its routes answer and pages read.

Invariant: nothing of a record's value is here, and of its headers what the kit itself writes (``ce_…``): ids, times and
names of types, nobody's data.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel


class State(StrEnum):
    """What has become of a record."""

    PARKED = "parked"
    REDRIVEN = "redriven"
    DISCARDED = "discarded"


class Action(StrEnum):
    """What an operator wants done about parked records."""

    REDRIVE = "redrive"
    DISCARD = "discard"


class Order(BaseModel):
    """What is to be done about a record; ``error`` is the code of why it could not be until now.

    One that is given up waits for ``linbang <service> work retry``.
    """

    action: Action
    given_up: bool = False
    error: str | None = None


class DeadLetter(BaseModel):
    """A record that could not be applied: where it was, why it is parked, and what has become of it.

    ``key`` is text, or hex with ``0x`` before it where it is none; as a rule the id of what the events are about.
    ``settled_by`` is ``account:<id>``, or the name that was given at a console.
    """

    id: UUID
    topic: str
    partition: int
    offset: int
    key: str | None
    reason: str
    """A code, or the name of the error."""
    message: str
    state: State
    parked_at: datetime
    attempts: int
    tried_at: datetime
    settled_at: datetime | None
    settled_by: str | None
    settled_reason: str | None
    order: Order | None


class ShownDeadLetter(DeadLetter):
    """One record with its headers, and how many are parked in its key before it and behind it."""

    headers: dict[str, str]
    ahead: int
    behind: int


class Ordered(BaseModel):
    """What has been ordered about a record; the service's worker does it within seconds."""

    id: UUID
    order: Order

"""Events of what operators do to a service: any service publishes them.

``caused_by`` is ``operator:<name>`` of who acted at a console, ``account:<id>`` of who was logged in.

Invariant: an operator's action and its event are in one transaction, so nothing is settled or swapped without a trace.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event

NO_DISTRICT = "000000"
"""The district of what belongs to none: a record that cannot be read, an action over all districts."""


def caused_by(operator: str) -> str:
    """Return what an event says of an operator as its cause: the name given at a console, or ``account:<id>``."""
    return operator if operator.startswith("account:") else f"operator:{operator}"


class OperatorAction(Event):
    """What all actions of operators have in common."""

    topic: ClassVar[str] = "operations.action"

    action_id: UUID
    service: str
    """The service whose database was acted on."""


class DeadLetterRedriven(OperatorAction):
    """Parked records of one key have been handed to their handlers again, in log order."""

    dead_letter_ids: tuple[UUID, ...]
    """Those that are applied now."""
    parked_again: tuple[UUID, ...]
    """Those that failed once more, or wait behind one that did."""


class DeadLetterDiscarded(OperatorAction):
    """Parked records of one key will never be applied; those behind them wait for a redrive."""

    dead_letter_ids: tuple[UUID, ...]
    reason: str
    """The operator's words; no name and no number of a person belongs here."""


class ProjectionSwapped(OperatorAction):
    """A projection has been replaced by one rebuilt from events."""

    projection: str
    rebuilt_from: str
    """``event-log`` or ``kafka``."""
    rows: int
    """Rows of the projection that is in place now."""
    differences: int
    """Rows in which the replaced one differed."""
    position: int | None = None
    """The event-log position up to which it was rebuilt, where it was rebuilt from there."""
    until: datetime | None = None
    """The moment up to which events were read; absent where all were."""
    scope: str | None = None
    """The district (GB/T 2260) that was replaced; absent where all were."""
    reason: str | None = None
    """The operator's words; no name and no number of a person belongs here."""


class ConsumerCaughtUp(OperatorAction):
    """A consumer that had lost its position has been brought up to date from the event logs.

    What a run applied that did not come to its end is in no figure here.
    """

    applied: int
    """Events that it had missed and has applied now."""
    parked: int
    """Events that it had missed and could not apply."""
    partitions: tuple[str, ...]
    """Where the position was lost, as ``topic[partition]``; it goes on from the end that the partition had."""


class ConsumerSubscribed(OperatorAction):
    """A consumer's new subscriptions have been filled from the event logs: projected, and announced to nobody.

    What a run applied that did not come to its end is in no figure here.
    """

    events: tuple[str, ...]
    """The types that are new to it; what is older than the subscription to them is history."""
    applied: int
    """Events of these types and of the topics below that it had not applied before."""
    parked: int
    """Events that could not be applied."""
    partitions: tuple[str, ...]
    """Where it had no position, as ``topic[partition]``; it goes on from the end that the partition had."""


class EventLogRepublished(OperatorAction):
    """A service's whole log goes out again, and its consumers read every topic from the beginning."""

    events: int
    positions: int
    """Partitions that are read from the beginning."""


class DistrictOpened(OperatorAction):
    """A district is open: from now on its administrator can log in and bring its data. ``code`` is of GB/T 2260."""

    code: str
    name: str


class SigningKeyReplaced(OperatorAction):
    """Tokens are signed with a new key; those of the one before are good until they expire."""

    key_id: str
    """``kid`` in tokens and in the key set."""


class WorkRetried(OperatorAction):
    """Work that was given up, or that waited to be tried again, is to be done now."""

    work_ids: tuple[UUID, ...]


class WorkCancelled(OperatorAction):
    """Work will never be done."""

    work_ids: tuple[UUID, ...]
    reason: str
    """The operator's words; no name and no number of a person belongs here."""

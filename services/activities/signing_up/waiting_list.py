"""Who of those who wait is offered a free place, and until when; who leaves too late.

Invariant: a free place goes to the first in the queue who can have it: who does not hold or serve at something else at
that time, and whose whole group fits. So whoever waits behind a free place cannot have it now.
"""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID

from services.activities.rules.domain import RuleSet


@dataclass(frozen=True, slots=True)
class WaitingOne:
    """Somebody on a waiting list; whoever signed up together has one ``group_id``."""

    sign_up_id: UUID
    volunteer_id: UUID
    group_id: UUID | None
    version: int
    queue_number: int


def offer_ends(now: datetime, starts_at: datetime, rules: RuleSet) -> datetime | None:
    """Return until when a place that is free now is offered, or None where it is too near the start for that."""
    left = starts_at - rules.no_offers - now
    return now + min(rules.offer_stands, left / 2) if left > timedelta(0) else None


def agreement_ends(now: datetime, starts_at: datetime, rules: RuleSet) -> datetime:
    """Return until when those who are asked again about a shift to come must have agreed."""
    return now + min(rules.agreement, (starts_at - now) / 2)


def is_late(now: datetime, starts_at: datetime, rules: RuleSet) -> bool:
    """Return whether a confirmed place is given back within the period of notice."""
    return now > starts_at - rules.notice


def next_to_offer(queue: Sequence[WaitingOne], free: int, elsewhere: Set[UUID]) -> list[WaitingOne]:
    """Return who is offered the free places, in order; ``elsewhere`` are those who cannot come.

    ``queue`` is in order of arrival, a group's members one after the other. A group that does not fit whole, or of
    whom one cannot come, is passed over and keeps its position.
    """
    offered: list[WaitingOne] = []
    for party in parties_of(queue):
        fits = len(offered) + len(party) <= free
        if fits and elsewhere.isdisjoint(one.volunteer_id for one in party):
            offered += party
    return offered


def parties_of(queue: Sequence[WaitingOne]) -> Iterator[list[WaitingOne]]:
    """Return the queue by those who come together: a group, or one alone."""
    for _, party in groupby(queue, key=lambda one: one.group_id or one.sign_up_id):
        yield list(party)

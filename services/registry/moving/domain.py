"""Who may move to another district, and what moves with them.

Invariant: who moves is one person with one account in one district at any moment: the entry that they leave is ended in
the transaction that registers them in the new district.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from services.registry.people.domain.volunteer import Volunteer
from shared.contracts.actor import Role
from shared.contracts.calendar import add_working_days, district_day
from shared.contracts.faults import Code, Fault

ANSWERED_WITHIN = 10
"""Working days, from asking to the new district's answer."""
LEAST_REASON = 2
"""Characters: what somebody reads as a reason."""
LONGEST_REASON = 500
TO = "to_district"
"""What the new district is called where it is at fault."""


class MoveState(StrEnum):
    """Where a request to move stands."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"
    DROPPED = "dropped"
    """The entry has come to its end before it was answered: the registration, or by a merger."""


@dataclass(frozen=True, slots=True, repr=False)
class Move:
    """A request to move. ``sealed``: how the person is named, masked, and why they move, while it waits."""

    district: str
    """The new one, which decides."""
    id: UUID
    from_district: str
    volunteer_id: UUID
    number: str
    sealed: bytes | None
    state: MoveState


def due_on(asked_at: datetime) -> date:
    """Return the last day for the new district's answer."""
    return add_working_days(district_day(asked_at), ANSWERED_WITHIN)


def reasons_not_to_move(roles: Collection[str], *, minor: bool) -> list[Fault]:
    """Return why somebody cannot move: the office takes duties from them first, a minor is registered by a guardian."""
    faults = [Fault(TO, Code.HAS_DUTIES)] if set(roles) - {Role.VOLUNTEER} else []
    return faults + ([Fault(TO, Code.GUARDIAN_NEEDED)] if minor else [])


def as_moved(volunteer: Volunteer) -> Volunteer:
    """Return somebody as the new district has them: organisation, team and community were the old one's."""
    return replace(volunteer, organisation_id=None, team_id=None, community=None)

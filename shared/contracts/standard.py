"""Events of the standard of stations and of the network's targets: public words and ids, no evidence, nobody's name.

What becomes of a station follows from its criteria, so of one review `CriterionMet` and `CriterionLapsed` come before
`StationStatusChanged`. ``recipient_ids`` are the volunteers who are told: as whom the station's managers and the
district's centre have accounts.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from shared.contracts.event import Event


class Standing(Event):
    """What the events of a station's standing have in common (key: the standing, of which a station has one)."""

    topic: ClassVar[str] = "registry.standing"

    standing_id: UUID
    station_id: UUID
    station_name: str
    template: str
    """The list of criteria, with its version: ``six-haves.1``."""


class CriterionJudged(Standing):
    """The district's centre has looked at the evidence of a criterion."""

    criterion: str
    holds: bool
    expires_on: date
    """The last day that it holds for."""


class CriterionMet(Standing):
    """A criterion holds that did not."""

    criterion: str
    cause: str
    """``judged`` or ``computed``."""


class CriterionLapsed(Standing):
    """A criterion does not hold any more."""

    criterion: str
    criterion_name: str
    criterion_name_en: str
    cause: str
    """``judged``, ``expired``, ``computed``, or ``not_judged`` where it is new in the template."""
    status: str
    """How the station stands now."""
    recipient_ids: tuple[UUID, ...] = ()


class StationStatusChanged(Standing):
    """A station stands differently by the standard: ``planned``, ``building``, ``standard`` or ``lapsed``."""

    status: str
    previous: str
    lacking: tuple[str, ...]
    """The criteria that do not hold."""
    recipient_ids: tuple[UUID, ...] = ()


class StandardAdopted(Event):
    """The district goes by another list of criteria (key: the adoption)."""

    topic: ClassVar[str] = "registry.network"

    adoption_id: UUID
    template: str
    previous: str


class NetworkPlan(Event):
    """What the events of a plan for the network have in common (key: the plan)."""

    topic: ClassVar[str] = "registry.network"

    plan_id: UUID
    title: str
    due_on: date


class NetworkPlanMade(NetworkPlan):
    """The district wants so many of each kind by a day."""

    starts_on: date
    quotas: dict[str, int | None]
    """Kind (``centres``, ``stations``, ``teams``, ``communities``) -> how many; None is every community."""


class NetworkPlanEnded(NetworkPlan):
    """The district does not go by the plan any more."""


class NetworkTargetMissed(NetworkPlan):
    """A plan's day has passed and something of it is not there."""

    kinds: tuple[str, ...]
    recipient_ids: tuple[UUID, ...] = ()

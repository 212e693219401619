"""How every service is, as each tells it by itself at the moment somebody looks."""

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.http.service_status import ServiceStatus
from shared.http.upstream import Read, Upstream, unless_away

REGISTRY = Read("registry", "/v1/operations/status", ServiceStatus)
ACTIVITIES = Read("activities", "/v1/operations/status", ServiceStatus)
ASSESSMENT = Read("assessment", "/v1/operations/status", ServiceStatus)
NOTIFICATIONS = Read("notifications", "/v1/operations/status", ServiceStatus)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a service says of itself; None where it does not answer."""

    service: str
    status: ServiceStatus | None

    @property
    def is_well(self) -> bool:
        """Whether it answers, and nothing is as it should not be."""
        return self.status is not None and not self.status.troubles

    @property
    def behind(self) -> int | None:
        """How many records its consumers are behind; None where nobody says."""
        if self.status is None or any(one.behind is None for one in self.status.following):
            return None
        return sum(one.behind or 0 for one in self.status.following)

    @property
    def parked(self) -> int:
        """How many records wait for an operator."""
        return sum(one.records for one in self.status.parked) if self.status else 0


@dataclass(frozen=True, slots=True)
class System:
    """Every service's answer."""

    answers: Sequence[Answer]

    @property
    def is_well(self) -> bool:
        """Whether all of it is seen, and well."""
        return all(answer.is_well for answer in self.answers)

    @property
    def looked_at(self) -> datetime | None:
        """When the oldest of the looks was that this is made of; None where one is missing."""
        looks = [answer.status.looked_at if answer.status else None for answer in self.answers]
        return None if None in looks else min(look for look in looks if look)


async def system(calls: Upstream, own_status: Awaitable[ServiceStatus]) -> System:
    """Ask every other service at once; ``own_status`` is the portal's."""
    reads = (REGISTRY, ACTIVITIES, ASSESSMENT, NOTIFICATIONS)
    *found, own = await asyncio.gather(*(unless_away(calls.read(read)) for read in reads), own_status)
    names = [*(read.service for read in reads), "portal"]
    return System([Answer(name, status) for name, status in zip(names, [*found, own], strict=True)])

"""Awards as the service's own announcements have them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.stars.repository import enter_announced
from shared.contracts import HoursCarried, StarLevelReached, StarLevelRestated
from shared.contracts.received import Received
from shared.store.projection import Groups, ProjectedTable, Projection


async def enter_awards(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Enter what the service itself has announced of its volunteers: hours, stars, and levels that were said anew."""
    await enter_announced(tx, _rows([(event, _level(event)) for event in events]), _rows(_restated(events)))


def _level(event: Received[Any]) -> int:
    if isinstance(event.data, HoursCarried):
        return event.data.stars
    return event.data.level if isinstance(event.data, StarLevelReached | StarLevelRestated) else 0


def _restated(events: Sequence[Received[Any]]) -> list[tuple[Received[Any], int]]:
    """Return of those whose level was said anew the last event, and the level that holds after it."""
    found: dict[tuple[str, UUID], tuple[Received[Any], int]] = {}
    for event in events:
        volunteer = event.attributes.district, event.data.volunteer_id
        if isinstance(event.data, StarLevelRestated):
            found[volunteer] = event, event.data.level
        elif volunteer in found:
            found[volunteer] = event, max(found[volunteer][1], _level(event))
    return list(found.values())


def _rows(levels: Sequence[tuple[Received[Any], int]]) -> dict[str, list[Any]]:
    return {
        "district": [event.attributes.district for event, _ in levels],
        "volunteer_id": [event.data.volunteer_id for event, _ in levels],
        "stars": [level for _, level in levels],
        "version": [event.attributes.sequence for event, _ in levels],
    }


AWARDS = Projection(
    "awards",
    (ProjectedTable("award"),),
    enter_awards,
    groups=Groups({"award": "volunteer_id"}),
    compare_only="a star was decided, and announced, once; this only holds the award against its announcements",
)

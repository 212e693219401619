"""Awards as the service's own announcements have them."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.stars.repository import enter_announced
from shared.contracts import HoursCorrected, HoursCredited, StarLevelReached
from shared.contracts.received import Received
from shared.store.projection import Groups, ProjectedTable, Projection


async def enter_awards(
    tx: AsyncConnection,
    events: Sequence[Received[HoursCredited] | Received[HoursCorrected] | Received[StarLevelReached]],
) -> None:
    """Enter what the service itself has announced of its volunteers."""
    await enter_announced(
        tx,
        {
            "district": [event.attributes.district for event in events],
            "volunteer_id": [event.data.volunteer_id for event in events],
            "stars": [event.data.level if isinstance(event.data, StarLevelReached) else 0 for event in events],
            "version": [event.attributes.sequence for event in events],
        },
    )


AWARDS = Projection(
    "awards",
    (ProjectedTable("award"),),
    enter_awards,
    groups=Groups({"award": "volunteer_id"}),
    compare_only="a star was decided, and announced, once; this only holds the award against its announcements",
)

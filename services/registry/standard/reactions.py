"""What the part does about service: it keeps what its criteria look at, and has the stations reviewed.

History is entered, and reviewed at the next midnight.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard.projections import SERVICE, Stations
from services.registry.standard.reviewing import ask_for_review
from shared.contracts import ServiceCorrected, ServiceLogged
from shared.contracts.received import Received
from shared.messaging.reactions import Reaction


async def have_reviewed(tx: AsyncConnection, _events: Sequence[Received[Any]], stations: Stations) -> None:
    """Have the stations reviewed whose service has changed."""
    if stations:
        await ask_for_review(tx, stations)


REACTIONS = (
    Reaction(ServiceLogged, projects=SERVICE, decides=have_reviewed),
    Reaction(ServiceCorrected, projects=SERVICE, decides=have_reviewed),
)

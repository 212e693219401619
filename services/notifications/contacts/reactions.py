"""What becomes of the contacts that registry publishes, and of those who leave."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.contacts.projections import CLOSED_VOLUNTEERS, CONTACTS, MERGED_VOLUNTEERS
from services.notifications.contacts.repository import empty_parked
from shared.contracts import VolunteerErased, VolunteerMergeUndone, VolunteerRestricted, VolunteersMerged
from shared.contracts.received import Received
from shared.contracts.topics import CONTACT
from shared.messaging.reactions import History, Reaction


async def forget_parked(tx: AsyncConnection, events: Sequence[Received[VolunteerErased]], _: object) -> None:
    """Forget the contacts of people who are erased where one could not be applied."""
    await empty_parked(tx, [event.data.volunteer_id for event in events])


REACTIONS = (
    Reaction(CONTACT, projects=CONTACTS),
    Reaction(VolunteerRestricted, projects=CLOSED_VOLUNTEERS),
    Reaction(VolunteersMerged, projects=MERGED_VOLUNTEERS),
    Reaction(VolunteerMergeUndone, projects=MERGED_VOLUNTEERS),
    Reaction(VolunteerErased, decides=forget_parked, history=History.IGNORE),
)

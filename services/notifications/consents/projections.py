"""Who has said whether they may be mailed, as registry last told of it.

Invariant: of a volunteer the last statement about notices holds, in whatever order events arrive; what is stated of
other purposes is left alone. Whoever has stated nothing has no row: their organisation speaks for them.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.consents.tables import notice_consent
from shared.contracts.received import Received
from shared.store.entries import keep_entries, same_names
from shared.store.projection import Groups, ProjectedTable, Projection

NOTICES = "notices"
"""The purpose of mails and text messages, as registry calls it."""
_keep = keep_entries(notice_consent, same_names("volunteer_id", "given"))


async def keep_notice_consents(tx: AsyncConnection, events: Sequence[Received[Any]]) -> None:
    """Keep what is stated about notices."""
    told = [event for event in events if event.data.purpose == NOTICES]
    if told:
        await _keep(tx, told)


NOTICE_CONSENTS = Projection(
    "notice_consents",
    (ProjectedTable("notice_consent"),),
    keep_notice_consents,
    groups=Groups({"notice_consent": "id"}),
)

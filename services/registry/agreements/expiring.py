"""Telling of an agreement 30 days before its last day, as work.

Invariant: an agreement's row and its event change in one transaction; one that was ended meanwhile, or that a later one
of the pair has taken the place of, is not told of.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.agreements import repository
from services.registry.agreements.commands import EXPIRING
from services.registry.places.domain.codes import HEAD_TEAMS_KIND
from shared.contracts import AgreementExpiring
from shared.store import event_log
from shared.store.event_log import NewEvent
from shared.work.kind import Item, Patience, WorkKind, in_transaction

BATCH = 500


def expiring_work() -> WorkKind:
    """Return the work that tells both managers of what is about to expire."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        by = {UUID(item.payload["agreement_id"]): f"work:{item.id}" for item in items}
        asked = [(item.district, UUID(item.payload["agreement_id"])) for item in items]
        rows = await repository.note_expiring(tx, asked)
        told = await repository.recipients_of(tx, asked, HEAD_TEAMS_KIND)
        events = [
            NewEvent(
                row.district,
                row.id,
                row.version,
                AgreementExpiring(
                    agreement_id=row.id,
                    organisation_id=row.organisation_id,
                    organisation_name=row.organisation_name,
                    station_id=row.station_id,
                    station_name=row.station_name,
                    starts_on=row.starts_on,
                    ends_on=row.ends_on,
                    students=row.students,
                    recipient_ids=told.get(row.id, ()),
                ),
                by[row.id],
            )
            for row in rows
        ]
        await event_log.append(tx, events)

    return WorkKind(name=EXPIRING, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)

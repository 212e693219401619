"""Reminding everybody who has not accepted a version of a rule document, as work, some at a time.

Invariant: of a volunteer and a version there is one row, and it comes with the event in one transaction, so each is
reminded once, whatever breaks off or runs twice. A version that is in force no more is nobody's business: it ends.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.rule_documents import repository
from services.registry.rule_documents.commands import ASKING
from services.registry.rule_documents.domain import acceptance_id
from shared.contracts import RuleAcceptanceAsked
from shared.contracts.calendar import district_day
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

AT_ONCE = 1_000


def asking_work() -> WorkKind:
    """Return the work, an item a version."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _ask(tx, item) for item in items}

    return WorkKind(name=ASKING, run=in_transaction(run), patience=Patience(longest=60))


async def _ask(tx: AsyncConnection, item: Item) -> Outcome:
    document_id, version, at = UUID(item.payload["document_id"]), int(item.payload["version"]), now()
    held = await repository.in_force_of(tx, item.district, document_id, district_day(at))
    if held is None or held.version != version:
        return Done()
    asked = await repository.ask_some(tx, item.district, (document_id, version), at, AT_ONCE)
    events = [
        RuleAcceptanceAsked(
            acceptance_id=acceptance_id(volunteer_id, document_id, version),
            volunteer_id=volunteer_id,
            document_id=document_id,
            document_version=version,
            title=held.title,
            required_from=held.required_from,
        )
        for volunteer_id in asked
    ]
    by = f"work:{item.id}"
    await event_log.append(tx, [NewEvent(item.district, each.acceptance_id, 1, each, by) for each in events])
    return Later(now()) if asked else Done()

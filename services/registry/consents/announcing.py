"""Tells other services of what was stated before there were events of it: a migration has scheduled it.

Invariant: a statement without a number has no event yet; number and event come in one transaction, so it can stop
anywhere. Its number is its place among its person's and purpose's, so what was stated since stays the last.
"""

from collections.abc import Mapping, Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents.changes import event_of
from services.registry.consents.domain import StatedConsent
from services.registry.consents.tables import consent
from services.registry.consents.texts import ConsentPurpose
from shared.store import event_log
from shared.store.event_log import now
from shared.store.statements import unnest
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

ANNOUNCING = "consent_events"
BATCH = 500
_SILENT = text("""
    SELECT c.id, c.volunteer_id, c.purpose, c.text_version, c.given, c.stated_at,
           (SELECT count(*) FROM consent e
            WHERE (e.district, e.volunteer_id, e.purpose) = (c.district, c.volunteer_id, c.purpose)
              AND (e.stated_at, e.id) <= (c.stated_at, c.id)) AS number
    FROM consent c WHERE c.district = :district AND c.version IS NULL
    ORDER BY c.stated_at LIMIT :limit FOR UPDATE OF c SKIP LOCKED
""")
_NUMBER = text(f"""
    UPDATE consent SET version = r.version FROM {unnest(consent, ["id", "version"])}
    WHERE consent.district = :district AND consent.id = r.id
""")


def announcing_work() -> WorkKind:
    """Return the work that a migration has scheduled, an item a district."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _announce(tx, item) for item in items}

    return WorkKind(name=ANNOUNCING, run=in_transaction(run), patience=Patience(longest=60))


async def _announce(tx: AsyncConnection, item: Item) -> Outcome:
    rows = (await tx.execute(_SILENT, {"district": item.district, "limit": BATCH})).all()
    if not rows:
        return Done()
    numbers = {"district": item.district, "id": [row.id for row in rows], "version": [row.number for row in rows]}
    await tx.execute(_NUMBER, numbers)
    events = [
        event_of(
            item.district,
            row.volunteer_id,
            StatedConsent(ConsentPurpose(row.purpose), row.text_version, row.given),
            row.number,
            f"work:{item.id}",
        )
        for row in rows
    ]
    await event_log.append(tx, events)
    return Later(now())

"""Tells other services of what was stated before they were told of it: migrations have scheduled it.

Invariant: a statement without a number has no event yet; number and event come in one transaction, so it can stop
anywhere. Its number is its place among its person's and purpose's, so what was stated since stays the last. Where a
guardian is reached is published under the lock of the minor's row, so it never comes after its own withdrawal.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.consents.changes import event_of, guardian_contact
from services.registry.consents.domain import StatedConsent, guardian_of
from services.registry.consents.tables import consent
from services.registry.consents.texts import ConsentPurpose
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.repository import COLUMNS_IN_FULL, in_full_of
from shared.contracts.received import StateRecord
from shared.contracts.topics import CONTACT
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


GUARDIAN_CONTACTS = "guardian_contacts"
_AGREED = text(f"""
    {COLUMNS_IN_FULL}, g.id AS guardian_id, g.sealed
    FROM (
        SELECT * FROM volunteer
        WHERE district = :district AND minor AND guardian_agreed AND restricted_at IS NULL AND number > :after
        ORDER BY number LIMIT :limit FOR NO KEY UPDATE
    ) v
    JOIN LATERAL (
        SELECT o.id, o.sealed FROM guardian o
        WHERE o.district = v.district AND o.volunteer_id = v.id AND o.withdrawn_at IS NULL
        ORDER BY o.agreed_at DESC LIMIT 1
    ) g ON true
    ORDER BY number
""")


def guardian_contacts_work(keys: KeyRing) -> WorkKind:
    """Return the work that a migration has scheduled, an item a district: guardians on file are told from now on."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _publish_guardians(tx, keys, item) for item in items}

    return WorkKind(name=GUARDIAN_CONTACTS, run=in_transaction(run), patience=Patience(longest=60))


async def _publish_guardians(tx: AsyncConnection, keys: KeyRing, item: Item) -> Outcome:
    values = {"district": item.district, "after": item.payload.get("after", ""), "limit": BATCH}
    rows = (await tx.execute(_AGREED, values)).all()
    if not rows:
        return Done()
    contacts = await asyncio.to_thread(lambda: [_guardian_of_row(keys, item.district, row) for row in rows])
    await event_log.put_state(tx, CONTACT.name, contacts)
    return Later(now(), {"after": rows[-1].number})


def _guardian_of_row(keys: KeyRing, district: str, row: Row[Any]) -> StateRecord:
    phone = guardian_of(keys, row.guardian_id, row.sealed).phone
    return guardian_contact(keys, district, in_full_of(keys, row), phone)


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

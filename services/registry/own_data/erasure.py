"""Erasing who has ended their registration, when nothing binds their data any more, as work.

Invariant: the key of the data, the account with all that opens it, what was to be put right, and codes go in one
transaction with the event that says so. Without the key what backups or old segments hold cannot be read again. Hours,
proofs and events stay: they know the number alone. It waits for what may still name the person: a text that is on its
way to them, and files of the district that are being taken in.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import Noted, note
from services.registry.own_data import repository
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.enrolment import not_reached
from shared.contracts import VolunteerErased
from shared.contracts.topics import CONTACT
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Done, Item, Later, Outcome, Patience, WorkKind, in_transaction

ERASURE = "erasure"
_TEXT_SENT, _FILE_TAKEN_IN = timedelta(seconds=1), timedelta(seconds=30)
"""How long until it is looked again whether there is still one."""


def erasure_work(keys: KeyRing) -> WorkKind:
    """Return the work of erasing one person an item."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        return {item: await _erase(tx, keys, item) for item in items}

    return WorkKind(name=ERASURE, run=in_transaction(run), patience=Patience(longest=3600))


async def _erase(tx: AsyncConnection, keys: KeyRing, item: Item) -> Outcome:
    leaving = await repository.lock_to_erase(tx, keys, item.district, UUID(item.payload["volunteer_id"]))
    if leaving is None:
        return Done()
    if await repository.files_wait(tx, item.district):
        return Later(now() + _FILE_TAKEN_IN, code="a_file_is_taken_in")
    if await repository.forget_texts(tx, keys, leaving):
        return Later(now() + _TEXT_SENT, code="a_text_is_on_its_way")
    at, by = now(), f"work:{item.id}"
    version = await repository.erase(tx, keys, leaving, at)
    event = VolunteerErased(volunteer_id=leaving.id, erased_at=at)
    await event_log.append(tx, [NewEvent(item.district, leaving.id, version, event, by)])
    if not leaving.has_moved:  # the key is their new district's by now
        await event_log.put_state(tx, CONTACT.name, not_reached(item.district, leaving.id))
    await note(tx, Noted(item.district, by, "volunteer_erased", leaving.id))
    return Done()

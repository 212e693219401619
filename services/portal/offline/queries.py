"""What the offline list asks of activities."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from services.portal.offline.domain import SavedFile
from services.portal.roster.queries import ALL, as_forbidden, find_roster
from services.portal.volunteers.queries import names
from shared.http.upstream import Change, Read, RefusedByServiceError, Upstream, unless_away


class ListKey(BaseModel):
    """The key that activities signs lists by, as it publishes it."""

    kty: str
    crv: str
    x: str
    y: str


class GivenList(BaseModel):
    """A signed list, and what the device is known by from now on."""

    device_id: UUID
    signed_list: str
    server_time: datetime
    expires_at: datetime


class EntryVerdict(BaseModel):
    """What became of an entry, and the time that counts."""

    id: UUID | None
    verdict: str
    reason: str | None
    counted_at: datetime | None
    to_confirm: bool


class Verdicts(BaseModel):
    """A verdict on each entry, in the order they were sent, and the server's clock."""

    server_time: datetime
    items: list[EntryVerdict]


class Doubt(BaseModel):
    """An entry that a leader has to look at."""

    sign_up_id: UUID
    kind: str
    verdict: str


class Doubts(BaseModel):
    """A shift's entries to be looked at."""

    items: list[Doubt]


KEY = Read("activities", "/v1/offline-list-key", ListKey)
GIVE_LIST = Change("POST", "activities", "/v1/shifts/{shift_id}/offline-list", GivenList)
TAKE_IN = Change("POST", "activities", "/v1/shifts/{shift_id}/offline-entries", Verdicts)
DOUBTS = Read("activities", "/v1/shifts/{shift_id}/offline-doubts", Doubts)


async def give_list(calls: Upstream, shift_id: UUID, device_key: dict[str, Any], device_time: str) -> GivenList:
    """Have activities sign a shift's list for a device, with names as registry masks them; without, where it is away.

    Raises ProblemError 403 where the shift is not the caller's to staff.
    """
    roster = await find_roster(calls, shift_id, limit=ALL)
    known = await names(calls, [one.volunteer_id for one in roster.items])
    masked = {
        str(one.sign_up_id): known[one.volunteer_id].name_masked for one in roster.items if one.volunteer_id in known
    }
    body = {"device_key_jwk": device_key, "device_time": device_time, "names_masked": masked}
    try:
        return await calls.change(GIVE_LIST, body, shift_id=shift_id)
    except RefusedByServiceError as refused:
        raise as_forbidden(refused) from None


async def bring(calls: Upstream, saved: SavedFile) -> list[EntryVerdict]:
    """Bring activities what a saved file holds, and return what became of each entry.

    What is in a later batch lets earlier ones count, so several are brought once more for their verdicts; again is no
    other than once. Raises RefusedByServiceError.
    """
    batches = list(saved.batches())
    verdicts: list[EntryVerdict] = []
    for _ in batches[:2]:
        verdicts = []
        for batch in batches:
            body = {"device_id": str(saved.device_id), "entries": batch}
            verdicts += (await calls.change(TAKE_IN, body, shift_id=saved.shift_id)).items
    return verdicts


async def doubts(calls: Upstream, shift_id: UUID) -> Mapping[UUID, str]:
    """Return the sign-ups whose offline times a leader has to look at, each with its worst verdict."""
    found = await unless_away(calls.read(DOUBTS, shift_id=shift_id))
    return {one.sign_up_id: one.verdict for one in sorted(found.items, key=lambda one: one.verdict)} if found else {}

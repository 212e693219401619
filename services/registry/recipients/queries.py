"""What is shown of households: to staff what is the same for all of a group, to who is assigned a masked name too.

Invariant: a list is in the order of numbers and has no filter that knows more than it shows. What is in clear comes
from ``in_clear`` alone, whose caller notes the reading.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.domain.privacy import KeyRing
from services.registry.recipients.domain.household import HouseholdFile, masked
from services.registry.recipients.domain.pairing import Rhythm, next_visit
from services.registry.recipients.domain.sealing import SealedFile, open_file, open_note
from services.registry.recipients.repository import SEEN, act_for, seen_by
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError

NOTES_SHOWN = 20


class PairingView(BaseModel):
    """A pairing: with a volunteer (number) or a team (code, name), how often, and when a visit is due."""

    id: UUID
    volunteer_number: str | None
    team: str | None
    team_name: str | None
    rhythm: str
    starts_on: date
    ends_on: date | None
    ended_on: date | None
    visits: int
    last_visit_on: date | None
    next_visit_on: date | None
    """None once it is ended."""


class HouseholdView(BaseModel):
    """A household as everybody sees it who may see it at all."""

    id: UUID
    number: int
    station: str
    station_name: str
    groups: list[str]
    """``elder``, ``resident``, ``youth``: one for each person, in the order of the letters."""
    opened_on: date
    closed_on: date | None
    version: int
    mine: bool
    """Whether it is assigned to the one who asks."""
    name_masked: str | None
    """How the first person is called, for who is assigned alone."""
    pairings: int
    """How many go on."""
    visit_due_on: date | None
    """The earliest day by which a visit is due."""


class AssignedWorker(BaseModel):
    """A case worker whom a household is assigned to."""

    account_id: UUID
    user_name: str


class HouseholdDetail(HouseholdView):
    """A household with its pairings and who is assigned to it."""

    case_workers: list[AssignedWorker]
    paired_with: list[PairingView]


class PersonInClear(BaseModel):
    """Somebody of a household."""

    name: str
    category: str
    phone: str
    note: str


class VisitInClear(BaseModel):
    """A visit with its note."""

    id: UUID
    pairing_id: UUID
    volunteer_number: str
    visited_on: date
    minutes: int
    note: str


class HouseholdInClear(BaseModel):
    """What a reading shows; it stands in the access log."""

    id: UUID
    number: int
    version: int
    address: str
    phone: str
    note: str
    people: list[PersonInClear]
    visits: list[VisitInClear]
    """The last 20, the newest first."""


class VisitView(BaseModel):
    """A visit as it is listed, without its note."""

    id: UUID
    volunteer_number: str
    visited_on: date
    minutes: int


class OwnPairing(BaseModel):
    """A pairing as the volunteer sees it: at which station; with whom, the case worker says."""

    id: UUID
    station_name: str
    rhythm: str
    starts_on: date
    ends_on: date | None
    ended_on: date | None
    visits: int
    minutes: int
    last_visit_on: date | None
    next_visit_on: date | None


_HOUSEHOLD = f"""
    SELECT h.id, h.number, s.code AS station, s.name AS station_name, h.groups, h.opened_on, h.closed_on, h.version,
           a.account_id IS NOT NULL AS mine,
           (SELECT f.wrapped_key FROM household_file f
            WHERE f.district = h.district AND f.household_id = h.id AND a.account_id IS NOT NULL) AS wrapped_key,
           (SELECT f.content FROM household_file f
            WHERE f.district = h.district AND f.household_id = h.id AND a.account_id IS NOT NULL) AS content
    {SEEN}
"""
_ONE = text(f"{_HOUSEHOLD} AND h.id = :id")
_SOME = text(f"""{_HOUSEHOLD}
      AND h.number > :after AND (CAST(:number AS int) IS NULL OR h.number = :number)
      AND (NOT :mine OR a.account_id IS NOT NULL)
    ORDER BY h.number LIMIT :limit
""")
_PAIRINGS = text("""
    SELECT p.household_id, p.id, v.number AS volunteer_number, t.code AS team, t.name AS team_name, p.rhythm,
           p.starts_on, p.ends_on, p.ended_on, d.visits, d.last_visit_on
    FROM unnest(CAST(:ids AS uuid[])) AS l(id)
    JOIN pairing p ON p.district = :district AND p.household_id = l.id
    LEFT JOIN volunteer v ON v.district = p.district AND v.id = p.volunteer_id
    LEFT JOIN team t ON t.district = p.district AND t.id = p.team_id
    CROSS JOIN LATERAL (SELECT count(*) AS visits, max(i.visited_on) AS last_visit_on FROM pairing_visit i
                        WHERE i.district = p.district AND i.pairing_id = p.id) d
    ORDER BY p.ended_on DESC NULLS FIRST, p.starts_on DESC, p.id
""")
_WORKERS = text("""
    SELECT c.id AS account_id, c.user_name FROM household_assignment a
    JOIN account c ON c.district = a.district AND c.id = a.account_id
    WHERE a.district = :district AND a.household_id = :id ORDER BY c.user_name
""")


async def find_households(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    account_id: UUID,
    after: int,
    limit: int,
    *,
    number: int | None,
    mine: bool,
) -> list[HouseholdView]:
    """Return households that the actor may see, by number, from after a number on."""
    worker = await act_for(tx, actor, account_id)
    values = {"after": after, "limit": limit, "number": number, "mine": mine}
    rows = (await tx.execute(_SOME, {**seen_by(actor, worker), **values})).mappings().all()
    pairings = await _pairings(tx, actor.district, [row["id"] for row in rows])
    return [HouseholdView.model_validate(_shown(keys, row, pairings.get(row["id"], []))) for row in rows]


async def find_household(
    tx: AsyncConnection, keys: KeyRing, actor: Actor, account_id: UUID, household_id: UUID
) -> HouseholdDetail:
    """Return a household that the actor may see. Raises RefusedError (not_found)."""
    worker = await act_for(tx, actor, account_id)
    row = (await tx.execute(_ONE, {**seen_by(actor, worker), "id": household_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("household_id", Code.NOT_FOUND))
    pairings = (await _pairings(tx, actor.district, [household_id])).get(household_id, [])
    workers = (await tx.execute(_WORKERS, {"district": actor.district, "id": household_id})).mappings()
    shown = {**_shown(keys, row, pairings), "paired_with": pairings, "case_workers": [dict(each) for each in workers]}
    return HouseholdDetail.model_validate(shown)


async def _pairings(tx: AsyncConnection, district: str, ids: Sequence[UUID]) -> dict[UUID, list[PairingView]]:
    found: dict[UUID, list[PairingView]] = {}
    if ids:
        for row in (await tx.execute(_PAIRINGS, {"district": district, "ids": list(ids)})).mappings():
            view = PairingView.model_validate({**row, "next_visit_on": _due(row)})
            found.setdefault(row["household_id"], []).append(view)
    return found


def _due(row: RowMapping) -> date | None:
    return None if row["ended_on"] else next_visit(Rhythm(row["rhythm"]), row["starts_on"], row["last_visit_on"])


def _shown(keys: KeyRing, row: RowMapping, pairings: Sequence[PairingView]) -> dict[str, Any]:
    sealed = SealedFile(row["wrapped_key"], row["content"]) if row["content"] else None
    file = open_file(keys, row["id"], sealed) if sealed else None
    due = [each.next_visit_on for each in pairings if each.next_visit_on]
    return {
        **row,
        "name_masked": masked(file.people[0].name) if file else None,
        "pairings": sum(each.ended_on is None for each in pairings),
        "visit_due_on": min(due, default=None),
    }


_VISITS = """
    SELECT i.id, i.pairing_id, v.number AS volunteer_number, i.visited_on, i.minutes, i.note
    FROM pairing_visit i
    JOIN pairing p ON p.district = i.district AND p.id = i.pairing_id
    JOIN volunteer v ON v.district = i.district AND v.id = i.volunteer_id
    WHERE i.district = :district
"""
_LAST_VISITS = text(f"{_VISITS} AND p.household_id = :id ORDER BY i.visited_on DESC, i.id DESC LIMIT :limit")
_SOME_VISITS = text(f"""{_VISITS} AND p.id = :id
      AND (CAST(:day AS date) IS NULL OR (i.visited_on, i.id) < (CAST(:day AS date), CAST(:before AS uuid)))
    ORDER BY i.visited_on DESC, i.id DESC LIMIT :limit
""")
_OF_PAIRING = text(
    f"SELECT 1 {SEEN} AND h.id = (SELECT household_id FROM pairing WHERE district = :district AND id = :id)"
)


async def in_clear(
    tx: AsyncConnection, keys: KeyRing, district: str, household: Row[Any], wrapped_key: bytes, file: HouseholdFile
) -> HouseholdInClear:
    """Return all that is known of a household. Who calls it notes the reading, in the same transaction."""
    rows = (await tx.execute(_LAST_VISITS, {"district": district, "id": household.id, "limit": NOTES_SHOWN})).mappings()
    visits = [
        VisitInClear.model_validate({**row, "note": open_note(keys, household.id, wrapped_key, row["id"], row["note"])})
        for row in rows
    ]
    people = [
        PersonInClear(name=each.name, category=each.category.value, phone=each.phone, note=each.note)
        for each in file.people
    ]
    return HouseholdInClear(
        id=household.id,
        number=household.number,
        version=household.version,
        address=file.address,
        phone=file.phone,
        note=file.note,
        people=people,
        visits=visits,
    )


async def find_visits(
    tx: AsyncConnection,
    actor: Actor,
    account_id: UUID,
    pairing_id: UUID,
    before: tuple[date, UUID] | None,
    limit: int,
) -> list[VisitView]:
    """Return a pairing's visits, the newest first, without notes. Raises RefusedError (not_found)."""
    worker = await act_for(tx, actor, account_id)
    if (await tx.execute(_OF_PAIRING, {**seen_by(actor, worker), "id": pairing_id})).one_or_none() is None:
        raise RefusedError(Fault("pairing_id", Code.NOT_FOUND))
    day, last = before or (None, None)
    values = {"district": actor.district, "id": pairing_id, "day": day, "before": last, "limit": limit}
    return [VisitView.model_validate(dict(row)) for row in (await tx.execute(_SOME_VISITS, values)).mappings()]


_OWN = text("""
    SELECT p.id, s.name AS station_name, p.rhythm, p.starts_on, p.ends_on, p.ended_on, d.visits, d.minutes,
           d.last_visit_on
    FROM pairing p
    JOIN household h ON h.district = p.district AND h.id = p.household_id
    JOIN station s ON s.district = h.district AND s.id = h.station_id
    CROSS JOIN LATERAL (SELECT count(*) AS visits, coalesce(sum(i.minutes), 0) AS minutes,
                               max(i.visited_on) AS last_visit_on
                        FROM pairing_visit i WHERE i.district = p.district AND i.pairing_id = p.id) d
    WHERE p.district = :district AND p.volunteer_id = :volunteer
    ORDER BY p.ended_on DESC NULLS FIRST, p.starts_on DESC, p.id LIMIT 20
""")


async def own_pairings(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[OwnPairing]:
    """Return a volunteer's own pairings, those that go on first."""
    rows = (await tx.execute(_OWN, {"district": district, "volunteer": volunteer_id})).mappings()
    return [OwnPairing.model_validate({**row, "next_visit_on": _due(row)}) for row in rows]

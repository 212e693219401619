"""Allocations and placements on file. Everything is a set: one statement takes any number of placements.

Invariant: a placement is answered, replaced or ended once, by a statement that asks for its state; so of an answer, an
end and a replacement that come together one happens.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation.tables import allocation, placement
from services.registry.consents.repository import WITHDRAWN
from services.registry.consents.texts import ConsentPurpose
from shared.contracts import VolunteerCategory
from shared.store.statements import insert_rows

_PURPOSE = ConsentPurpose.PROPOSALS.value
_INSERT_ALLOCATION = insert_rows(
    allocation, ["id", "previous_id", "state", "capacity_use", "answer_by", "asked_at", "version"], same=["district"]
)
_LATEST = text("""
    SELECT id, state, answer_by FROM allocation
    WHERE district = :district AND state = ANY(:states) ORDER BY asked_at DESC, id DESC LIMIT 1
""")
_ALLOCATION = text("SELECT * FROM allocation WHERE district = :district AND id = :id FOR UPDATE")
_PLANNED = text("""
    UPDATE allocation SET state = :state, plan = CAST(:plan AS json), version = 1
    WHERE district = :district AND id = :id
""")
_APPROVED = text("""
    UPDATE allocation SET state = 'approved', approved_at = :at, version = version + 1
    WHERE district = :district AND id = :id
""")
_APPROVED_SINCE = text("""
    SELECT EXISTS (SELECT FROM allocation WHERE district = :district AND state = 'approved' AND approved_at > :since)
""")
_OPEN_ANSWERS = text("""
    SELECT EXISTS (SELECT FROM placement p JOIN allocation a ON a.district = p.district AND a.id = p.allocation_id
                   WHERE p.district = :district AND a.state = 'approved' AND p.state = ANY(:states))
""")


async def insert_allocation(
    tx: AsyncConnection,
    district: str,
    new: UUID,
    previous: UUID | None,
    capacity_use: int,
    times: tuple[datetime, datetime],
) -> None:
    """Put an allocation on file whose plan is to be made; ``times``: when it was asked for, until when one answers."""
    asked_at, answer_by = times
    await tx.execute(
        _INSERT_ALLOCATION,
        {
            "district": district,
            "id": [new],
            "previous_id": [previous],
            "state": ["asked"],
            "capacity_use": [capacity_use],
            "answer_by": [answer_by],
            "asked_at": [asked_at],
            "version": [0],
        },
    )


async def latest(tx: AsyncConnection, district: str, *states: str) -> Row[Any] | None:
    """Return the id, state and answer_by of the allocation that was asked for last, of those in these states."""
    return (await tx.execute(_LATEST, {"district": district, "states": list(states)})).one_or_none()


async def lock_allocation(tx: AsyncConnection, district: str, allocation_id: UUID) -> RowMapping | None:
    """Return an allocation's row and hold it to the commit."""
    found: RowMapping | None = (
        (await tx.execute(_ALLOCATION, {"district": district, "id": allocation_id})).mappings().one_or_none()
    )
    return found


async def note_plan(
    tx: AsyncConnection, district: str, allocation_id: UUID, state: str, plan: Mapping[str, Any] | None
) -> None:
    """Note what came of making the plan."""
    written = json.dumps(plan, ensure_ascii=False) if plan else None
    await tx.execute(_PLANNED, {"district": district, "id": allocation_id, "state": state, "plan": written})


async def note_approval(tx: AsyncConnection, district: str, allocation_id: UUID, at: datetime) -> None:
    """Note that the plan is approved."""
    await tx.execute(_APPROVED, {"district": district, "id": allocation_id, "at": at})


async def approved_since(tx: AsyncConnection, district: str, since: datetime) -> bool:
    """Return whether an allocation was approved after a moment."""
    return bool(await tx.scalar(_APPROVED_SINCE, {"district": district, "since": since}))


async def has_placements(tx: AsyncConnection, district: str, *states: str) -> bool:
    """Return whether an approved allocation has placements in one of these states."""
    return bool(await tx.scalar(_OPEN_ANSWERS, {"district": district, "states": list(states)}))


# who does not consent to be proposed a place is in no plan (PIPL art. 24)
_STUDENTS = text(f"""
    SELECT v.id, coalesce(o.code, '') AS university, o.longitude, o.latitude, v.community, v.skills, v.services
    FROM volunteer v LEFT JOIN organisation o ON o.district = v.district AND o.id = v.organisation_id
    WHERE v.district = :district AND v.category = :category AND v.restricted_at IS NULL AND v.merged_into_id IS NULL
      AND v.id NOT IN ({WITHDRAWN})
""")
_STATIONS = text("""
    SELECT id, code, name, division_code, longitude, latitude, volunteer_quota, demand FROM station
    WHERE district = :district AND closed_on IS NULL AND volunteer_quota > 0
""")
# of everybody who has been asked since the allocation that is run again began: all they were proposed
_ANSWERS = text("""
    WITH RECURSIVE runs AS (
        SELECT id, previous_id FROM allocation WHERE district = :district AND id = :previous
        UNION ALL
        SELECT a.id, a.previous_id FROM allocation a JOIN runs r ON a.district = :district AND a.id = r.previous_id
    )
    SELECT p.id, p.volunteer_id, s.code AS station, p.service, p.state
    FROM placement p JOIN runs ON runs.id = p.allocation_id
    JOIN station s ON s.district = p.district AND s.id = p.station_id
    WHERE p.district = :district AND p.state NOT IN ('replaced', 'withheld')
""")


async def students(tx: AsyncConnection, district: str) -> Sequence[Row[Any]]:
    """Return the district's students who may be proposed a place: what of them matters for it, nothing personal."""
    values = {"district": district, "category": VolunteerCategory.UNIVERSITY_STUDENT, "purpose": _PURPOSE}
    found = await tx.execute(_STUDENTS, values)
    return found.all()


async def stations(tx: AsyncConnection, district: str) -> Sequence[Row[Any]]:
    """Return the open stations that ask for volunteers."""
    return (await tx.execute(_STATIONS, {"district": district})).all()


async def answers(tx: AsyncConnection, district: str, previous: UUID) -> Sequence[Row[Any]]:
    """Return what was proposed in an allocation and those before it, and how it stands."""
    return (await tx.execute(_ANSWERS, {"district": district, "previous": previous})).all()


_PLACEMENT_COLUMNS = ["id", "volunteer_id", "station_id", "service", "reason", "replaces_id"]
_INSERT_PLACEMENTS = insert_rows(
    placement, _PLACEMENT_COLUMNS, same=["district", "allocation_id", "state", "answer_by", "version"]
)


async def insert_placements(
    tx: AsyncConnection, district: str, allocation_id: UUID, answer_by: datetime, rows: Sequence[Mapping[str, Any]]
) -> None:
    """Put the placements of a plan on file; each row has the columns that differ."""
    await tx.execute(
        _INSERT_PLACEMENTS,
        {
            "district": district,
            "allocation_id": allocation_id,
            "state": "planned",
            "answer_by": answer_by,
            "version": 0,
            **{name: [row[name] for row in rows] for name in _PLACEMENT_COLUMNS},
        },
    )


_TOLD = """
    RETURNING p.id, p.state, p.allocation_id, p.volunteer_id, p.station_id, p.service, p.answer_by, p.replaces_id,
              p.version,
              (SELECT s.name FROM station s WHERE s.district = p.district AND s.id = p.station_id) AS station_name
"""
_REPLACE = text("""
    UPDATE placement old SET state = 'replaced'
    FROM placement p
    WHERE p.district = :district AND p.allocation_id = :allocation AND old.district = p.district
      AND old.id = p.replaces_id AND old.state = 'proposed'
""")
_MOVERS = text("""
    SELECT count(*) FROM placement
    WHERE district = :district AND allocation_id = :allocation AND replaces_id IS NOT NULL
""")
_PROPOSE = text(f"""
    UPDATE placement p
    SET state = CASE WHEN p.volunteer_id IN ({WITHDRAWN}) THEN 'withheld' ELSE 'proposed' END, version = 1
    WHERE p.district = :district AND p.id = ANY(ARRAY(
        SELECT id FROM placement WHERE district = :district AND allocation_id = :allocation AND state = 'planned'
        ORDER BY id LIMIT :most FOR UPDATE))
    {_TOLD}
""")
_EXPIRE = text(f"""
    UPDATE placement p SET state = 'expired', version = version + 1
    WHERE p.district = :district AND p.id = ANY(ARRAY(
        SELECT id FROM placement WHERE district = :district AND allocation_id = :allocation AND state = 'proposed'
        ORDER BY id LIMIT :most FOR UPDATE))
    {_TOLD}
""")
_ANSWER = text(f"""
    UPDATE placement p SET state = :state, answered_at = :at, version = version + 1
    WHERE p.district = :district AND p.id = :id AND p.volunteer_id = :volunteer AND p.state = 'proposed'
      AND p.answer_by > :at
    {_TOLD}
""")
_OWN = text(
    "SELECT state, answer_by FROM placement WHERE district = :district AND id = :id AND volunteer_id = :volunteer"
)


async def replace_moved(tx: AsyncConnection, district: str, allocation_id: UUID) -> bool:
    """Take back what a plan replaces; return False where somebody of those has answered meanwhile."""
    key = {"district": district, "allocation": allocation_id}
    replaced = await tx.execute(_REPLACE, key)
    return bool(replaced.rowcount == await tx.scalar(_MOVERS, key))


async def propose_some(tx: AsyncConnection, district: str, allocation_id: UUID, most: int) -> Sequence[Row[Any]]:
    """Turn at most so many planned placements into proposed ones, and return them.

    One of somebody who does not consent any more comes back withheld.
    """
    values = {"district": district, "allocation": allocation_id, "most": most, "purpose": _PURPOSE}
    return (await tx.execute(_PROPOSE, values)).all()


async def expire_some(tx: AsyncConnection, district: str, allocation_id: UUID, most: int) -> Sequence[Row[Any]]:
    """End at most so many placements that nobody has answered, and return them."""
    return (await tx.execute(_EXPIRE, {"district": district, "allocation": allocation_id, "most": most})).all()


async def answer(
    tx: AsyncConnection, district: str, placement_id: UUID, volunteer_id: UUID, state: str, at: datetime
) -> Row[Any] | None:
    """Note a volunteer's answer; return the placement, or None where it cannot be answered (any more)."""
    values = {"district": district, "id": placement_id, "volunteer": volunteer_id, "state": state, "at": at}
    return (await tx.execute(_ANSWER, values)).one_or_none()


async def own_placement(tx: AsyncConnection, district: str, placement_id: UUID, volunteer_id: UUID) -> Row[Any] | None:
    """Return the state and the date of a volunteer's own placement."""
    values = {"district": district, "id": placement_id, "volunteer": volunteer_id}
    return (await tx.execute(_OWN, values)).one_or_none()

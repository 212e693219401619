"""Requests to move on file, in the district that decides.

Invariant: of a volunteer one request waits at a time (``move_waiting``). Whoever reads or changes one for the person,
who is in another district, does so in a transaction on both, by whose request it is.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.moving.domain import Move, MoveState

_DISTRICTS = text("SELECT code, name FROM district ORDER BY code")
_ASK = text("""
    INSERT INTO move (district, id, from_district, volunteer_id, number, sealed, state, asked_at, due_on)
    VALUES (:district, :id, :from_district, :volunteer_id, :number, :sealed, :state, :asked_at, :due_on)
""")
# One that waits in whatever district: the transaction is on all of them.
_WAITS = text("""
    SELECT EXISTS (SELECT FROM move
                   WHERE district = ANY(CAST(:districts AS text[])) AND from_district = :from_district
                     AND volunteer_id = :volunteer_id AND state = 'waiting')
""")
_COLUMNS = "SELECT district, id, from_district, volunteer_id, number, sealed, state FROM move"
_OWN = text(f"""
    {_COLUMNS} WHERE district = ANY(CAST(:districts AS text[])) AND id = :id AND from_district = :from_district
                 AND volunteer_id = :volunteer_id FOR UPDATE
""")
_ONE = text(f"{_COLUMNS} WHERE district = :district AND id = :id")
_LOCK = text(f"{_ONE.text} FOR UPDATE")
_SETTLE = text("""
    UPDATE move SET state = :state, sealed = NULL, answered_at = :at, answer = :answer
    WHERE district = :district AND id = :id
""")
_DROP = text("""
    UPDATE move m SET state = 'dropped', sealed = NULL, answered_at = l.at
    FROM unnest(CAST(:from_district AS text[]), CAST(:volunteer_id AS uuid[]), CAST(:at AS timestamptz[]))
         AS l(district, volunteer_id, at)
    WHERE m.from_district = l.district AND m.volunteer_id = l.volunteer_id AND m.state = 'waiting'
""")
_ACCOUNT_OF = text("SELECT id FROM account WHERE district = :district AND volunteer_id = :volunteer_id")
_HAS_ID = text("SELECT EXISTS (SELECT FROM volunteer WHERE district = :district AND id = :id)")
_OF_PERSON = text("""
    SELECT m.id, m.district AS to_district, d.name AS to_name, m.state, m.asked_at, m.due_on, m.answered_at, m.answer
    FROM move m JOIN district d ON d.code = m.district
    WHERE m.district = ANY(CAST(:districts AS text[])) AND m.volunteer_id = :volunteer_id
      AND :here IN (m.district, m.from_district)
    ORDER BY m.id DESC LIMIT 100
""")
_WAITING = text("""
    SELECT m.id, m.volunteer_id, m.number, m.sealed, m.from_district, d.name AS from_name, m.asked_at, m.due_on
    FROM move m JOIN district d ON d.code = m.from_district
    WHERE m.district = :district AND m.state = 'waiting'
      AND (CAST(:after AS date) IS NULL OR (m.due_on, m.id) > (:after, CAST(:after_id AS uuid)))
    ORDER BY m.due_on, m.id LIMIT :limit
""")


async def open_districts(tx: AsyncConnection) -> dict[str, str]:
    """Return the districts of the installation: code -> name."""
    return {row.code: row.name for row in await tx.execute(_DISTRICTS)}


async def ask(tx: AsyncConnection, new: Move, asked_at: datetime, due_on: date) -> None:
    """Put a request on file."""
    values = {
        "district": new.district,
        "id": new.id,
        "from_district": new.from_district,
        "volunteer_id": new.volunteer_id,
        "number": new.number,
        "sealed": new.sealed,
        "state": new.state,
        "asked_at": asked_at,
        "due_on": due_on,
    }
    await tx.execute(_ASK, values)


async def waits(tx: AsyncConnection, districts: Collection[str], from_district: str, volunteer_id: UUID) -> bool:
    """Return whether a request of somebody's waits in one of these districts."""
    values = {"districts": list(districts), "from_district": from_district, "volunteer_id": volunteer_id}
    return bool(await tx.scalar(_WAITS, values))


async def lock_own(
    tx: AsyncConnection, districts: Collection[str], from_district: str, volunteer_id: UUID, move_id: UUID
) -> Move | None:
    """Return somebody's own request, held to the commit, or None."""
    values = {"districts": list(districts), "from_district": from_district, "volunteer_id": volunteer_id}
    return _move((await tx.execute(_OWN, {**values, "id": move_id})).mappings().one_or_none())


async def find(tx: AsyncConnection, district: str, move_id: UUID, *, lock: bool = False) -> Move | None:
    """Return a request to a district, held to the commit where that is wanted, or None."""
    found = await tx.execute(_LOCK if lock else _ONE, {"district": district, "id": move_id})
    return _move(found.mappings().one_or_none())


def _move(row: RowMapping | None) -> Move | None:
    return Move(**{**row, "state": MoveState(row["state"])}) if row else None


async def settle(tx: AsyncConnection, move: Move, state: MoveState, at: datetime, answer: str | None = None) -> None:
    """Note what has become of a locked request, and forget why it was made."""
    values = {"district": move.district, "id": move.id, "state": state, "at": at, "answer": answer}
    await tx.execute(_SETTLE, values)


async def drop(tx: AsyncConnection, ended: Sequence[tuple[str, UUID, datetime]]) -> None:
    """Drop what waits of entries (district, volunteer, when) that have come to their end."""
    districts, volunteers, at = zip(*ended, strict=True)
    await tx.execute(_DROP, {"from_district": districts, "volunteer_id": volunteers, "at": at})


async def account_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> UUID | None:
    """Return somebody's account, or None."""
    found: UUID | None = await tx.scalar(_ACCOUNT_OF, {"district": district, "volunteer_id": volunteer_id})
    return found


async def has_id(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Return whether a district has an entry with this id: somebody who was here before has it still."""
    return bool(await tx.scalar(_HAS_ID, {"district": district, "id": volunteer_id}))


async def of_person(
    tx: AsyncConnection, districts: Collection[str], here: str, volunteer_id: UUID
) -> Sequence[RowMapping]:
    """Return what somebody has asked for, from here or to here, the newest first."""
    values = {"districts": list(districts), "here": here, "volunteer_id": volunteer_id}
    return (await tx.execute(_OF_PERSON, values)).mappings().all()


async def waiting(
    tx: AsyncConnection, district: str, after: tuple[Any, ...] | None, limit: int
) -> Sequence[RowMapping]:
    """Return the requests that a district is to decide, what is due first at the top."""
    due, move_id = after or (None, None)
    values = {"district": district, "after": due, "after_id": move_id, "limit": limit}
    return (await tx.execute(_WAITING, values)).mappings().all()

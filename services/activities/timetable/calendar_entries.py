"""What a volunteer's calendar is of: one sign-up, or all of three months back and later."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import ENTRIES_OF
from services.activities.signing_up.domain import SignUpState
from services.activities.timetable.calendar_file import Entry

_KEPT = timedelta(days=90)
_MOST = 500
_ENTRY = f"""
    SELECT u.id AS sign_up_id, u.state, a.title, a.place, a.description, a.risk_text, s.starts_at, s.ends_at,
           u.version + a.version - 2 AS sequence
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = {ENTRIES_OF}
"""
_ONE = text(f"{_ENTRY} AND u.id = :sign_up_id")
_ALL = text(f"{_ENTRY} AND s.ends_at > now() - CAST(:kept AS interval) ORDER BY s.starts_at DESC, u.id LIMIT :most")


async def entry_of(tx: AsyncConnection, district: str, volunteer_id: UUID, sign_up_id: UUID) -> list[Entry]:
    """Return one's own sign-up; nothing where there is none."""
    return await _entries(tx, _ONE, {"district": district, "volunteer_id": volunteer_id, "sign_up_id": sign_up_id})


async def entries_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[Entry]:
    """Return a volunteer's sign-ups, those that were given up included: a calendar must hear of it."""
    values = {"district": district, "volunteer_id": volunteer_id, "kept": _KEPT, "most": _MOST}
    return await _entries(tx, _ALL, values)


async def _entries(tx: AsyncConnection, statement: Any, values: dict[str, Any]) -> list[Entry]:  # noqa: ANN401
    rows = (await tx.execute(statement, values)).mappings()
    return [Entry(**{**row, "state": SignUpState(row["state"])}) for row in rows]

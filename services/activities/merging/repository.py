"""Sign-ups that go from one entry of a person to the other, and back.

Invariant: whoever moves one holds its shift and both entries, as everybody does who changes what people take up.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up.domain import HOLDING, SignUpState

_LIVE = sorted((*HOLDING, SignUpState.WAITING))
_TO_COME = text("""
    SELECT DISTINCT s.id, s.starts_at FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND u.state = ANY(:states)
      AND s.starts_at > clock_timestamp() AND s.cancelled_at IS NULL
    ORDER BY s.starts_at, s.id
""")
_MOVED_TO_COME = text("""
    SELECT s.id, u.id AS sign_up_id FROM moved_sign_up m
    JOIN sign_up u ON u.district = m.district AND u.id = m.sign_up_id
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE m.district = :district AND m.merged_id = :merged_id AND u.volunteer_id = :kept_id AND u.state = ANY(:states)
      AND s.starts_at > clock_timestamp() AND s.cancelled_at IS NULL
    ORDER BY s.starts_at, s.id
""")
_LIVE_ON = text("""
    SELECT id, volunteer_id, state, version FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND state = ANY(:states)
    FOR UPDATE
""")
_MOVE = text("""
    UPDATE sign_up SET volunteer_id = :to, version = version + 1
    WHERE district = :district AND id = :id RETURNING version
""")
_NOTE = text("""
    INSERT INTO moved_sign_up (district, sign_up_id, merged_id) VALUES (:district, :id, :merged_id)
    ON CONFLICT (district, sign_up_id) DO UPDATE SET merged_id = excluded.merged_id
""")
_FORGET = text("DELETE FROM moved_sign_up WHERE district = :district AND merged_id = :merged_id")


class Live(NamedTuple):
    """A live sign-up for a locked shift, locked."""

    id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int


async def shifts_to_come(tx: AsyncConnection, district: str, volunteer_id: UUID) -> Sequence[UUID]:
    """Return the shifts to come that an entry has a place on or waits for, by start."""
    values = {"district": district, "volunteer_id": volunteer_id, "states": _LIVE}
    return (await tx.execute(_TO_COME, values)).scalars().all()


async def moved_to_come(
    tx: AsyncConnection, district: str, merged_id: UUID, kept_id: UUID
) -> Sequence[tuple[UUID, UUID]]:
    """Return (shift, sign-up) of what was moved to the kept entry and is still to come, by start."""
    values = {"district": district, "merged_id": merged_id, "kept_id": kept_id, "states": _LIVE}
    return [(row.id, row.sign_up_id) for row in await tx.execute(_MOVED_TO_COME, values)]


async def live_on(tx: AsyncConnection, district: str, shift_id: UUID, volunteers: Sequence[UUID]) -> dict[UUID, Live]:
    """Return the live sign-ups of some entries for a shift, by entry; the locks come first."""
    values = {"district": district, "shift_id": shift_id, "volunteers": list(volunteers), "states": _LIVE}
    rows = await tx.execute(_LIVE_ON, values)
    return {row.volunteer_id: Live(row.id, row.volunteer_id, SignUpState(row.state), row.version) for row in rows}


async def move(tx: AsyncConnection, district: str, sign_up_id: UUID, to: UUID) -> int:
    """Let a locked sign-up be another entry's; return its new version."""
    version: int = (await tx.execute(_MOVE, {"district": district, "id": sign_up_id, "to": to})).scalar_one()
    return version


async def note_moved(tx: AsyncConnection, district: str, sign_up_id: UUID, merged_id: UUID) -> None:
    """Note that a sign-up was the merged entry's."""
    await tx.execute(_NOTE, {"district": district, "id": sign_up_id, "merged_id": merged_id})


async def forget_moved(tx: AsyncConnection, district: str, merged_id: UUID) -> None:
    """Forget what was an entry's that is one of its own again."""
    await tx.execute(_FORGET, {"district": district, "merged_id": merged_id})

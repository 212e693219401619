"""Shifts as they are locked, and sign-ups.

Invariant: whoever changes how a shift's places stand holds its row lock (``lock_shift``), in every process.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up.domain import GroupDecision, Shift, SignUpState
from services.activities.signing_up.tables import sign_up
from shared.contracts.service_record import Provenance
from shared.store.statements import insert_rows

_SHIFT = """
    SELECT s.id, s.activity_id, a.title AS activity_title, s.starts_at, s.ends_at, s.capacity, s.taken, s.waiting,
           s.next_queue_number
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :id
"""
_LOCK_SHIFT = text(f"{_SHIFT} FOR UPDATE OF s")
_READ_SHIFT = text(_SHIFT)
_ADD = text(f"""
    WITH counted AS (
        UPDATE shift SET taken = :taken, waiting = :waiting, next_queue_number = :next_queue_number,
                         version = version + 1
        WHERE district = :district AND id = :shift_id
    )
    {insert_rows(sign_up, ["id", "volunteer_id", "state", "queue_number"], same=["district", "shift_id", "version"])}
""")
# Two look-ups by index, not a join: a table that has just been filled has no statistics to plan a join by.
_KNOWN_AND_LIVE = text("""
    SELECT id, false AS live FROM known_volunteer
    WHERE district = :district AND id = ANY(CAST(:volunteers AS uuid[]))
    UNION ALL
    SELECT volunteer_id, true FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND state <> 'withdrawn'
""")
_COUNT_PLACES = text("""
    UPDATE shift SET taken = taken + :taken, waiting = waiting + :waiting, version = version + 1
    WHERE district = :district AND id = :id
""")
_SHIFT_OF = text("SELECT shift_id FROM sign_up WHERE district = :district AND id = :id")
_LOCK_SIGN_UP = text("""
    SELECT u.id, u.shift_id, u.volunteer_id, u.state, u.version, u.checked_in_at, u.checked_in_by,
           a.station_id, a.published_by, a.title, a.service
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.id = :id
    FOR UPDATE OF u
""")
_SET_STATE = text("""
    UPDATE sign_up SET state = :state, version = version + 1 WHERE district = :district AND id = :id
""")
_CHECK_IN = text("""
    UPDATE sign_up SET state = 'attending', checked_in_at = :at, checked_in_by = :by, version = version + 1
    WHERE district = :district AND id = :id
""")
_PROMOTE_FIRST = text("""
    UPDATE sign_up SET state = 'confirmed', version = version + 1
    WHERE district = :district AND id = (
        SELECT id FROM sign_up WHERE district = :district AND shift_id = :shift_id AND state = 'waiting'
        ORDER BY queue_number LIMIT 1
    )
    RETURNING id, volunteer_id, version
""")


@dataclass(frozen=True, slots=True)
class NewSignUp:
    """A sign-up to be put on file, under its first version."""

    id: UUID
    volunteer_id: UUID
    state: SignUpState
    queue_number: int


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up as it stands, with what its service record will say of the activity."""

    id: UUID
    shift_id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int
    checked_in_at: datetime | None
    checked_in_by: Provenance | None
    station_id: UUID
    published_by: str
    activity_title: str
    service: str


@dataclass(frozen=True, slots=True)
class Promoted:
    """The sign-up that has got a place; ``version`` is its new one."""

    id: UUID
    volunteer_id: UUID
    version: int


async def lock_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> Shift | None:
    """Return a shift, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_SHIFT, {"district": district, "id": shift_id})).one_or_none()
    return Shift(*row) if row else None


async def read_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> Shift:
    """Return a shift that is known to exist, without locking it."""
    return Shift(*(await tx.execute(_READ_SHIFT, {"district": district, "id": shift_id})).one())


async def known_and_live(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteers: Sequence[UUID]
) -> tuple[set[UUID], set[UUID]]:
    """Return which of the volunteers are known, and which of those are signed up for the shift."""
    rows = await tx.execute(
        _KNOWN_AND_LIVE, {"district": district, "shift_id": shift_id, "volunteers": list(volunteers)}
    )
    found: tuple[set[UUID], set[UUID]] = set(), set()
    for volunteer_id, is_live in rows:
        found[is_live].add(volunteer_id)
    return found


async def add_sign_ups(
    tx: AsyncConnection, district: str, shift_id: UUID, decision: GroupDecision, sign_ups: Sequence[NewSignUp]
) -> None:
    """Put sign-ups on file and set how the shift's places stand, in one statement. The shift must be locked."""
    await tx.execute(
        _ADD,
        {
            "district": district,
            "shift_id": shift_id,
            "taken": decision.taken,
            "waiting": decision.waiting,
            "next_queue_number": decision.next_queue_number,
            "id": [new.id for new in sign_ups],
            "volunteer_id": [new.volunteer_id for new in sign_ups],
            "state": [new.state for new in sign_ups],
            "queue_number": [new.queue_number for new in sign_ups],
            "version": 1,
        },
    )


async def count_places(tx: AsyncConnection, district: str, shift_id: UUID, *, taken: int = 0, waiting: int = 0) -> None:
    """Add to a locked shift's numbers of confirmed and of waiting."""
    await tx.execute(_COUNT_PLACES, {"district": district, "id": shift_id, "taken": taken, "waiting": waiting})


async def shift_of(tx: AsyncConnection, district: str, sign_up_id: UUID) -> UUID | None:
    """Return the shift that a sign-up is for, or None where there is no such sign-up."""
    found: UUID | None = await tx.scalar(_SHIFT_OF, {"district": district, "id": sign_up_id})
    return found


async def lock_sign_up(tx: AsyncConnection, district: str, sign_up_id: UUID) -> SignUp | None:
    """Return a sign-up, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_SIGN_UP, {"district": district, "id": sign_up_id})).one_or_none()
    if row is None:
        return None
    by = Provenance(row.checked_in_by) if row.checked_in_by else None
    return SignUp(
        row.id,
        row.shift_id,
        row.volunteer_id,
        SignUpState(row.state),
        row.version,
        row.checked_in_at,
        by,
        row.station_id,
        row.published_by,
        row.title,
        row.service,
    )


async def set_state(tx: AsyncConnection, district: str, sign_up_id: UUID, state: SignUpState) -> None:
    """Move a locked sign-up to a state; its version rises by one."""
    await tx.execute(_SET_STATE, {"district": district, "id": sign_up_id, "state": state})


async def check_in(tx: AsyncConnection, district: str, sign_up_id: UUID, at: datetime, by: Provenance) -> None:
    """Note that the volunteer of a locked sign-up has come; its version rises by one."""
    await tx.execute(_CHECK_IN, {"district": district, "id": sign_up_id, "at": at, "by": by})


async def promote_first(tx: AsyncConnection, district: str, shift_id: UUID) -> Promoted | None:
    """Give a place to the first on a locked shift's waiting list; None where nobody waits."""
    row = (await tx.execute(_PROMOTE_FIRST, {"district": district, "shift_id": shift_id})).one_or_none()
    return Promoted(*row) if row else None

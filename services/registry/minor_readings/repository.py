"""Requests to read minors' data on file. They are asked for under the lock of the minor's row."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ANSWERED_WITHIN, ReadingPurpose, ReadingState
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id

_IS_MINOR = text("SELECT minor FROM volunteer WHERE district = :district AND id = :id FOR NO KEY UPDATE")
_STANDS = f"""
    (state = '{ReadingState.OPEN}' AND asked_at > clock_timestamp() - CAST(:answered_within AS interval)
     OR state = '{ReadingState.APPROVED}' AND good_until > clock_timestamp())
"""
_ASK = text(f"""
    INSERT INTO minor_reading (district, id, volunteer_id, purpose, reason, asked_by)
    SELECT :district, :id, :volunteer_id, :purpose, :reason, :asked_by
    WHERE NOT EXISTS (
        SELECT FROM minor_reading WHERE district = :district AND volunteer_id = :volunteer_id
        AND asked_by = :asked_by AND purpose = :purpose AND {_STANDS})
    RETURNING id
""")
_OTHERS = text("""
    SELECT volunteer_id FROM account
    WHERE district = :district AND 'district_admin' = ANY(roles) AND locked_at IS NULL AND volunteer_id IS NOT NULL
      AND 'account:' || id <> :asked_by
    ORDER BY 1
""")
_LOCK = text(f"""
    SELECT volunteer_id, asked_by, {_STANDS} AND state = '{ReadingState.OPEN}' AS is_open
    FROM minor_reading WHERE district = :district AND id = :id FOR UPDATE
""")
_ANSWER = text("""
    UPDATE minor_reading SET state = :state, answered_by = :by, answered_at = :at, answer = :answer,
                             good_until = :good_until
    WHERE district = :district AND id = :id
""")


async def lock_minor(tx: AsyncConnection, district: str, volunteer_id: UUID) -> bool:
    """Become the one who asks about a volunteer; return whether they are a minor."""
    return bool(await tx.scalar(_IS_MINOR, {"district": district, "id": volunteer_id}))


async def ask(
    tx: AsyncConnection, district: str, asked_by: str, volunteer_id: UUID, purpose: ReadingPurpose, reason: str
) -> UUID | None:
    """Put a request on file and return its id; None where one of the same stands, open or approved."""
    values = {
        "district": district,
        "id": new_id(),
        "volunteer_id": volunteer_id,
        "purpose": purpose,
        "reason": reason,
        "asked_by": asked_by,
        "answered_within": ANSWERED_WITHIN,
    }
    asked: UUID | None = await tx.scalar(_ASK, values)
    return asked


async def who_may_answer(tx: AsyncConnection, district: str, asked_by: str) -> tuple[UUID, ...]:
    """Return the district's administrators without whoever asks: those of them who are volunteers too."""
    return tuple((await tx.scalars(_OTHERS, {"district": district, "asked_by": asked_by})).all())


async def lock_open(tx: AsyncConnection, district: str, reading_id: UUID) -> Row[Any]:
    """Return whom an open request is about and who has asked, held to the commit.

    Raises RefusedError: ``not_found``, or ``not_open`` where it is answered or has lapsed.
    """
    key = {"district": district, "id": reading_id, "answered_within": ANSWERED_WITHIN}
    row = (await tx.execute(_LOCK, key)).one_or_none()
    if row is None or not row.is_open:
        raise RefusedError(Fault("reading_id", Code.NOT_FOUND if row is None else Code.NOT_OPEN))
    return row


async def answer(
    tx: AsyncConnection,
    district: str,
    reading_id: UUID,
    answered: Mapping[str, str],
    at: datetime,
    good_until: datetime | None,
) -> None:
    """Put the answer to a request on file: its ``state``, who it is ``by``, and its words (``answer``)."""
    values = {"district": district, "id": reading_id, "at": at, "good_until": good_until}
    await tx.execute(_ANSWER, {**values, **answered})

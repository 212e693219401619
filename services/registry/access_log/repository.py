"""What is written into the access log, and the approvals without which nobody reads a minor's data in clear.

Invariant: an entry is in the transaction of what it tells of, and nobody changes or deletes one: the roles may not, and
a trigger refuses it to the owner. A reading of a minor's data names the approval that it rests on.
"""

from dataclasses import asdict, dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ReadingPurpose, ReadingState
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import new_id


@dataclass(frozen=True, slots=True)
class Noted:
    """Who (as events name them) did what, to which account or person, and why."""

    district: str
    actor: str
    action: str
    """Past tense, e.g. ``account_locked``."""
    subject_id: UUID
    reason: str = ""
    approval_id: UUID | None = None
    """Of a reading of a minor's data: what was approved (``approval_for``)."""


_INSERT = text("""
    INSERT INTO access_log (district, id, actor, action, subject_id, reason, approval_id)
    VALUES (:district, :id, :actor, :action, :subject_id, :reason, :approval_id)
""")
# Counted where it is used: what was read on an approval is seen beside it, and the log needs no index of approvals.
_USE_APPROVAL = text(f"""
    WITH used AS (
        UPDATE minor_reading SET readings = readings + 1, last_read_at = clock_timestamp()
        WHERE district = :district AND volunteer_id = :volunteer_id AND purpose = :purpose AND asked_by = :actor
          AND state = '{ReadingState.APPROVED}' AND good_until > clock_timestamp()
        RETURNING id
    )
    SELECT minor, (SELECT id FROM used LIMIT 1) AS approval_id
    FROM volunteer WHERE district = :district AND id = :volunteer_id
""")


async def note(tx: AsyncConnection, noted: Noted) -> None:
    """Enter something that happens in the transaction."""
    await tx.execute(_INSERT, {"id": new_id(), **asdict(noted)})


async def approval_for(
    tx: AsyncConnection, district: str, actor: str, volunteer_id: UUID, purpose: ReadingPurpose
) -> UUID | None:
    """Return what lets an actor read a minor's data in clear for a purpose; None where it is no minor's.

    It is to be noted with the reading, in the same transaction. Raises RefusedError (approval_needed).
    """
    asked = {"district": district, "actor": actor, "volunteer_id": volunteer_id, "purpose": purpose}
    found = (await tx.execute(_USE_APPROVAL, asked)).one_or_none()
    if found is None or not found.minor:
        return None
    if found.approval_id is None:
        raise RefusedError(Fault("volunteer_id", Code.APPROVAL_NEEDED))
    approval_id: UUID = found.approval_id
    return approval_id


def account_of(alias: str, column: str) -> str:
    """Return the SQL that joins the account which a column names as an actor, ``account:<id>``, by the account's key.

    ``column`` is qualified; its row has the ``district``.
    """
    row = column.partition(".")[0]
    return f"""
    LEFT JOIN account {alias} ON {alias}.district = {row}.district
         AND {alias}.id = CASE WHEN {column} LIKE 'account:%' THEN CAST(substr({column}, 9) AS uuid) END
    """

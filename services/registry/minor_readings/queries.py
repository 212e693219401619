"""What is shown of requests to read minors' data: to who asks, to who answers, and to the auditor once a year."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.domain import ANSWERED_WITHIN, ReadingState
from services.registry.access_log.repository import account_of
from services.registry.minor_readings.domain import moments_of
from services.registry.people.domain.privacy import KeyRing, SealedPerson
from shared.contracts.actor import Actor, Reach


class ReadingView(BaseModel):
    """A request. People are named by user name, the minor masked.

    ``state``: ``open``, ``approved``, ``refused``; ``lapsed`` was not answered in time, ``over`` is an approval whose
    hours have passed. ``own``: the caller has asked.
    """

    id: UUID
    volunteer_id: UUID
    volunteer_number: str
    name: str
    purpose: str
    reason: str
    asked_by: str | None
    own: bool
    asked_at: datetime
    state: str
    answered_by: str | None
    answered_at: datetime | None
    answer: str
    good_until: datetime | None
    readings: int


class AuditEntry(BaseModel):
    """A request of a year and what was read on it; or a reading of a minor's data that rests on none.

    ``state`` is one of ``ReadingView``, or ``without_approval``; then ``purpose`` is what the access log calls it.
    """

    id: UUID
    at: datetime
    volunteer_number: str
    purpose: str
    reason: str
    asked_by: str | None
    state: str
    answered_by: str | None
    answered_at: datetime | None
    answer: str
    readings: int
    last_read_at: datetime | None


_STATE = f"""
    CASE WHEN r.state = '{ReadingState.OPEN}' AND r.asked_at <= clock_timestamp() - CAST(:answered_within AS interval)
         THEN 'lapsed'
         WHEN r.state = '{ReadingState.APPROVED}' AND r.good_until <= clock_timestamp() THEN 'over'
         ELSE r.state END
"""


_READINGS = text(f"""
    SELECT r.id, r.volunteer_id, v.number AS volunteer_number, v.wrapped_key, v.personal_data, r.purpose, r.reason,
           a.user_name AS asked_by, r.asked_by = :actor AS own, r.asked_at, {_STATE} AS state,
           b.user_name AS answered_by, r.answered_at, r.answer, r.good_until, r.readings
    FROM minor_reading r
    JOIN volunteer v ON v.district = r.district AND v.id = r.volunteer_id
    {account_of("a", "r.asked_by")}
    {account_of("b", "r.answered_by")}
    WHERE r.district = :district AND (:everybody OR r.asked_by = :actor)
      AND (CAST(:volunteer_id AS uuid) IS NULL OR r.volunteer_id = :volunteer_id)
      AND (NOT :waiting OR {_STATE} = '{ReadingState.OPEN}')
      AND (CAST(:before AS uuid) IS NULL OR r.id < :before)
    ORDER BY r.id DESC LIMIT :limit
""")
# What was read of minors before approvals were asked for, or of somebody who was found to be one later.
_AUDIT = text(f"""
    SELECT * FROM (
        SELECT r.id, r.asked_at AS at, v.number AS volunteer_number, r.purpose, r.reason, a.user_name AS asked_by,
               {_STATE} AS state, b.user_name AS answered_by, r.answered_at, r.answer, r.readings, r.last_read_at
        FROM minor_reading r
        JOIN volunteer v ON v.district = r.district AND v.id = r.volunteer_id
        {account_of("a", "r.asked_by")}
        {account_of("b", "r.answered_by")}
        WHERE r.district = :district AND r.asked_at >= :since AND r.asked_at < :until
        UNION ALL
        SELECT r.id, r.happened_at, v.number, r.action, r.reason, a.user_name, 'without_approval', NULL, NULL, '', 1,
               r.happened_at
        FROM access_log r
        JOIN volunteer v ON v.district = r.district AND v.id = r.subject_id AND v.minor
        {account_of("a", "r.actor")}
        WHERE r.district = :district AND r.happened_at >= :since AND r.happened_at < :until AND r.approval_id IS NULL
          AND r.action IN ('volunteer_revealed', 'correction_read', 'qualification_read', 'evidence_read')
    ) e
    WHERE CAST(:before AS uuid) IS NULL OR e.id < :before
    ORDER BY e.id DESC LIMIT :limit
""")


async def find_readings(
    tx: AsyncConnection,
    keys: KeyRing,
    actor: Actor,
    before: UUID | None,
    limit: int,
    *,
    waiting: bool,
    volunteer_id: UUID | None,
) -> list[ReadingView]:
    """Return requests, the newest first: one's own, or the district's for who reaches all of it.

    ``waiting``: those alone that wait for an answer. ``volunteer_id``: those about one minor alone.
    """
    values = {
        "district": actor.district,
        "actor": actor.name,
        "everybody": actor.reach is Reach.DISTRICT,
        "waiting": waiting,
        "volunteer_id": volunteer_id,
        "before": before,
        "limit": limit,
        "answered_within": ANSWERED_WITHIN,
    }
    return [_view(keys, dict(row)) for row in (await tx.execute(_READINGS, values)).mappings()]


def _view(keys: KeyRing, shown: dict[str, Any]) -> ReadingView:
    sealed = SealedPerson(shown.pop("wrapped_key"), shown.pop("personal_data"))
    name = keys.open_person(shown["volunteer_id"], sealed).masked().name if sealed.wrapped_key else ""
    return ReadingView(**shown, name=name)


async def audit_of_year(
    tx: AsyncConnection, district: str, year: int, before: UUID | None, limit: int
) -> list[AuditEntry]:
    """Return a year's requests with their answers and readings, and readings that rest on none, the newest first."""
    since, until = moments_of(year)
    values = {"district": district, "since": since, "until": until, "before": before, "limit": limit}
    rows = await tx.execute(_AUDIT, {**values, "answered_within": ANSWERED_WITHIN})
    return [AuditEntry(**row) for row in rows.mappings()]

"""A volunteer's sign-ups, with what came of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping, TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import ENTRIES_OF
from services.activities.rules.domain import rules_of
from services.activities.rules.repository import RULES_OF_ACTIVITY
from services.activities.signing_up.domain import SignUpState
from services.activities.timetable.domain import SERVING, UPCOMING, WAITING, Listed
from shared.contracts import AbsenceClass


class MySignUp(BaseModel):
    """One of the caller's sign-ups. ``position`` on the waiting list counts from 1; ``minutes`` are the record's."""

    sign_up_id: UUID
    state: SignUpState
    listed: Listed
    position: int | None
    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    """From when on one can check in."""
    late_from: datetime
    """From when on giving a confirmed place back is late."""
    free_from: datetime
    """From when on nobody is offered a place: who waits takes one that is free."""
    activity_id: UUID
    title: str
    service: str
    station_id: UUID
    place: str
    answer_by: datetime | None
    """Until when an offered place or moved times are to be accepted, or nobody has done so."""
    absence: AbsenceClass | None
    """That one did not come, or withdrew late, where no leader has excused it."""
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None
    record_id: UUID | None
    """The service record, where there is one."""


_MINE = f"""
    WITH mine AS (
        SELECT u.id AS sign_up_id, u.state, u.shift_id, s.starts_at, s.ends_at, a.id AS activity_id, a.title,
               a.service, a.station_id, a.place, u.answer_by, u.absence, u.checked_in_at, u.checked_out_at, r.minutes,
               r.id AS record_id, {RULES_OF_ACTIVITY},
               CASE WHEN u.state = ANY(CAST(:serving AS text[])) THEN '{Listed.UPCOMING}'
                    WHEN u.state = ANY(CAST(:upcoming AS text[])) AND s.ends_at > now() THEN '{Listed.UPCOMING}'
                    WHEN u.state = ANY(CAST(:waiting AS text[])) AND s.starts_at > now() THEN '{Listed.WAITING}'
                    ELSE '{Listed.PAST}' END AS listed,
               CASE WHEN u.state = 'waiting' THEN (
                   SELECT count(*) FROM sign_up ahead
                   WHERE ahead.district = u.district AND ahead.shift_id = u.shift_id AND ahead.state = 'waiting'
                     AND ahead.queue_number <= u.queue_number
               ) END AS position
        FROM sign_up u
        JOIN shift s ON s.district = u.district AND s.id = u.shift_id
        JOIN activity a ON a.district = s.district AND a.id = s.activity_id
        LEFT JOIN service_record r ON r.district = u.district AND r.sign_up_id = u.id
        WHERE u.district = :district AND u.volunteer_id = {ENTRIES_OF}
    )
"""


def _page(order: str, beyond: str) -> TextClause:
    return text(f"""{_MINE}
        SELECT * FROM mine
        WHERE (CAST(:listed AS text) IS NULL OR listed = :listed)
          AND (CAST(:after AS timestamptz) IS NULL
               OR (starts_at, sign_up_id) {beyond} (:after, CAST(:after_id AS uuid)))
        ORDER BY starts_at {order}, sign_up_id {order} LIMIT :limit
    """)


_NEXT_FIRST, _LAST_FIRST = _page("ASC", ">"), _page("DESC", "<")
_PAGES = {Listed.UPCOMING: _NEXT_FIRST, Listed.WAITING: _NEXT_FIRST, Listed.PAST: _LAST_FIRST, None: _LAST_FIRST}
_STATES = {"serving": sorted(SERVING), "upcoming": sorted(UPCOMING), "waiting": sorted(WAITING)}


async def sign_ups_of_volunteer(
    tx: AsyncConnection,
    district: str,
    volunteer_id: UUID,
    listed: Listed | None,
    after: tuple[Any, ...] | None,
    limit: int,
) -> list[MySignUp]:
    """Return a list of a volunteer's sign-ups, what is to come by its start; the past, or all, latest first."""
    start, sign_up_id = after or (None, None)
    values = {"district": district, "volunteer_id": volunteer_id, "listed": listed, **_STATES}
    rows = await tx.execute(_PAGES[listed], {**values, "after": start, "after_id": sign_up_id, "limit": limit})
    return [_shown(row) for row in rows.mappings()]


def _shown(row: RowMapping) -> MySignUp:
    rules = rules_of(row["rules"])
    starts_at = row["starts_at"]
    return MySignUp(
        **row,
        opens_at=starts_at - rules.check_in_opens,
        late_from=starts_at - rules.notice,
        free_from=starts_at - rules.no_offers,
    )

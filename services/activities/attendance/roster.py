"""A shift's roster: who is on it, where each of them stands, and how many there are of each.

Invariant: it names nobody; the last four digits of the volunteer number are what is called out at the door.
"""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.rules.domain import rules_of
from services.activities.rules.repository import RULES_OF_ACTIVITY
from services.activities.signing_up.domain import SignUpState
from shared.contracts import AbsenceClass, CheckInWay
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError


class RosterEntry(BaseModel):
    """A sign-up on a roster. ``by`` is how they were checked in; ``minutes`` are the record's."""

    sign_up_id: UUID
    volunteer_id: UUID
    number_last_four: str
    state: SignUpState
    queue_number: int
    answer_by: datetime | None
    """Until when an offered place or moved times are to be answered."""
    absence: AbsenceClass | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None
    by: CheckInWay | None


class RosterShift(BaseModel):
    """The shift that a roster is of, with its activity."""

    shift_id: UUID
    activity_id: UUID
    title: str
    station_id: UUID
    place: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    """From when on people can be checked in."""
    capacity: int
    taken: int
    waiting: int


class Roster(RosterShift):
    """A page of a roster in order of arrival; ``counts`` are of the whole shift, by state and by class of absence."""

    counts: dict[str, int]
    items: list[RosterEntry]
    next_cursor: str | None = None


_SHIFT = text(f"""
    SELECT s.id AS shift_id, s.activity_id, a.title, a.station_id, a.published_by, a.place, s.starts_at, s.ends_at,
           s.capacity, s.taken, s.waiting, {RULES_OF_ACTIVITY}
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :shift_id
""")
_COUNTS = text("""
    SELECT state AS name, count(*) AS sign_ups FROM sign_up
    WHERE district = :district AND shift_id = :shift_id GROUP BY state
    UNION ALL
    SELECT absence, count(*) FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND absence IS NOT NULL GROUP BY absence
""")
_ENTRIES = text("""
    SELECT u.id AS sign_up_id, u.volunteer_id, right(v.number, 4) AS number_last_four, u.state, u.queue_number,
           u.answer_by, u.absence, u.checked_in_at, u.checked_out_at, r.minutes, u.checked_in_by AS by
    FROM sign_up u
    JOIN known_volunteer v ON v.district = u.district AND v.id = u.volunteer_id
    LEFT JOIN service_record r ON r.district = u.district AND r.sign_up_id = u.id
    WHERE u.district = :district AND u.shift_id = :shift_id AND u.queue_number > :after
      AND (CAST(:states AS text[]) IS NULL OR u.state = ANY(CAST(:states AS text[])))
      AND (CAST(:last_four AS text) IS NULL OR right(v.number, 4) = :last_four)
    ORDER BY u.queue_number LIMIT :limit
""")


async def find_roster(
    tx: AsyncConnection,
    actor: Actor,
    shift_id: UUID,
    after: int,
    limit: int,
    *,
    states: list[SignUpState],
    last_four: str | None,
) -> Roster:
    """Return a shift's roster from after a queue number on; ``states`` and ``last_four`` narrow it where given.

    Raises RefusedError (not_found) where there is no such shift, or the actor does not staff it.
    """
    key = {"district": actor.district, "shift_id": shift_id}
    shift = (await tx.execute(_SHIFT, key)).mappings().one_or_none()
    if shift is None or not actor.reaches(unit=shift["station_id"], made_by=shift["published_by"]):
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    counted = {row.name: row.sign_ups for row in await tx.execute(_COUNTS, key)}
    narrowed = {"states": states or None, "last_four": last_four, "after": after, "limit": limit}
    entries = [RosterEntry(**row) for row in (await tx.execute(_ENTRIES, {**key, **narrowed})).mappings()]
    counts = {name: counted.get(name, 0) for name in (*SignUpState, *AbsenceClass)}
    opens_at = shift["starts_at"] - rules_of(shift["rules"]).check_in_opens
    return Roster(**shift, opens_at=opens_at, counts=counts, items=entries)

"""Shifts as they are locked, and sign-ups.

Invariant: whoever changes how a shift's places stand holds its row lock (``lock_shift``), in every process.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import RULES_COLUMN, lacking_column, lacking_of, lacks_any
from services.activities.rules.domain import rules_of
from services.activities.rules.repository import RULES_OF_ACTIVITY
from services.activities.signing_up.domain import (
    HOLDING,
    TAKING_UP,
    GroupDecision,
    KnownPerson,
    Shift,
    SignUpState,
    TakenUp,
)
from services.activities.signing_up.tables import sign_up
from services.activities.signing_up.waiting_list import WaitingOne
from shared.contracts.sign_up import AbsenceClass
from shared.store.statements import insert_rows

_OWN = 13
"""The columns of a shift that are its own, without its rules."""
_SHIFT = f"""
    SELECT s.id, s.activity_id, a.title AS activity_title, s.starts_at, s.ends_at, s.capacity, s.taken, s.waiting,
           s.next_queue_number, a.place, a.organiser_id, s.cancelled_at IS NOT NULL AS is_cancelled,
           a.dangerous, {RULES_OF_ACTIVITY}, a.needs
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :id
"""
# The shift first, then its people in the order of their ids, as everybody does: no two can wait for one another.
_LOCK_FOR = text(f"""
    WITH locked AS MATERIALIZED ({_SHIFT} FOR UPDATE OF s)
    SELECT l.*, v.known, v.minors, v.agreed, {lacking_column("l.needs")} AS lacking, {RULES_COLUMN} AS unaccepted
    FROM locked l CROSS JOIN LATERAL (
        SELECT array_agg(k.id) AS known, array_agg(k.id) FILTER (WHERE k.minor) AS minors,
               array_agg(k.id) FILTER (WHERE k.guardian_agreed) AS agreed
        FROM (
            SELECT id, minor, guardian_agreed FROM known_volunteer v
            WHERE district = :district AND id = ANY(CAST(:volunteers AS uuid[])) AND l.id IS NOT NULL
              AND NOT EXISTS (SELECT FROM closed_volunteer c WHERE c.district = v.district AND c.id = v.id)
              AND NOT EXISTS (SELECT FROM merged_volunteer m
                              WHERE m.district = v.district AND m.id = v.id AND m.kept_id IS NOT NULL)
            ORDER BY id FOR NO KEY UPDATE
        ) k
    ) v
""")
_LOCK_SHIFT = text(f"{_SHIFT} FOR UPDATE OF s")
_LOCK_VOLUNTEERS = text("""
    SELECT id FROM known_volunteer WHERE district = :district AND id = ANY(CAST(:volunteers AS uuid[]))
    ORDER BY id FOR NO KEY UPDATE
""")
_READ_SHIFT = text(_SHIFT)
_ADD = text(f"""
    WITH counted AS (
        UPDATE shift SET taken = :taken, waiting = :waiting, next_queue_number = :next_queue_number,
                         version = version + 1
        WHERE district = :district AND id = :shift_id
    )
    {
    insert_rows(
        sign_up,
        ["id", "volunteer_id", "state", "queue_number", "group_id"],
        same=["district", "shift_id", "version", "starts_at", "ends_at"],
    )
}
""")
_TAKING_UP = ", ".join(f"'{state}'" for state in TAKING_UP)
# One scan of an index; the title is looked up where there is something to name, not joined: a table that has just been
# filled has no statistics to plan a join by.
_OTHER = """
    SELECT u.volunteer_id, u.id, u.shift_id,
           (SELECT a.title FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
            WHERE s.district = u.district AND s.id = u.shift_id) AS title,
           u.starts_at, u.ends_at
"""
_TAKEN_UP = text(f"""
    {_OTHER}
    FROM sign_up u
    WHERE u.district = :district AND u.volunteer_id = ANY(CAST(:volunteers AS uuid[]))
      AND u.state NOT IN ('withdrawn', 'cancelled')
      AND (u.shift_id = :shift_id
           OR u.state IN ({_TAKING_UP}) AND u.starts_at < CAST(:ends_at AS timestamptz)
              AND u.ends_at > CAST(:starts_at AS timestamptz))
    ORDER BY u.shift_id = :shift_id, u.starts_at DESC
""")
_COUNT_PLACES = text("""
    UPDATE shift SET taken = taken + :taken, waiting = waiting + :waiting, version = version + 1
    WHERE district = :district AND id = :id
""")
_SHIFT_OF = text("SELECT shift_id FROM sign_up WHERE district = :district AND id = :id")
_LOCK_SIGN_UP = text("""
    SELECT u.id, u.shift_id, u.volunteer_id, u.state, u.version,
           a.station_id, a.published_by, a.title, a.service, u.group_id, u.answer_by, u.absence
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.id = :id
    FOR UPDATE OF u
""")
_SET_STATE = text("""
    UPDATE sign_up SET state = :state, version = version + 1 WHERE district = :district AND id = :id
""")
_SET_STATES = text("""
    UPDATE sign_up SET state = :state,
                       answer_by = CASE WHEN :lapsed THEN answer_by ELSE CAST(:answer_by AS timestamptz) END,
                       absence = coalesce(CAST(:absence AS text), absence), version = version + 1
    WHERE district = :district AND id = ANY(CAST(:ids AS uuid[]))
""")
_QUEUE = text("""
    SELECT id, volunteer_id, group_id, version, queue_number FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND state = 'waiting' AND queue_number > :after
    ORDER BY queue_number LIMIT :limit
""")
_WHOSE_SHIFT = text("""
    SELECT a.station_id, a.published_by
    FROM shift s JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE s.district = :district AND s.id = :shift_id
""")
_COUNT_ABSENCES = text("""
    SELECT absence, count(*) FROM sign_up
    WHERE district = :district AND volunteer_id = :volunteer_id AND absence IS NOT NULL
      AND starts_at > CAST(:since AS timestamptz)
    GROUP BY absence
""")
_EXCUSE = text("""
    UPDATE sign_up SET absence = NULL, version = version + 1 WHERE district = :district AND id = :id
""")
_OF_GROUP = text("""
    SELECT id, volunteer_id, group_id, version, queue_number FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND group_id = :group_id AND state = :state
    ORDER BY queue_number
""")
_UNANSWERED = text("""
    SELECT id, volunteer_id, state, version FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND state IN ('offered', 'asked_again')
      AND answer_by <= clock_timestamp()
    ORDER BY queue_number
""")
_HELD_ELSEWHERE = text(f"""
    {_OTHER}
    FROM sign_up u
    WHERE u.district = :district AND u.volunteer_id = ANY(CAST(:volunteers AS uuid[])) AND u.shift_id <> :shift_id
      AND u.state IN ('confirmed', 'offered', 'asked_again', 'attending')
      AND u.starts_at < CAST(:ends_at AS timestamptz) AND u.ends_at > CAST(:starts_at AS timestamptz)
    ORDER BY u.starts_at DESC
""")
_WAITED_FOR = text("""
    SELECT DISTINCT u.shift_id FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE u.district = :district AND u.volunteer_id = ANY(CAST(:volunteers AS uuid[])) AND u.shift_id <> :shift_id
      AND u.state = 'waiting' AND s.taken < s.capacity AND s.cancelled_at IS NULL
      AND u.starts_at < CAST(:ends_at AS timestamptz) AND u.ends_at > CAST(:starts_at AS timestamptz)
""")
# to be served still, or waited for with a place free: what changes with the qualifications of a volunteer
_HOLDING_UNQUALIFIED = text(f"""
    SELECT DISTINCT u.shift_id FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id
      AND u.state IN ('confirmed', 'offered', 'asked_again') AND s.starts_at > clock_timestamp()
      AND s.cancelled_at IS NULL AND cardinality(a.needs) > 0 AND {lacks_any("a.needs", "u.volunteer_id")}
    ORDER BY u.shift_id
""")
_WAITING_QUALIFIED = text(f"""
    SELECT DISTINCT u.shift_id FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND u.state = 'waiting' AND s.taken < s.capacity
      AND s.cancelled_at IS NULL AND cardinality(a.needs) > 0 AND NOT {lacks_any("a.needs", "u.volunteer_id")}
    ORDER BY u.shift_id
""")
_HELD_BY = text("""
    SELECT id, volunteer_id, state, version FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = :volunteer_id
      AND state IN ('confirmed', 'offered', 'asked_again')
    FOR UPDATE
""")


_LIVE_TO_COME = text("""
    SELECT DISTINCT s.id, s.starts_at FROM sign_up u JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    WHERE u.district = :district AND u.volunteer_id = :volunteer_id AND u.state = ANY(:states)
      AND s.starts_at > clock_timestamp()
    ORDER BY s.starts_at, s.id
""")
_LIVE_OF = text("""
    SELECT id, state, version FROM sign_up
    WHERE district = :district AND shift_id = :shift_id AND volunteer_id = :volunteer_id AND state = ANY(:states)
    FOR UPDATE
""")
_LIVE = sorted((*HOLDING, SignUpState.WAITING))


@dataclass(frozen=True, slots=True)
class NewSignUp:
    """A sign-up to be put on file, under its first version."""

    id: UUID
    volunteer_id: UUID
    state: SignUpState
    queue_number: int
    group_id: UUID | None


@dataclass(frozen=True, slots=True)
class SignUp:
    """A sign-up as it stands, with what its service record will say of the activity."""

    id: UUID
    shift_id: UUID
    volunteer_id: UUID
    state: SignUpState
    version: int
    station_id: UUID
    published_by: str
    activity_title: str
    service: str
    group_id: UUID | None
    answer_by: datetime | None
    absence: AbsenceClass | None


@dataclass(frozen=True, slots=True)
class LockedShift:
    """A shift and the people on the register who ask for it, as they are locked."""

    shift: Shift
    people: Sequence[KnownPerson]
    lacking: Mapping[UUID, Sequence[str]]
    """Who lacks which of the qualifications that the activity needs."""
    unaccepted: Mapping[UUID, Sequence[str]]
    """Who has to accept which of the district's rule documents first, by title."""

    @property
    def known(self) -> set[UUID]:
        """Their ids."""
        return {person.id for person in self.people}


async def lock_for(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteers: Sequence[UUID]
) -> LockedShift | None:
    """Return a shift and those of the volunteers who are known, locked until the transaction ends; None for no shift.

    Whoever holds these locks alone decides what these people take up, on whatever shift.
    """
    values = {"district": district, "id": shift_id, "volunteers": list(volunteers)}
    row = (await tx.execute(_LOCK_FOR, values)).one_or_none()
    if row is None:
        return None
    minors, agreed = set(row.minors or ()), set(row.agreed or ())
    people = [KnownPerson(one, one in minors, one in agreed) for one in row.known or ()]
    return LockedShift(_shift(row), people, lacking_of(row.lacking), lacking_of(row.unaccepted))


async def lock_volunteers(tx: AsyncConnection, district: str, volunteers: Sequence[UUID]) -> None:
    """Keep others from deciding what these people take up. The shift that is decided about is locked before."""
    await tx.execute(_LOCK_VOLUNTEERS, {"district": district, "volunteers": list(volunteers)})


async def lock_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> Shift | None:
    """Return a shift, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK_SHIFT, {"district": district, "id": shift_id})).one_or_none()
    return _shift(row) if row else None


async def read_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> Shift:
    """Return a shift that is known to exist, without locking it."""
    return _shift((await tx.execute(_READ_SHIFT, {"district": district, "id": shift_id})).one())


def _shift(row: Row[Any]) -> Shift:
    return replace(Shift(*row[:_OWN]), rules=rules_of(row.rules), needs=tuple(row.needs))


async def taken_up(tx: AsyncConnection, district: str, shift: Shift, volunteers: Sequence[UUID]) -> dict[UUID, TakenUp]:
    """Return what the volunteers have taken up for a shift or at its time; the locks come first (``lock_for``)."""
    rows = await tx.execute(_TAKEN_UP, _at(district, shift, volunteers))
    return {row[0]: TakenUp(*row[1:]) for row in rows}


async def held_elsewhere(
    tx: AsyncConnection, district: str, shift: Shift, volunteers: Sequence[UUID]
) -> dict[UUID, TakenUp]:
    """Return where the volunteers hold a place or serve on another shift at that time; their locks come first."""
    rows = await tx.execute(_HELD_ELSEWHERE, _at(district, shift, volunteers))
    return {row[0]: TakenUp(*row[1:]) for row in rows}


async def waited_for(tx: AsyncConnection, district: str, shift: Shift, volunteers: Sequence[UUID]) -> list[UUID]:
    """Return the shifts at the time of this one that have a place free and one of the volunteers waiting."""
    return list((await tx.execute(_WAITED_FOR, _at(district, shift, volunteers))).scalars())


def _at(district: str, shift: Shift, volunteers: Sequence[UUID]) -> dict[str, object]:
    return {
        "district": district,
        "shift_id": shift.id,
        "volunteers": list(volunteers),
        "starts_at": shift.starts_at,
        "ends_at": shift.ends_at,
    }


async def add_sign_ups(
    tx: AsyncConnection, district: str, shift: Shift, decision: GroupDecision, sign_ups: Sequence[NewSignUp]
) -> None:
    """Put sign-ups on file and set how the shift's places stand, in one statement. The shift must be locked."""
    await tx.execute(
        _ADD,
        {
            "district": district,
            "shift_id": shift.id,
            "starts_at": shift.starts_at,
            "ends_at": shift.ends_at,
            "taken": decision.taken,
            "waiting": decision.waiting,
            "next_queue_number": decision.next_queue_number,
            "id": [new.id for new in sign_ups],
            "volunteer_id": [new.volunteer_id for new in sign_ups],
            "state": [new.state for new in sign_ups],
            "queue_number": [new.queue_number for new in sign_ups],
            "group_id": [new.group_id for new in sign_ups],
            "version": 1,
        },
    )


async def queue(tx: AsyncConnection, district: str, shift_id: UUID, after: int, limit: int) -> list[WaitingOne]:
    """Return who waits for a shift, in order of arrival, from after a queue number on."""
    values = {"district": district, "shift_id": shift_id, "after": after, "limit": limit}
    return [WaitingOne(*row) for row in await tx.execute(_QUEUE, values)]


async def whose_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> tuple[UUID, str] | None:
    """Return the station that a shift is of and who published it, or None where there is no such shift."""
    row = (await tx.execute(_WHOSE_SHIFT, {"district": district, "shift_id": shift_id})).one_or_none()
    return (row.station_id, row.published_by) if row else None


async def count_absences(
    tx: AsyncConnection, district: str, volunteer_id: UUID, since: datetime
) -> dict[AbsenceClass, int]:
    """Return how often a volunteer stayed away from shifts that began since a moment, by class."""
    values = {"district": district, "volunteer_id": volunteer_id, "since": since}
    return {AbsenceClass(row[0]): row[1] for row in await tx.execute(_COUNT_ABSENCES, values)}


async def excuse(tx: AsyncConnection, district: str, sign_up_id: UUID) -> None:
    """Take the class of an absence off a locked sign-up; its version rises by one."""
    await tx.execute(_EXCUSE, {"district": district, "id": sign_up_id})


async def of_group(
    tx: AsyncConnection, district: str, shift_id: UUID, group_id: UUID, state: SignUpState
) -> list[WaitingOne]:
    """Return those of a group on a shift who are in a state."""
    values = {"district": district, "shift_id": shift_id, "group_id": group_id, "state": state}
    return [WaitingOne(*row) for row in await tx.execute(_OF_GROUP, values)]


async def unanswered(tx: AsyncConnection, district: str, shift_id: UUID) -> list[tuple[UUID, UUID, SignUpState, int]]:
    """Return the sign-ups of a locked shift that should have been answered by now, by the clock that work is due by.

    Each is its id, volunteer, state and version.
    """
    rows = await tx.execute(_UNANSWERED, {"district": district, "shift_id": shift_id})
    return [(row.id, row.volunteer_id, SignUpState(row.state), row.version) for row in rows]


async def set_states(
    tx: AsyncConnection,
    district: str,
    ids: Sequence[UUID],
    state: SignUpState,
    *,
    answer_by: datetime | None = None,
    absence: AbsenceClass | None = None,
    lapsed: bool = False,
) -> None:
    """Move sign-ups of a locked shift to a state; the version of each rises by one.

    ``lapsed``: nobody has answered by ``answer_by``, which stays on file.
    """
    values = {"district": district, "ids": list(ids), "state": state, "answer_by": answer_by, "absence": absence}
    await tx.execute(_SET_STATES, values | {"lapsed": lapsed})


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
    return SignUp(
        row.id,
        row.shift_id,
        row.volunteer_id,
        SignUpState(row.state),
        row.version,
        row.station_id,
        row.published_by,
        row.title,
        row.service,
        row.group_id,
        row.answer_by,
        AbsenceClass(row.absence) if row.absence else None,
    )


async def set_state(tx: AsyncConnection, district: str, sign_up_id: UUID, state: SignUpState) -> None:
    """Move a locked sign-up to a state; its version rises by one."""
    await tx.execute(_SET_STATE, {"district": district, "id": sign_up_id, "state": state})


async def shifts_held_unqualified(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[UUID]:
    """Return the shifts to come on which a volunteer holds a place and lacks a qualification that is needed today."""
    values = {"district": district, "volunteer_id": volunteer_id}
    return list((await tx.execute(_HOLDING_UNQUALIFIED, values)).scalars())


async def shifts_waited_for_qualified(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[UUID]:
    """Return the shifts with a place free that a volunteer waits for and is qualified for today."""
    values = {"district": district, "volunteer_id": volunteer_id}
    return list((await tx.execute(_WAITING_QUALIFIED, values)).scalars())


async def live_to_come(tx: AsyncConnection, district: str, volunteer_id: UUID) -> list[UUID]:
    """Return the shifts to come that somebody has a place on or waits for, by start."""
    values = {"district": district, "volunteer_id": volunteer_id, "states": _LIVE}
    return list((await tx.execute(_LIVE_TO_COME, values)).scalars())


async def live_for(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID
) -> list[tuple[UUID, UUID, SignUpState, int]]:
    """Return somebody's live sign-ups for a locked shift: each its id, volunteer, state and version."""
    values = {"district": district, "shift_id": shift_id, "volunteer_id": volunteer_id, "states": _LIVE}
    rows = await tx.execute(_LIVE_OF, values)
    return [(row.id, volunteer_id, SignUpState(row.state), row.version) for row in rows]


async def place_of(
    tx: AsyncConnection, district: str, shift_id: UUID, volunteer_id: UUID
) -> tuple[UUID, UUID, SignUpState, int] | None:
    """Return the place that a volunteer holds on a locked shift: sign-up, volunteer, state and version; or None."""
    values = {"district": district, "shift_id": shift_id, "volunteer_id": volunteer_id}
    row = (await tx.execute(_HELD_BY, values)).one_or_none()
    return (row.id, row.volunteer_id, SignUpState(row.state), row.version) if row else None

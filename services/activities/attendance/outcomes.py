"""What somebody's attendance comes to when staff say what was true: at closing, by a claim, from an offline list.

Invariant: each version of a sign-up has its event; a service record and its sign-up change in one transaction, by a
constant number of statements. What was tapped stays on file beside what is credited.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.crediting import Credit, credit
from services.activities.attendance.domain import Attendance, Span
from services.activities.signing_up.domain import SignUpState
from shared.contracts import AbsenceClass, AbsenceExcused, CheckInWay, Event, ShiftMissed, VolunteerCheckedOut
from shared.contracts.actor import Actor
from shared.store.event_log import NewEvent

_CONFIRMED = "confirmed by the leader"


@dataclass(frozen=True, slots=True)
class Settled:
    """How an attendance is to stand, what changes of its credit, and its events: one for each version."""

    after: Attendance
    credit: Credit | None
    events: Sequence[Event]

    def told(self, actor: Actor, at: datetime) -> Iterator[NewEvent]:
        """Yield its events, to be appended."""
        first = self.after.version - len(self.events) + 1
        for number, event in enumerate(self.events):
            yield NewEvent(actor.district, self.after.sign_up_id, first + number, event, actor.name, at)


async def settle(tx: AsyncConnection, actor: Actor, settled: Sequence[Settled], at: datetime) -> list[NewEvent]:
    """Let locked attendances and their records stand so; return the events, to be appended.

    Raises RefusedError ``overlap`` where somebody serves elsewhere at that time.
    """
    asked = [each.credit for each in settled if each.credit]
    credited = (await credit(tx, actor, asked)).events if asked else ()
    changed = [each.after for each in settled if each.events]
    if changed:
        await repository.write(tx, actor.district, changed)
    return [*(event for each in settled for event in each.told(actor, at)), *credited]


def serving(found: Attendance, span: Span, reason: str) -> Settled:
    """Return that somebody served so, whatever was tapped; ``reason`` is why, empty where nobody had to say."""
    said = reason or _CONFIRMED
    served = Credit(found, span, said)
    if found.state is SignUpState.COMPLETED:
        return Settled(found, served, [])
    left = VolunteerCheckedOut(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        volunteer_id=found.volunteer_id,
        checked_out_at=span.ended_at,
        way=CheckInWay.LEADER,
        reason=reason or None,
    )
    events = [excused(found, said), left] if found.absence else [left]
    after = replace(
        found,
        version=found.version + len(events),
        state=SignUpState.COMPLETED,
        absence=None,
        checked_in_at=found.checked_in_at or span.started_at,
        checked_in_by=found.checked_in_by or CheckInWay.LEADER,
        checked_out_at=span.ended_at,
        checked_out_by=CheckInWay.LEADER,
    )
    return Settled(after, replace(served, attendance=after), events)


def missing_it(found: Attendance) -> Settled:
    """Return that somebody did not come, whatever was tapped."""
    after = replace(
        found,
        version=found.version + 1,
        state=SignUpState.CONFIRMED,
        absence=AbsenceClass.NO_SHOW,
        checked_in_at=None,
        checked_in_by=None,
        inside=None,
        checked_out_at=None,
        checked_out_by=None,
    )
    event = ShiftMissed(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        activity_id=found.activity_id,
        activity_title=found.activity_title,
        starts_at=found.starts_at,
        volunteer_id=found.volunteer_id,
    )
    void = Credit(after, None, "did not come") if found.state is SignUpState.COMPLETED else None
    return Settled(after, void, [event])


def excused(found: Attendance, reason: str) -> AbsenceExcused:
    """Return the event that it is not counted any more that somebody did not come."""
    return AbsenceExcused(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        volunteer_id=found.volunteer_id,
        absence=AbsenceClass.NO_SHOW,
        reason=reason,
        activity_title=found.activity_title,
    )

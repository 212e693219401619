"""Late withdrawals and no-shows: counted, and taken back by whoever staffs the activity (domain.md row 29)."""

from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.domain import text_fault
from services.activities.signing_up import repository as sign_ups
from shared.contracts import AbsenceClass, AbsenceExcused
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, now

COUNTED = timedelta(days=365)
_LONGEST_REASON = 200


class Absences(BaseModel):
    """How often a volunteer stayed away from a place since a moment, without an excuse."""

    volunteer_id: UUID
    since: datetime
    late_withdrawals: int
    no_shows: int


async def count_absences(tx: AsyncConnection, actor: Actor, volunteer_id: UUID) -> Absences:
    """Count a volunteer's absences of the last year. Raises RefusedError ``not_found`` for somebody else's."""
    if not actor.may_see(volunteer_id):
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    since = now() - COUNTED
    counted = await sign_ups.count_absences(tx, actor.district, volunteer_id, since)
    return Absences(
        volunteer_id=volunteer_id,
        since=since,
        late_withdrawals=counted.get(AbsenceClass.LATE_WITHDRAWAL, 0),
        no_shows=counted.get(AbsenceClass.NO_SHOW, 0),
    )


async def excuse_absence(tx: AsyncConnection, actor: Actor, sign_up_id: UUID, reason: str) -> None:
    """Take back that somebody stayed away; doing it again changes nothing.

    Raises RefusedError ``not_found`` where the actor does not staff the activity, or ``missing`` without a reason.
    """
    if fault := text_fault("reason", reason, _LONGEST_REASON):
        raise RefusedError(fault)
    sign_up = await sign_ups.lock_sign_up(tx, actor.district, sign_up_id)
    if sign_up is None or not actor.reaches(unit=sign_up.station_id, made_by=sign_up.published_by):
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    if sign_up.absence is None:
        return
    await sign_ups.excuse(tx, actor.district, sign_up_id)
    event = AbsenceExcused(
        sign_up_id=sign_up_id,
        shift_id=sign_up.shift_id,
        volunteer_id=sign_up.volunteer_id,
        absence=sign_up.absence,
        reason=reason,
        activity_title=sign_up.activity_title,
    )
    await event_log.append(tx, [NewEvent(actor.district, sign_up_id, sign_up.version + 1, event, actor.name)])

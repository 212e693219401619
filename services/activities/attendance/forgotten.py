"""Check-outs that were forgotten are closed by the clock (domain.md row 33).

Invariant: who has not checked out half an hour after their shift's end is flagged, and credited nothing until a leader
confirms what was true. Load-bearing: one item of work a shift, scheduled with its first check-in and again by whatever
lets somebody serve on; it looks at the shift's end as it is when it runs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from uuid import NAMESPACE_OID, UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import repository
from services.activities.attendance.domain import Attendance
from services.activities.signing_up.domain import SignUpState
from shared.contracts import CheckOutMissed
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Done, Item, Later, NewWork, Outcome, Patience, WorkKind, in_transaction
from shared.work.queue import schedule

KIND = "forgotten_check_outs"


async def schedule_closing(tx: AsyncConnection, district: str, serving: Attendance) -> None:
    """Have the forgotten check-outs of somebody's shift closed in their time; again changes nothing."""
    await schedule(
        tx,
        [
            NewWork(
                district=district,
                kind=KIND,
                id=uuid5(NAMESPACE_OID, f"{KIND}:{district}:{serving.shift_id}"),
                payload={"shift_id": str(serving.shift_id)},
                due_at=serving.ends_at + serving.rules.forgotten_after,
            )
        ],
    )


async def close_forgotten(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
    """Flag those of some shifts who have not checked out; of a shift that was moved, later."""
    return {item: await _close(tx, item) for item in items}


async def _close(tx: AsyncConnection, item: Item) -> Outcome:
    district, shift_id = item.district, UUID(item.payload["shift_id"])
    shift = await repository.read_shift(tx, district, shift_id)
    if shift is None:
        return Done()
    if now() < shift.ends_at + shift.rules.forgotten_after:
        return Later(shift.ends_at + shift.rules.forgotten_after, code="not_over")
    serving = [
        each for each in await repository.lock_of_shift(tx, district, shift_id) if each.state is SignUpState.ATTENDING
    ]
    if serving:
        await repository.write(
            tx,
            district,
            [replace(each, version=each.version + 1, state=SignUpState.MISSING_CHECK_OUT) for each in serving],
        )
        await event_log.append(
            tx,
            [
                NewEvent(district, each.sign_up_id, each.version + 1, missed(each), f"work:{item.id}")
                for each in serving
            ],
        )
    return Done()


def missed(found: Attendance) -> CheckOutMissed:
    """Return the event that somebody who came has not checked out."""
    assert found.checked_in_at is not None  # noqa: S101 - who attends has checked in: the table's own condition
    return CheckOutMissed(
        sign_up_id=found.sign_up_id,
        shift_id=found.shift_id,
        activity_id=found.activity_id,
        activity_title=found.activity_title,
        volunteer_id=found.volunteer_id,
        checked_in_at=found.checked_in_at,
        ends_at=found.ends_at,
    )


FORGOTTEN_CHECK_OUTS = WorkKind(
    name=KIND, run=in_transaction(close_forgotten), patience=Patience(attempts=20), batch=20
)

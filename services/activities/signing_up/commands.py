"""Signing up: requests for one shift are decided together, each with a verdict of its own, in order of arrival.

Invariant: whoever decides holds the shift's row lock (``lock_shift``), so capacity is exact whatever the number of
processes; statements per group are constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up import repository
from services.activities.signing_up.domain import Place, Shift, SignUpState, decide_group
from services.activities.signing_up.repository import NewSignUp
from shared.contracts import Event, VolunteerSignedUp, VolunteerWaitlisted
from shared.contracts.actor import Actor
from shared.contracts.faults import Code, Fault, RefusedError
from shared.ops.tracing import current_traceparent
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now


class SignUpAnswer(BaseModel):
    """What a volunteer got: a confirmed place, or a position (from 1) on the waiting list."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "sign_up_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "state": "waiting",
                    "queue_number": 23,
                    "position": 3,
                }
            ]
        }
    )

    sign_up_id: UUID
    state: SignUpState
    queue_number: int
    position: int | None


@dataclass(frozen=True, slots=True)
class SignUpRequest:
    """A volunteer who asks for a place."""

    actor: Actor
    volunteer_id: UUID
    traceparent: str | None = field(default_factory=current_traceparent)


async def open_shift(tx: AsyncConnection, district: str, shift_id: UUID) -> Shift:
    """Lock a shift until the transaction ends. Raises RefusedError ``not_found``."""
    shift = await repository.lock_shift(tx, district, shift_id)
    if shift is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    return shift


async def sign_up(
    tx: AsyncConnection, district: str, shift: Shift, requests: Sequence[SignUpRequest]
) -> list[SignUpAnswer | RefusedError]:
    """Decide requests for a locked shift; return what each of them gets, in order."""
    volunteers = [request.volunteer_id for request in requests]
    registered, live = await repository.known_and_live(tx, district, shift.id, volunteers)
    decision = decide_group(shift, now(), volunteers, registered, live)
    verdicts: list[SignUpAnswer | RefusedError] = []
    placed: list[NewSignUp] = []
    events: list[NewEvent] = []
    for request, place in zip(requests, decision.verdicts, strict=True):
        if isinstance(place, Fault):
            verdicts.append(RefusedError(place))
            continue
        new = NewSignUp(new_id(), request.volunteer_id, place.state, place.queue_number)
        placed.append(new)
        events.append(
            NewEvent(district, new.id, 1, _event(shift, new), request.actor.name, traceparent=request.traceparent)
        )
        verdicts.append(_answer(new, place))
    if placed:
        await repository.add_sign_ups(tx, district, shift.id, decision, placed)
        await event_log.append(tx, events)
    return verdicts


def _answer(new: NewSignUp, place: Place) -> SignUpAnswer:
    return SignUpAnswer(sign_up_id=new.id, state=place.state, queue_number=place.queue_number, position=place.position)


def _event(shift: Shift, new: NewSignUp) -> Event:
    if new.state is SignUpState.WAITING:
        return VolunteerWaitlisted(
            sign_up_id=new.id,
            shift_id=shift.id,
            activity_id=shift.activity_id,
            volunteer_id=new.volunteer_id,
            queue_number=new.queue_number,
        )
    return VolunteerSignedUp(
        sign_up_id=new.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=new.volunteer_id,
    )

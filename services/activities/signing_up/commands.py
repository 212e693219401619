"""Signing up: requests for one shift are decided together, each with a verdict of its own, in order of arrival.

Invariant: whoever decides holds the shift's row lock, so capacity is exact whatever the number of processes, and after
it the locks of all who ask (``lock_for``), so nobody takes up two things at one time, on whatever shifts they ask at
once; statements per group are constant.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.signing_up import repository
from services.activities.signing_up.domain import Place, Shift, SignUpState, barred_from, decide_group
from services.activities.signing_up.repository import LockedShift, NewSignUp
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


class GroupSignUpAnswer(SignUpAnswer):
    """What people who come together got: the first of them above, each of them in ``group``, in the order named."""

    group: list[SignUpAnswer]


@dataclass(frozen=True, slots=True)
class SignUpRequest:
    """One volunteer or several who ask for a place; several come together or not at all."""

    actor: Actor
    party: Sequence[UUID]
    traceparent: str | None = field(default_factory=current_traceparent)


async def open_shift(
    tx: AsyncConnection, district: str, shift_id: UUID, requests: Sequence[SignUpRequest]
) -> LockedShift:
    """Lock a shift, and then all who ask for it, until the transaction ends. Raises RefusedError ``not_found``."""
    found = await repository.lock_for(tx, district, shift_id, _people(requests))
    if found is None:
        raise RefusedError(Fault("shift_id", Code.NOT_FOUND))
    return found


async def sign_up(
    tx: AsyncConnection, district: str, locked: LockedShift, requests: Sequence[SignUpRequest]
) -> list[SignUpAnswer | RefusedError]:
    """Decide requests for a locked shift; return what each of them gets, in order."""
    shift = locked.shift
    taken_up = await repository.taken_up(tx, district, shift, _people(requests))
    barred = barred_from(shift, locked.people)
    parties = [request.party for request in requests]
    decision = decide_group(shift, now(), parties, locked.known, taken_up, locked.lacking, barred, locked.unaccepted)
    verdicts: list[SignUpAnswer | RefusedError] = []
    placed: list[NewSignUp] = []
    events: list[NewEvent] = []
    for request, places in zip(requests, decision.verdicts, strict=True):
        if isinstance(places, RefusedError):
            verdicts.append(places)
            continue
        group_id = new_id() if len(places) > 1 else None
        new = [
            NewSignUp(new_id(), volunteer, place.state, place.queue_number, group_id)
            for volunteer, place in zip(request.party, places, strict=True)
        ]
        placed += new
        by, trace = request.actor.name, request.traceparent
        events += [
            NewEvent(district, one.id, 1, _event(shift, one, place), by, traceparent=trace)
            for one, place in zip(new, places, strict=True)
        ]
        verdicts.append(_answer(new, places))
    if placed:
        await repository.add_sign_ups(tx, district, shift, decision, placed)
        await event_log.append(tx, events)
    return verdicts


def _people(requests: Sequence[SignUpRequest]) -> list[UUID]:
    return [volunteer for request in requests for volunteer in request.party]


def _answer(new: Sequence[NewSignUp], places: Sequence[Place]) -> SignUpAnswer:
    answers = [
        SignUpAnswer(sign_up_id=one.id, state=place.state, queue_number=place.queue_number, position=place.position)
        for one, place in zip(new, places, strict=True)
    ]
    return answers[0] if len(answers) == 1 else GroupSignUpAnswer(**dict(answers[0]), group=answers)


def _event(shift: Shift, new: NewSignUp, place: Place) -> Event:
    if new.state is SignUpState.WAITING:
        return VolunteerWaitlisted(
            sign_up_id=new.id,
            shift_id=shift.id,
            activity_id=shift.activity_id,
            volunteer_id=new.volunteer_id,
            queue_number=new.queue_number,
            position=place.position,
            activity_title=shift.activity_title,
            starts_at=shift.starts_at,
        )
    return VolunteerSignedUp(
        sign_up_id=new.id,
        shift_id=shift.id,
        activity_id=shift.activity_id,
        activity_title=shift.activity_title,
        starts_at=shift.starts_at,
        volunteer_id=new.volunteer_id,
        ends_at=shift.ends_at,
        place=shift.place,
    )

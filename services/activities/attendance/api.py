"""Attendance over HTTP: check in and out by code or from a leader's list, take a tap back."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.attendance import by_code, commands, queries
from services.activities.attendance.by_code import CodeOf, ShiftCode
from services.activities.attendance.closing import ClosedShift, Entry, ReopenedShift, close_shift, reopen_shift
from services.activities.attendance.codes import SecretBox
from services.activities.attendance.commands import CheckedIn, CheckedOut, UndoneTap
from services.activities.attendance.queries import CheckInView, ClosingList
from services.activities.attendance.walk_ins import admit_walk_in
from shared.contracts import CheckInWay
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Number, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.store.engine import Store

router = APIRouter(prefix="/v1", tags=["attendance"])

# An activity is of a station and names no team: a team leader staffs those that they have published.
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]
Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
VolunteerOrLeader = Annotated[
    Caller,
    Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER, Role.VOLUNTEER])),
]


async def _box(request: Request) -> SecretBox:
    box: SecretBox = request.app.state.attendance_secrets
    return box


Box = Annotated[SecretBox, Depends(_box)]


class PresentedCode(BaseModel):
    """A code of the place: the QR's token, or the shift and its six digits."""

    token: str | None = None
    shift_id: UUID | None = None
    digits: Number | None = None

    @property
    def by_digits(self) -> tuple[UUID, str] | None:
        """The shift and the digits, where both are given."""
        return (self.shift_id, self.digits) if self.shift_id and self.digits else None


class CheckIn(PresentedCode):
    """A code of the place, and whether the phone says that it is there (asked for; never where it is)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"shift_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77", "digits": "492039", "inside": True}]
        }
    )

    inside: bool | None = None


class CheckOut(PresentedCode):
    """A code of the place, or the sign-up that has come to its end."""

    sign_up_id: UUID | None = None


class Staffed(BaseModel):
    """How staff check somebody in or out: from the leader's list, or at a device of the station."""

    way: CheckInWay = CheckInWay.LEADER

    @model_validator(mode="after")
    def _only_staff(self) -> "Staffed":
        if self.way not in (CheckInWay.LEADER, CheckInWay.KIOSK):
            raise ValueError
        return self


class WalkIn(BaseModel):
    """Who has come without having signed up."""

    volunteer_number: Number


class ClosingEntry(BaseModel):
    """What a leader says of a sign-up: real times (a missing one is as the rules have it) and breaks, or no show."""

    sign_up_id: UUID
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    break_minutes: int = 0
    no_show: bool | None = None
    rating: int | None = Field(None, ge=1, le=5, description="How good the service was, as the organiser says.")
    reason: Paragraphs = ""


class Closing(BaseModel):
    """What is missing in a shift's attendance, or is to be put right."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "entries": [
                        {
                            "sign_up_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                            "ended_at": "2026-03-01T11:00:00+08:00",
                            "break_minutes": 10,
                            "reason": "忘记签退",
                        }
                    ]
                }
            ]
        }
    )

    entries: list[ClosingEntry] = Field([], max_length=10_000)


class Reopening(BaseModel):
    """Why a closed shift is opened again."""

    reason: Paragraphs = ""


@router.get("/shifts/{shift_id}/code")
async def show_code(shift_id: UUID, store: ApiStore, caller: Leader, box: Box) -> ShiftCode:
    """Show what the wall of a shift's place shows: a QR token of 30 s, digits of 60 s, how many have come."""
    async with store.transaction(caller.district) as tx:
        return await by_code.show_code(tx, caller, box, shift_id)


@router.get("/check-ins/{token}", responses={409: {}})
async def show_check_in(token: str, store: ApiStore, caller: Volunteer, box: Box) -> CheckInView:
    """Show what a scanned QR opens: the shift and how the caller stands to it. Nothing is changed."""
    async with store.transaction(caller.district) as tx:
        code = await by_code.accept_token(tx, caller, box, token)
        return await queries.check_in_view(tx, caller, code.shift_id)


@router.post("/check-ins", response_model=CheckedIn, responses={404: {}, 429: {}})
async def check_in_by_code(
    body: CheckIn, store: ApiStore, caller: Volunteer, key: IdempotencyKey, box: Box
) -> Response:
    """Check oneself in with the code of the place: from half an hour before the start until the end.

    A refusal says ``opens_at`` where it is too early, how many tries are ``left`` after wrong digits, ``again_at``
    after too many, and the ``other`` place where the volunteer serves elsewhere.
    """
    left = await _count_try(store, caller, body)
    async with store.transaction(caller.district) as tx:

        async def command() -> CheckedIn:
            code = await _accept(tx, caller, box, body, left)
            return await by_code.check_in_by_code(tx, caller, code, body.inside)

        return await idempotent(tx, caller, key, 200, command)


@router.post("/check-outs", response_model=CheckedOut, responses={404: {}, 429: {}})
async def check_out_oneself(
    body: CheckOut, store: ApiStore, caller: Volunteer, key: IdempotencyKey, box: Box
) -> Response:
    """Check oneself out, with a code of the place or without: the time given becomes a service record, once."""
    left = await _count_try(store, caller, body)
    async with store.transaction(caller.district) as tx:

        async def command() -> CheckedOut:
            if body.sign_up_id:
                return await commands.check_out_own(tx, caller, body.sign_up_id)
            return await by_code.check_out_by_code(tx, caller, await _accept(tx, caller, box, body, left))

        return await idempotent(tx, caller, key, 200, command)


@router.post("/sign-ups/{sign_up_id}/check-in", response_model=CheckedIn)
async def check_in(
    sign_up_id: UUID, store: ApiStore, caller: Leader, key: IdempotencyKey, body: Staffed | None = None
) -> Response:
    """Check somebody in from the leader's list or at a kiosk: from half an hour before the start until the end."""
    way = (body or Staffed()).way
    async with store.transaction(caller.district) as tx:
        command = partial(commands.check_in_from_list, tx, caller, sign_up_id, way)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/sign-ups/{sign_up_id}/check-out", response_model=CheckedOut)
async def check_out(
    sign_up_id: UUID, store: ApiStore, caller: Leader, key: IdempotencyKey, body: Staffed | None = None
) -> Response:
    """Check somebody out from the leader's list or at a kiosk: the time given becomes a service record, once."""
    way = (body or Staffed()).way
    async with store.transaction(caller.district) as tx:
        command = partial(commands.check_out_from_list, tx, caller, sign_up_id, way)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/sign-ups/{sign_up_id}/undo", response_model=UndoneTap)
async def undo(sign_up_id: UUID, store: ApiStore, caller: VolunteerOrLeader, key: IdempotencyKey) -> Response:
    """Take the last tap back: the volunteer for five minutes, staff until the shift is closed."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.undo, tx, caller, sign_up_id))


@router.post("/shifts/{shift_id}/walk-ins", response_model=CheckedIn)
async def admit(shift_id: UUID, body: WalkIn, store: ApiStore, caller: Leader, key: IdempotencyKey) -> Response:
    """Check in who has not signed up, where a place is left: a volunteer of the district, by number."""
    async with store.transaction(caller.district) as tx:
        command = partial(admit_walk_in, tx, caller, shift_id, body.volunteer_number)
        return await idempotent(tx, caller, key, 200, command)


@router.get("/shifts/{shift_id}/closing")
async def show_closing(shift_id: UUID, store: ApiStore, caller: Leader) -> ClosingList:
    """Show what is known of a shift's attendance, and what is missing before it can be closed."""
    async with store.transaction(caller.district) as tx:
        return await queries.closing_list(tx, caller, shift_id)


@router.post("/shifts/{shift_id}/close", response_model=ClosedShift)
async def close(shift_id: UUID, body: Closing, store: ApiStore, caller: Leader, key: IdempotencyKey) -> Response:
    """Close a shift that is over: who has a place and never came is a no-show; everything else must be known."""
    entries = [Entry(**entry.model_dump()) for entry in body.entries]
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(close_shift, tx, caller, shift_id, entries))


@router.post("/shifts/{shift_id}/reopen", response_model=ReopenedShift)
async def reopen(shift_id: UUID, body: Reopening, store: ApiStore, caller: Leader, key: IdempotencyKey) -> Response:
    """Open a closed shift again, to put its attendance right."""
    async with store.transaction(caller.district) as tx:
        command = partial(reopen_shift, tx, caller, shift_id, body.reason)
        return await idempotent(tx, caller, key, 200, command)


async def _count_try(store: Store, caller: Caller, body: PresentedCode) -> int:
    """Count typed digits before they are looked at, for good; return how many more tries there are."""
    if caller.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    if body.by_digits is None:
        return 0
    async with store.transaction(caller.district) as tx:
        return await by_code.count_try(tx, caller, caller.volunteer_id)


async def _accept(tx: AsyncConnection, caller: Caller, box: SecretBox, body: PresentedCode, left: int) -> CodeOf:
    if body.token:
        return await by_code.accept_token(tx, caller, box, body.token)
    if body.by_digits:
        return await by_code.accept_digits(tx, caller, box, *body.by_digits, left)
    raise RefusedError(Fault("digits" if body.shift_id else "token", Code.MISSING))

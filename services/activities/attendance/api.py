"""Attendance over HTTP: check in and out."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from services.activities.attendance import commands
from services.activities.attendance.commands import CheckedIn, CheckedOut
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent

router = APIRouter(prefix="/v1/sign-ups", tags=["sign-ups"])

# An activity is of a station and names no team: a team leader staffs those that they have published.
VolunteerOrLeader = Annotated[
    Caller,
    Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER, Role.VOLUNTEER])),
]


@router.post("/{sign_up_id}/check-in", response_model=CheckedIn)
async def check_in(sign_up_id: UUID, store: ApiStore, caller: VolunteerOrLeader, key: IdempotencyKey) -> Response:
    """Check in, or as a leader check somebody in: from half an hour before the start until the end."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.check_in, tx, caller, sign_up_id))


@router.post("/{sign_up_id}/check-out", response_model=CheckedOut)
async def check_out(sign_up_id: UUID, store: ApiStore, caller: VolunteerOrLeader, key: IdempotencyKey) -> Response:
    """Check out: the time given becomes a service record, once."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.check_out, tx, caller, sign_up_id))

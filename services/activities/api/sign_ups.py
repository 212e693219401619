"""Sign-ups over HTTP: sign up, withdraw, check in and out."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response

from services.activities import queries
from services.activities.commands import attendance
from services.activities.commands.attendance import CheckedIn, CheckedOut
from services.activities.commands.sign_ups import SignUpAnswer, SignUpGroups
from services.activities.commands.withdrawal import withdraw_sign_up
from services.activities.queries import MySignUp, ShiftSignUp
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey
from shared.http.pages import Page, RequestedPage, cursor, whole_number
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1", tags=["sign-ups"])


async def _groups(request: Request) -> SignUpGroups:
    groups: SignUpGroups = request.app.state.sign_up_groups
    return groups


Groups = Annotated[SignUpGroups, Depends(_groups)]
# An activity is of a station and names no team: a team leader staffs those that they have published.
Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]
VolunteerOrLeader = Annotated[
    Caller,
    Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER, Role.VOLUNTEER])),
]


@router.post("/shifts/{shift_id}/sign-ups", status_code=201, response_model=SignUpAnswer)
async def sign_up(shift_id: UUID, groups: Groups, caller: Volunteer, key: IdempotencyKey) -> Response:
    """Sign up for a shift: a confirmed place while there are any, then the waiting list."""
    return (await groups.sign_up(caller, shift_id, key)).response()


@router.get("/me/sign-ups")
async def list_mine(store: ApiStore, caller: Volunteer, page: RequestedPage) -> Page[MySignUp]:
    """List the caller's own sign-ups, newest first."""
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    (after,) = page.position(UUID) or (None,)
    found = await queries.sign_ups_of_volunteer(store, caller.district, caller.volunteer_id, after, page.limit + 1)
    shown = found[: page.limit]
    return Page(items=shown, next_cursor=cursor(str(shown[-1].id)) if len(found) > page.limit else None)


@router.get("/shifts/{shift_id}/sign-ups")
async def list_of_shift(shift_id: UUID, store: ApiStore, caller: Leader, page: RequestedPage) -> Page[ShiftSignUp]:
    """List a shift's sign-ups in order of arrival."""
    (after,) = page.position(whole_number) or (0,)
    found = await queries.sign_ups_of_shift(store, caller, shift_id, after, page.limit + 1)
    shown = found[: page.limit]
    return Page(items=shown, next_cursor=cursor(str(shown[-1].queue_number)) if len(found) > page.limit else None)


@router.delete("/sign-ups/{sign_up_id}", status_code=204)
async def withdraw(sign_up_id: UUID, store: ApiStore, caller: Volunteer) -> None:
    """Withdraw one's own sign-up before the shift starts; the place goes to the first who waits."""
    await withdraw_sign_up(store, caller, sign_up_id)


@router.post("/sign-ups/{sign_up_id}/check-in", response_model=CheckedIn)
async def check_in(sign_up_id: UUID, store: ApiStore, caller: VolunteerOrLeader, key: IdempotencyKey) -> Response:
    """Check in, or as a leader check somebody in: from half an hour before the start until the end."""
    return (await attendance.check_in(store, caller, key, sign_up_id)).response()


@router.post("/sign-ups/{sign_up_id}/check-out", response_model=CheckedOut)
async def check_out(sign_up_id: UUID, store: ApiStore, caller: VolunteerOrLeader, key: IdempotencyKey) -> Response:
    """Check out: the time given becomes a service record, once."""
    return (await attendance.check_out(store, caller, key, sign_up_id)).response()

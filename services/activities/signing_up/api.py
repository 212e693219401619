"""Sign-ups over HTTP: sign up, withdraw, see who has signed up."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from services.activities.signing_up import commands, queries
from services.activities.signing_up.commands import SignUpAnswer, SignUpRequest
from services.activities.signing_up.domain import Shift
from services.activities.signing_up.queries import ShiftSignUp
from services.activities.signing_up.withdrawal import withdraw_sign_up
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.group_commit import GroupCommit
from shared.http.idempotency import IdempotencyKey
from shared.http.pages import Page, RequestedPage, whole_number
from shared.ops import metrics
from shared.store.engine import Store

router = APIRouter(prefix="/v1", tags=["sign-ups"])

SignUps = GroupCommit[Shift, SignUpRequest]


def groups(store: Store) -> SignUps:
    """Return what decides a rush for a shift in groups."""
    return GroupCommit(store, commands.open_shift, commands.sign_up, status=201, group_size=metrics.SIGN_UP_GROUP_SIZE)


async def prepare(app: FastAPI, store: Store, _settings: object) -> None:
    """Let the routes of this process share the groups."""
    app.state.sign_ups = groups(store)


async def _groups(request: Request) -> SignUps:
    found: SignUps = request.app.state.sign_ups
    return found


Groups = Annotated[SignUps, Depends(_groups)]
# An activity is of a station and names no team: a team leader staffs those that they have published.
Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


@router.post("/shifts/{shift_id}/sign-ups", status_code=201, response_model=SignUpAnswer)
async def sign_up(shift_id: UUID, groups: Groups, caller: Volunteer, key: IdempotencyKey) -> Response:
    """Sign up for a shift: a confirmed place while there are any, then the waiting list."""
    if caller.volunteer_id is None:
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    request = SignUpRequest(caller, caller.volunteer_id)
    return (await groups.ask(caller, shift_id, key, request)).response()


@router.get("/shifts/{shift_id}/sign-ups")
async def list_of_shift(shift_id: UUID, store: ApiStore, caller: Leader, page: RequestedPage) -> Page[ShiftSignUp]:
    """List a shift's sign-ups in order of arrival."""
    (after,) = page.position(whole_number) or (0,)
    async with store.transaction(caller.district) as tx:
        found = await queries.sign_ups_of_shift(tx, caller, shift_id, after, page.limit + 1)
    return Page.of(found, page.limit, lambda sign_up: (str(sign_up.queue_number),))


@router.delete("/sign-ups/{sign_up_id}", status_code=204)
async def withdraw(sign_up_id: UUID, store: ApiStore, caller: Volunteer) -> None:
    """Withdraw one's own sign-up before the shift starts; the place goes to the first who waits."""
    async with store.transaction(caller.district) as tx:
        await withdraw_sign_up(tx, caller, sign_up_id)

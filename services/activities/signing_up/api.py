"""Sign-ups over HTTP: sign up, withdraw, see who has signed up."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.activities.signing_up import absences, commands, queries, withdrawal
from services.activities.signing_up.absences import Absences
from services.activities.signing_up.acceptance import Accepted, accept_place
from services.activities.signing_up.commands import GroupSignUpAnswer, SignUpAnswer, SignUpRequest
from services.activities.signing_up.domain import LARGEST_PARTY
from services.activities.signing_up.party import find_party
from services.activities.signing_up.queries import ShiftSignUp
from services.activities.signing_up.repository import LockedShift
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_by, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Number, Paragraphs
from shared.http.group_commit import GroupCommit
from shared.http.idempotency import Claim, IdempotencyKey, claim_without_body, idempotent
from shared.http.pages import Page, RequestedPage, whole_number
from shared.http.short_route import ShortRoute
from shared.ops import metrics
from shared.store.engine import Store

router = APIRouter(prefix="/v1", tags=["sign-ups"])

SignUps = GroupCommit[LockedShift, SignUpRequest]


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
_SIGNS_UP = caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER, Role.VOLUNTEER])
VolunteerOrLeader = Annotated[Caller, Depends(_SIGNS_UP)]
VolunteerOrAdmin = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, own=[Role.VOLUNTEER]))]
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]


class NewSignUp(BaseModel):
    """Who comes: with nothing said, the caller alone."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"group": ["510115-V-000002", "510115-V-000003"]}]})

    group: list[Number] = Field(
        default=[],
        max_length=LARGEST_PARTY,
        description="Volunteer numbers of those who come together or not at all: of team mates who come along with the "
        "caller, or of anybody, where the caller staffs the activity.",
    )


@router.post("/shifts/{shift_id}/sign-ups", status_code=201, response_model=SignUpAnswer | GroupSignUpAnswer)
async def sign_up(
    shift_id: UUID,
    groups: Groups,
    store: ApiStore,
    caller: VolunteerOrLeader,
    key: IdempotencyKey,
    body: NewSignUp | None = None,
) -> Response:
    """Sign up for a shift: a confirmed place while there are any, then the waiting list.

    Refused with ``overlap``, naming the other one, where the caller has taken up something else at that time.
    """
    if body and body.group:
        async with store.transaction(caller.district) as tx:
            party = await find_party(tx, caller, shift_id, body.group)
        return (await groups.ask(caller, shift_id, key, SignUpRequest(caller, party))).response()
    return await _sign_up_alone(shift_id, groups, caller, key)


async def _sign_up_alone(shift_id: UUID, groups: SignUps, caller: Caller, key: Claim | None) -> Response:
    if not (caller.volunteer_id and caller.has(Role.VOLUNTEER)):
        raise RefusedError(Fault("volunteer_id", Code.FORBIDDEN))
    return (await groups.ask(caller, shift_id, key, SignUpRequest(caller, (caller.volunteer_id,)))).response()


async def _sign_up_in_a_rush(request: Request) -> Response:
    """Do what ``sign_up`` does for a request without a body."""
    caller = await caller_by(_SIGNS_UP, request)
    key = claim_without_body(request)
    return await _sign_up_alone(request.path_params["shift_id"], await _groups(request), caller, key)


SHORT_WAY = ShortRoute("/v1/shifts/{shift_id:uuid}/sign-ups", _sign_up_in_a_rush, methods=["POST"])


class Excuse(BaseModel):
    """Why an absence is not counted."""

    reason: Paragraphs = ""


@router.post("/sign-ups/{sign_up_id}/excuse", status_code=204)
async def excuse(sign_up_id: UUID, body: Excuse, store: ApiStore, caller: Leader) -> None:
    """Take back that somebody withdrew late or did not come."""
    async with store.transaction(caller.district) as tx:
        await absences.excuse_absence(tx, caller, sign_up_id, body.reason)


class TakingOff(BaseModel):
    """Why somebody is not expected; they read it."""

    reason: Paragraphs = ""


@router.post("/sign-ups/{sign_up_id}/take-off", status_code=204)
async def take_off(sign_up_id: UUID, body: TakingOff, store: ApiStore, caller: Leader) -> None:
    """Take somebody off a shift before it starts; the place is offered to the next who waits."""
    async with store.transaction(caller.district) as tx:
        await withdrawal.take_off(tx, caller, sign_up_id, body.reason)


@router.get("/volunteers/{volunteer_id}/absences")
async def count_absences(volunteer_id: UUID, store: ApiStore, caller: VolunteerOrAdmin) -> Absences:
    """Count the late withdrawals and no-shows of the last year: one's own, or as an admin anybody's."""
    async with store.transaction(caller.district) as tx:
        return await absences.count_absences(tx, caller, volunteer_id)


@router.get("/shifts/{shift_id}/sign-ups")
async def list_of_shift(shift_id: UUID, store: ApiStore, caller: Leader, page: RequestedPage) -> Page[ShiftSignUp]:
    """List a shift's sign-ups in order of arrival."""
    (after,) = page.position(whole_number) or (0,)
    async with store.transaction(caller.district) as tx:
        found = await queries.sign_ups_of_shift(tx, caller, shift_id, after, page.limit + 1)
    return Page.of(found, page.limit, lambda sign_up: (str(sign_up.queue_number),))


@router.post("/sign-ups/{sign_up_id}/accept", response_model=Accepted)
async def accept(sign_up_id: UUID, store: ApiStore, caller: Volunteer, key: IdempotencyKey) -> Response:
    """Accept the place that one is offered, or the new times of a shift that has moved."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(accept_place, tx, caller, sign_up_id))


@router.delete("/sign-ups/{sign_up_id}", status_code=204)
async def withdraw(sign_up_id: UUID, store: ApiStore, caller: Volunteer) -> None:
    """Withdraw one's own sign-up before the shift starts, or decline; the place is offered to the next who waits."""
    async with store.transaction(caller.district) as tx:
        await withdrawal.withdraw_sign_up(tx, caller, sign_up_id)

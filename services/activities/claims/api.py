"""Claims over HTTP: a volunteer claims, staff list and answer."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict

from services.activities.claims import commands, queries
from services.activities.claims.commands import AnsweredClaim, Claimed, Stated
from services.activities.claims.domain import ClaimState
from services.activities.claims.queries import ClaimView
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["claims"])

Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Leader = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]
VolunteerOrLeader = Annotated[
    Caller,
    Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER, Role.VOLUNTEER])),
]


class NewClaim(BaseModel):
    """When one really served, and why it is not on file so."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "started_at": "2026-03-01T09:00:00+08:00",
                    "ended_at": "2026-03-01T11:00:00+08:00",
                    "reason": "手机没电,未能签退",
                }
            ]
        }
    )

    started_at: AwareDatetime
    ended_at: AwareDatetime
    reason: Paragraphs = ""


class ClaimAnswer(BaseModel):
    """Whether a claim is accepted, and why; with times and breaks of the leader's own, these are what counts."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"accepted": True, "reason": "与签到表一致"}]})

    accepted: bool
    reason: Paragraphs = ""
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    break_minutes: int = 0

    def stated(self) -> Stated | None:
        """Return the leader's own times. Raises RefusedError where one of them is missing."""
        if self.started_at is None and self.ended_at is None:
            return None
        if self.started_at is None or self.ended_at is None:
            raise RefusedError(Fault("ended_at" if self.started_at else "started_at", Code.MISSING))
        return Stated(self.started_at, self.ended_at, self.break_minutes)


@router.post("/sign-ups/{sign_up_id}/claims", status_code=201, response_model=Claimed)
async def claim_attendance(
    sign_up_id: UUID, body: NewClaim, store: ApiStore, caller: Volunteer, key: IdempotencyKey
) -> Response:
    """Claim that one served otherwise than is on file, or at all: answered within five working days."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            commands.claim_attendance, tx, caller, sign_up_id, body.started_at, body.ended_at, body.reason
        )
        return await idempotent(tx, caller, key, 201, command)


@router.post("/service-records/{record_id}/claims", status_code=201, response_model=Claimed)
async def claim_record(
    record_id: UUID, body: NewClaim, store: ApiStore, caller: Volunteer, key: IdempotencyKey
) -> Response:
    """Claim that one of one's records is wrong, an imported one too: answered within five working days."""
    async with store.transaction(caller.district) as tx:
        command = partial(commands.claim_record, tx, caller, record_id, body.started_at, body.ended_at, body.reason)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/claims")
async def list_claims(
    store: ApiStore,
    caller: VolunteerOrLeader,
    page: RequestedPage,
    state: ClaimState | None = None,
    mine: Annotated[bool, Query(description="the caller's own claims alone")] = False,
) -> Page[ClaimView]:
    """List the claims that are the caller's to answer, and their own; those to be answered first at the top."""
    after = page.position(date.fromisoformat, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.list_claims(tx, caller, state, after, page.limit + 1, own=mine)
    return Page.of(found, page.limit, lambda claim: (claim.due_on.isoformat(), str(claim.id)))


@router.post("/claims/{claim_id}/answer", response_model=AnsweredClaim)
async def answer(claim_id: UUID, body: ClaimAnswer, store: ApiStore, caller: Leader, key: IdempotencyKey) -> Response:
    """Accept or refuse a claim, with a reason; accepted, the record says so and the hours follow."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            commands.answer_claim,
            tx,
            caller,
            claim_id,
            body.reason,
            accepted=body.accepted,
            stated=body.stated(),
        )
        return await idempotent(tx, caller, key, 200, command)

"""What is shown of somebody else's service records, and how one is put right."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Read, Upstream

_MANY = 200


class Record(BaseModel):
    """A service record; ``version`` is what a correction is based on."""

    id: UUID
    record_no: str
    volunteer_id: UUID
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    provenance: str
    version: int


class Records(BaseModel):
    """A page of somebody's records, latest first."""

    items: list[Record]
    next_cursor: str | None


class Claim(BaseModel):
    """What a volunteer says is wrong or missing, and by when it is answered."""

    id: UUID
    sign_up_id: UUID | None
    record_id: UUID | None
    volunteer_id: UUID
    activity_title: str
    started_at: datetime
    ended_at: datetime
    reason: str
    state: str
    made_at: datetime
    due_on: date


class Claims(BaseModel):
    """A page of claims, those to be answered first at the top."""

    items: list[Claim]
    next_cursor: str | None


class Answered(BaseModel):
    """A claim after its answer; ``minutes`` is what counts now."""

    state: str
    minutes: int


class Corrected(BaseModel):
    """What a record said, and says now."""

    record_id: UUID
    minutes: int
    previous_minutes: int


RECORDS = Read("activities", "/v1/service-records", Records)
RECORD = Read("activities", "/v1/service-records/{record_id}", Record)
CORRECT = Change("POST", "activities", "/v1/service-records/{record_id}/corrections", Corrected)
CLAIMS = Read("activities", "/v1/claims", Claims)
ANSWER = Change("POST", "activities", "/v1/claims/{claim_id}/answer", Answered)


async def open_claims(calls: Upstream, limit: int = 50) -> Claims:
    """Return the claims that wait for the caller's answer. Raises AwayError."""
    return await calls.read(CLAIMS, state="open", limit=limit)


async def find_claim(calls: Upstream, claim_id: UUID) -> Claim | None:
    """Return one that waits for the caller's answer, of the two hundred that are due first."""
    found = await open_claims(calls, _MANY)
    return next((claim for claim in found.items if claim.id == claim_id), None)

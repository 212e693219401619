"""The claims of a volunteer, and what a claim is about: an attendance, or a record."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, Read, Upstream

_MANY = 200


class Claim(BaseModel):
    """What somebody says is wrong or missing, by when it is answered, and how it was."""

    id: UUID
    sign_up_id: UUID | None
    record_id: UUID | None
    started_at: datetime
    ended_at: datetime
    reason: str
    state: str
    made_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class Claims(BaseModel):
    """A page of claims."""

    items: list[Claim]


class Claimed(BaseModel):
    """A claim that was taken in."""

    due_on: date


class ClaimedRecord(BaseModel):
    """A service record, as far as a claim about it goes."""

    id: UUID
    sign_up_id: UUID | None
    activity: str
    started_at: datetime
    ended_at: datetime
    minutes: int


CLAIMS = Read("activities", "/v1/claims", Claims)
CLAIM_ATTENDANCE = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/claims", Claimed)
CLAIM_RECORD = Change("POST", "activities", "/v1/service-records/{record_id}/claims", Claimed)
CLAIMED_RECORD = Read("activities", "/v1/service-records/{record_id}", ClaimedRecord)


async def my_claims(calls: Upstream, state: str | None = None) -> list[Claim]:
    """Return the caller's own claims."""
    return (await calls.read(CLAIMS, mine=True, state=state, limit=_MANY)).items


def latest_about(claims: list[Claim], sign_up_id: UUID | None, record_id: UUID | None) -> Claim | None:
    """Return the latest claim about an attendance or its record."""
    about = [
        claim
        for claim in claims
        if (sign_up_id and claim.sign_up_id == sign_up_id) or (record_id and claim.record_id == record_id)
    ]
    return max(about, key=lambda claim: claim.made_at, default=None)

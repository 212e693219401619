"""What is shown of a volunteer's own sign-ups."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Read, Upstream

Listed = Literal["upcoming", "waiting", "past"]


class MySignUp(BaseModel):
    """One of the caller's sign-ups; ``position`` on the waiting list counts from 1."""

    sign_up_id: UUID
    state: str
    listed: Listed
    position: int | None
    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    activity_id: UUID
    title: str
    service: str
    place: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None


class MySignUps(BaseModel):
    """A page of them."""

    items: list[MySignUp]
    next_cursor: str | None


MY_SIGN_UPS = Read("activities", "/v1/me/sign-ups", MySignUps)


async def mine(calls: Upstream, listed: Listed, cursor: str | None = None, limit: int = 50) -> MySignUps:
    """Return one of the three lists of a volunteer's sign-ups."""
    return await calls.read(MY_SIGN_UPS, state=listed, cursor=cursor, limit=limit)

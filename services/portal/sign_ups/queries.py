"""What is shown of a volunteer's own sign-ups, and what can be done about them."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel

from shared.http.upstream import Change, File, Nothing, Read, Upstream

Listed = Literal["upcoming", "waiting", "past"]
_MANY = 200


class MySignUp(BaseModel):
    """One of the caller's sign-ups; ``position`` on the waiting list counts from 1."""

    sign_up_id: UUID
    state: str
    listed: Listed
    position: int | None
    answer_by: datetime | None
    """Until when an offered place or moved times are to be accepted."""
    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    """From when on one can check in."""
    late_from: datetime
    """From when on giving a confirmed place back is late."""
    activity_id: UUID
    title: str
    service: str
    place: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None

    def can_check_in(self, now: datetime) -> bool:
        """Return whether it is time to check in."""
        return self.state == "confirmed" and self.opens_at <= now < self.ends_at

    def can_withdraw(self, now: datetime) -> bool:
        """Return whether one can still leave."""
        return self.state in ("confirmed", "waiting", "offered", "asked_again") and now < self.starts_at


class MySignUps(BaseModel):
    """A page of them."""

    items: list[MySignUp]
    next_cursor: str | None


class SignUpAnswer(BaseModel):
    """What somebody got: a place, or a position on the waiting list."""

    sign_up_id: UUID
    state: str


class Accepted(BaseModel):
    """How a sign-up stands once an offer or new times were accepted."""

    state: str


MY_SIGN_UPS = Read("activities", "/v1/me/sign-ups", MySignUps)
SIGN_UP = Change("POST", "activities", "/v1/shifts/{shift_id}/sign-ups", SignUpAnswer)
ACCEPT = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/accept", Accepted)
WITHDRAW = Change("DELETE", "activities", "/v1/sign-ups/{sign_up_id}", Nothing)
CALENDAR = File("activities", "/v1/sign-ups/{sign_up_id}/calendar", "text/calendar")


async def mine(calls: Upstream, listed: Listed, cursor: str | None = None, limit: int = 50) -> MySignUps:
    """Return one of the three lists of a volunteer's sign-ups."""
    return await calls.read(MY_SIGN_UPS, state=listed, cursor=cursor, limit=limit)


async def find_mine(calls: Upstream, sign_up_id: UUID) -> MySignUp | None:
    """Return one of the caller's sign-ups, of the latest two hundred."""
    found = await calls.read(MY_SIGN_UPS, limit=_MANY)
    return next((one for one in found.items if one.sign_up_id == sign_up_id), None)


async def find_for_shift(calls: Upstream, shift_id: UUID) -> MySignUp | None:
    """Return the caller's live sign-up for a shift."""
    found = await calls.read(MY_SIGN_UPS, limit=_MANY)
    live = (one for one in found.items if one.state not in ("withdrawn", "late_withdrawal", "cancelled"))
    return next((one for one in live if one.shift_id == shift_id), None)

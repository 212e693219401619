"""What a volunteer has signed up for, and what stands in the way of a shift at the same time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.ids import id_of
from shared.http.problems import ProblemError
from shared.http.upstream import Change, File, Read, Upstream
from shared.store.event_log import now

Listed = Literal["upcoming", "waiting", "past"]
ASKED = ("offered", "asked_again")
GIVEN_UP = ("withdrawn", "cancelled")
_TAKING_UP = ("confirmed", "waiting", "offered", "asked_again", "attending")
_CLAIMABLE = ("confirmed", "attending", "completed", "missing_check_out")
_A_PAGE, _MANY = 50, 200


class MySignUp(BaseModel):
    """One of the caller's sign-ups; ``position`` on the waiting list counts from 1."""

    sign_up_id: UUID
    state: str
    listed: Listed
    position: int | None
    answer_by: datetime | None
    """Until when an offered place or moved times are to be accepted, or were not."""
    absence: str | None
    shift_id: UUID
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    """From when on one can check in."""
    late_from: datetime
    """From when on giving a confirmed place back is late."""
    free_from: datetime
    """From when on who waits takes a place that is free, without being offered it."""
    activity_id: UUID
    title: str
    service: str
    place: str
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None
    record_id: UUID | None

    @property
    def shown_as(self) -> str:
        """What is said of it: its state, or how somebody with a place stayed away, or that they did not answer."""
        if self.absence:
            return self.absence
        unanswered = self.state in (*ASKED, "withdrawn") and self.answer_by is not None and self.answer_by <= now()
        return "lapsed" if unanswered else self.state

    def can_check_in(self, at: datetime) -> bool:
        """Return whether it is time to check in."""
        return self.state == "confirmed" and self.opens_at <= at < self.ends_at

    def can_withdraw(self, at: datetime) -> bool:
        """Return whether one can still leave."""
        return (self.state in ("confirmed", "waiting") and at < self.starts_at) or self.is_asked(at)

    def is_late_to_withdraw(self, at: datetime) -> bool:
        """Return whether leaving now is counted: a place given back within the period of notice."""
        return self.state == "confirmed" and at > self.late_from

    def is_asked(self, at: datetime) -> bool:
        """Return whether an answer is waited for, and still taken."""
        return self.state in ASKED and at < (self.answer_by or self.starts_at)

    def waits_for_a_free_place(self, at: datetime) -> bool:
        """Return whether it is so near the start that who waits takes what is free, without being offered it."""
        return self.state == "waiting" and self.free_from <= at < self.starts_at

    def can_claim(self, at: datetime) -> bool:
        """Return whether one can say that one served otherwise than is on file."""
        return self.state in _CLAIMABLE and at >= self.ends_at


class MySignUps(BaseModel):
    """A page of them."""

    items: list[MySignUp]
    next_cursor: str | None


class Feed(BaseModel):
    """When the calendar got its present address, if it has one."""

    made_at: datetime | None


class FeedAddress(BaseModel):
    """What opens the calendar."""

    token: str


MY_SIGN_UPS = Read("activities", "/v1/me/sign-ups", MySignUps)
FEED = Read("activities", "/v1/me/calendar-feed", Feed)
RENEW_FEED = Change("POST", "activities", "/v1/me/calendar-feed", FeedAddress)
FOLLOW = File("activities", "/v1/calendar-feeds/{token}.ics", "text/calendar")


async def mine(calls: Upstream, listed: Listed, cursor: str | None = None) -> MySignUps:
    """Return a page of one of the three lists of a volunteer's sign-ups."""
    return await calls.read(MY_SIGN_UPS, state=listed, cursor=cursor, limit=_A_PAGE)


async def latest(calls: Upstream) -> list[MySignUp]:
    """Return the caller's latest two hundred sign-ups, those to come first."""
    return (await calls.read(MY_SIGN_UPS, limit=_MANY)).items


async def find_mine(calls: Upstream, sign_up_id: UUID) -> MySignUp | None:
    """Return one of the caller's sign-ups, of the latest two hundred."""
    return next((one for one in await latest(calls) if one.sign_up_id == sign_up_id), None)


async def own_sign_up(calls: Upstream, sign_up_id: str) -> MySignUp:
    """Return the one of the caller's sign-ups that an address names. Raises ProblemError 404 where it is none."""
    sign_up = await find_mine(calls, id_of(sign_up_id))
    if sign_up is None:
        raise ProblemError(404, "not-found")
    return sign_up


async def find_for_shift(calls: Upstream, shift_id: UUID) -> MySignUp | None:
    """Return the caller's live sign-up for a shift."""
    live = (one for one in await latest(calls) if one.state not in GIVEN_UP)
    return next((one for one in live if one.shift_id == shift_id), None)


class Timed(Protocol):
    """A shift, as far as its time goes."""

    @property
    def shift_id(self) -> UUID:
        """Its id."""

    @property
    def starts_at(self) -> datetime:
        """When it begins."""

    @property
    def ends_at(self) -> datetime:
        """When it ends."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands to a shift: their own sign-up for it, or another one that has its time."""

    own: MySignUp | None = None
    other: MySignUp | None = None


def standings(shifts: Sequence[Timed], sign_ups: Sequence[MySignUp]) -> dict[UUID, Standing]:
    """Return how somebody stands to those shifts that they cannot sign up for; back to back is no overlap."""
    held = [one for one in sign_ups if one.state in _TAKING_UP]
    own = {one.shift_id: Standing(own=one) for one in sign_ups if one.state not in GIVEN_UP}
    overlapping = {
        shift.shift_id: Standing(other=one)
        for shift in shifts
        for one in held
        if one.starts_at < shift.ends_at and one.ends_at > shift.starts_at
    }
    return overlapping | {shift.shift_id: own[shift.shift_id] for shift in shifts if shift.shift_id in own}

"""What is shown of an attendance, and what can be done about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.timetable.queries import MySignUp, mine
from shared.http.upstream import Change, Read, Upstream


class Scanned(BaseModel):
    """What the code of a place opens: its shift, and how the caller stands to it."""

    shift_id: UUID
    activity_id: UUID
    title: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    free_places: int
    sign_up_id: UUID | None
    state: str | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None


class CheckedIn(BaseModel):
    """When somebody has come."""

    sign_up_id: UUID
    checked_in_at: datetime


class CheckedOut(BaseModel):
    """What an attendance gave."""

    sign_up_id: UUID
    state: str
    minutes: int


class Undone(BaseModel):
    """What was taken back."""

    sign_up_id: UUID


SCANNED = Read("activities", "/v1/check-ins/{token}", Scanned)
CHECK_IN = Change("POST", "activities", "/v1/check-ins", CheckedIn)
CHECK_OUT = Change("POST", "activities", "/v1/check-outs", CheckedOut)
UNDO = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/undo", Undone)


@dataclass(frozen=True, slots=True)
class Now:
    """What is on for a volunteer: what is under way, where one can check in, and what comes after that."""

    attending: Sequence[MySignUp]
    open: Sequence[MySignUp]
    later: Sequence[MySignUp]


async def whats_on(calls: Upstream, now: datetime) -> Now:
    """Return what a volunteer can check in to or out of."""
    upcoming = (await mine(calls, "upcoming")).items
    return Now(
        attending=[one for one in upcoming if one.state == "attending"],
        open=[one for one in upcoming if one.can_check_in(now)],
        later=[one for one in upcoming if one.state == "confirmed" and now < one.opens_at],
    )

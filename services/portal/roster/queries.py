"""What is shown of a shift's roster, and what staff can do about one who is on it."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from pydantic import BaseModel

from services.portal.check_in.queries import CheckedIn, CheckedOut, Undone
from services.portal.sign_ups.queries import SignUpAnswer
from shared.http.problems import ProblemError
from shared.http.upstream import Change, Nothing, Read, RefusedByServiceError, Upstream

A_PAGE = 100
ALL = 1000
"""The longest page that activities gives; more than a shift of this district ever had."""
OFFLINE_LIST_KEPT = timedelta(hours=24)
"""After a shift's end, as activities has it."""
HOLDING = ("confirmed", "offered", "asked_again")
"""The states in which a place is kept for somebody."""
_NOT_FOUND = 404


class Entry(BaseModel):
    """A sign-up on a roster."""

    sign_up_id: UUID
    volunteer_id: UUID
    number_last_four: str
    state: str
    queue_number: int
    answer_by: datetime | None
    """Until when an offered place or moved times are to be answered."""
    absence: str | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    minutes: int | None
    by: str | None

    def can_be_taken_off(self, shift_starts_at: datetime, now: datetime) -> bool:
        """Return whether they hold or wait for a place of a shift to come."""
        return self.state in (*HOLDING, "waiting") and now < shift_starts_at

    @property
    def shown_state(self) -> str:
        """The state in one word: an absence says more than the state beside it."""
        return self.absence or self.state


class Roster(BaseModel):
    """A page of a roster in order of arrival; ``counts`` are of the whole shift."""

    shift_id: UUID
    activity_id: UUID
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime
    """From when on people can be checked in."""
    capacity: int
    taken: int
    waiting: int
    counts: Mapping[str, int]
    items: list[Entry]
    next_cursor: str | None

    def takes_check_ins(self, now: datetime) -> bool:
        """Return whether it is time to check in."""
        return self.opens_at <= now < self.ends_at

    def takes_offline_entries(self, now: datetime) -> bool:
        """Return whether devices may keep the list, and bring back what they noted."""
        return now < self.ends_at + OFFLINE_LIST_KEPT

    @property
    def came(self) -> int:
        """How many have come, still here or not."""
        return sum(self.counts.get(state, 0) for state in ("attending", "completed", "missing_check_out"))


ROSTER = Read("activities", "/v1/shifts/{shift_id}/roster", Roster)
CHECK_IN = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/check-in", CheckedIn)
CHECK_OUT = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/check-out", CheckedOut)
UNDO = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/undo", Undone)
WALK_IN = Change("POST", "activities", "/v1/shifts/{shift_id}/walk-ins", CheckedIn)
SIGN_UP = Change("POST", "activities", "/v1/shifts/{shift_id}/sign-ups", SignUpAnswer)
EXCUSE = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/excuse", Nothing)
TAKE_OFF = Change("POST", "activities", "/v1/sign-ups/{sign_up_id}/take-off", Nothing)


async def find_roster(
    calls: Upstream,
    shift_id: UUID,
    *,
    state: str | Sequence[str] | None = None,
    last_four: str | None = None,
    cursor: str | None = None,
    limit: int = A_PAGE,
) -> Roster:
    """Return a page of a roster. Raises ProblemError 403 where the shift is not the caller's to staff."""
    asked = calls.read(ROSTER, shift_id=shift_id, state=state, last_four=last_four, cursor=cursor, limit=limit)
    try:
        return await asked
    except RefusedByServiceError as refused:
        raise as_forbidden(refused) from None


async def find_whole_roster(calls: Upstream, shift_id: UUID) -> Roster:
    """Return everybody on a roster, however many. Raises ProblemError 403 as ``find_roster``."""
    roster = await find_roster(calls, shift_id, limit=ALL)
    page = roster
    while page.next_cursor:
        page = await find_roster(calls, shift_id, cursor=page.next_cursor, limit=ALL)
        roster.items.extend(page.items)
    return roster


async def find_entry(calls: Upstream, shift_id: UUID, sign_up_id: UUID, last_four: str) -> tuple[Roster, Entry | None]:
    """Return the shift, and one who is on it as it stands now; None where they are on it no more."""
    roster = await find_roster(calls, shift_id, last_four=last_four or None, limit=ALL)
    return roster, next((one for one in roster.items if one.sign_up_id == sign_up_id), None)


def as_forbidden(refused: RefusedByServiceError) -> Exception:
    """Return that a thing is not the caller's, where activities says that there is none: it tells no more."""
    return ProblemError(403, "forbidden") if refused.status == _NOT_FOUND else refused

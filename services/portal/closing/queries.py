"""What a leader looks through before a shift is closed, and what can be said of it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.roster.queries import as_forbidden
from shared.http.upstream import Change, Read, RefusedByServiceError, Upstream


class ClosingLine(BaseModel):
    """One who had a place: what is known, what the rules give for it, and whether something is missing."""

    sign_up_id: UUID
    volunteer_id: UUID
    number_last_four: str
    state: str
    no_show: bool
    checked_in_at: datetime | None
    checked_out_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    minutes: int
    counts_from: datetime | None
    counts_until: datetime | None
    missing: bool
    rating: int | None
    """The organiser's, 1 to 5."""

    @property
    def start(self) -> datetime | None:
        """From when on is credited: as the record has it, or as the rules do."""
        return self.started_at or self.counts_from

    @property
    def end(self) -> datetime | None:
        """Until when is credited."""
        return self.ended_at or self.counts_until

    @property
    def break_minutes(self) -> int:
        """The breaks that a record leaves out of its span."""
        if self.started_at is None or self.ended_at is None:
            return 0
        return max(0, round((self.ended_at - self.started_at).total_seconds() / 60) - self.minutes)

    @property
    def is_by_rules(self) -> bool:
        """Whether what is credited is what the rules give."""
        return (self.start, self.end, self.break_minutes) == (self.counts_from, self.counts_until, 0)

    @property
    def came(self) -> bool:
        """Whether they were checked in."""
        return self.state in ("attending", "completed", "missing_check_out")


class ClosingList(BaseModel):
    """Everybody who had a place, those with something missing first; ``closed_at`` where it is done."""

    closed_at: datetime | None
    missing: int
    items: list[ClosingLine]


class Closed(BaseModel):
    """What came of a closed shift."""

    served: int
    missed: int
    minutes: int


class Reopened(BaseModel):
    """A shift that can be put right."""

    shift_id: UUID


CLOSING = Read("activities", "/v1/shifts/{shift_id}/closing", ClosingList)
CLOSE = Change("POST", "activities", "/v1/shifts/{shift_id}/close", Closed)
REOPEN = Change("POST", "activities", "/v1/shifts/{shift_id}/reopen", Reopened)


async def find_closing(calls: Upstream, shift_id: UUID) -> ClosingList:
    """Return what is to be confirmed. Raises ProblemError 403 where the shift is not the caller's to staff."""
    try:
        return await calls.read(CLOSING, shift_id=shift_id)
    except RefusedByServiceError as refused:
        raise as_forbidden(refused) from None

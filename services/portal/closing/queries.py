"""What a leader looks through before a shift is closed, and what can be said of it."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.roster.queries import as_forbidden
from shared.http.upstream import Change, Read, RefusedByServiceError, Upstream


class ClosingLine(BaseModel):
    """One who had a place: what is known, and whether something is missing."""

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
    missing: bool

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

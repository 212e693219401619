"""The access log over HTTP."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from services.registry.access_log.queries import AccessView, OwnAccessView, Wanted, find_entries, find_own
from shared.contracts import text
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage
from shared.http.problems import ProblemError

router = APIRouter(tags=["access log"])

_Text = Annotated[str | None, Query(max_length=100)]
_Moment = Annotated[AwareDatetime | None, Query()]


def _wanted(
    subject_id: UUID | None = None,
    actor: _Text = None,
    action: _Text = None,
    person: Annotated[str | None, Query(max_length=100, description="a volunteer number")] = None,
    reader: Annotated[str | None, Query(max_length=100, description="a user name")] = None,
    since: _Moment = None,
    until: _Moment = None,
) -> Wanted:
    return Wanted(
        subject_id=subject_id,
        actor=actor,
        action=action,
        person=text.number(person) if person else None,
        reader=reader.strip().lower() if reader else None,
        since=_of_postgresql(since),
        until=_of_postgresql(until),
    )


@router.get("/v1/access-log")
async def show_access_log(
    store: ApiStore,
    page: RequestedPage,
    caller: Annotated[Caller, Depends(caller_with(Role.AUDITOR, Role.OPERATOR))],
    wanted: Annotated[Wanted, Depends(_wanted)],
) -> Page[AccessView]:
    """Show what was done to accounts and which personal data was read in clear, the newest first."""
    position = page.position(UUID)
    async with store.transaction(caller.district) as tx:
        found = await find_entries(tx, caller.district, position[0] if position else None, page.limit + 1, wanted)
    return Page.of(found, page.limit, lambda entry: (str(entry.id),))


@router.get("/v1/me/access-log")
async def show_own_access_log(
    store: ApiStore, page: RequestedPage, caller: Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
) -> Page[OwnAccessView]:
    """Show who read in clear what is on file of the caller, or changed it, when and why, the newest first."""
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    position = page.position(UUID)
    before = position[0] if position else None
    async with store.transaction(caller.district) as tx:
        found = await find_own(tx, caller.district, caller.name, caller.volunteer_id, before, page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (str(entry.id),))


def _of_postgresql(moment: datetime | None) -> datetime | None:
    """Return a moment that PostgreSQL knows too: what is before or after any entry is as good as no end."""
    return moment if moment is None or _FIRST_YEAR < moment.year < _LAST_YEAR else None


_FIRST_YEAR, _LAST_YEAR = 1000, 9000

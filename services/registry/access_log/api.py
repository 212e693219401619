"""The access log over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from services.registry.access_log.queries import AccessView, find_entries
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage

router = APIRouter(tags=["access log"])

_Text = Annotated[str | None, Query(max_length=100)]


@router.get("/v1/access-log")
async def show_access_log(
    store: ApiStore,
    page: RequestedPage,
    caller: Annotated[Caller, Depends(caller_with(Role.AUDITOR, Role.OPERATOR))],
    subject_id: UUID | None = None,
    actor: _Text = None,
    action: _Text = None,
) -> Page[AccessView]:
    """Show what was done to accounts and which personal data was read in clear, the newest first."""
    position = page.position(UUID)
    async with store.transaction(caller.district) as tx:
        found = await find_entries(
            tx,
            caller.district,
            position[0] if position else None,
            page.limit + 1,
            subject_id=subject_id,
            actor=actor,
            action=action,
        )
    return Page.of(found, page.limit, lambda entry: (str(entry.id),))

"""A volunteer's inbox over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.notifications.messages import queries, repository
from services.notifications.messages.queries import MessageView
from services.notifications.messages.wording import Language
from services.notifications.preferences.repository import load_preferences
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, cursor, moment
from shared.http.problems import ProblemError, language_of

router = APIRouter(prefix="/v1/me/messages", tags=["inbox"])


class Inbox(Page[MessageView]):
    """One page of an inbox, newest first; ``unread`` counts the whole inbox."""

    unread: int


Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


def _volunteer_id(caller: Volunteer) -> UUID:
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return caller.volunteer_id


VolunteerId = Annotated[UUID, Depends(_volunteer_id)]


@router.get("")
async def list_messages(
    request: Request, store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId, page: RequestedPage
) -> Inbox:
    """Show the caller's inbox, newest first."""
    after, language = page.position(moment, UUID), Language.of(language_of(request))
    async with store.transaction(caller.district) as tx:
        preferences = await load_preferences(tx, caller.district, volunteer_id)
        messages, unread = await queries.inbox(
            tx, caller.district, volunteer_id, language, preferences, after=after, limit=page.limit + 1
        )
    shown = messages[: page.limit]
    return Inbox(
        items=shown,
        next_cursor=cursor(*queries.position(shown[-1])) if len(messages) > page.limit else None,
        unread=unread,
    )


@router.post("/{message_id}/read", status_code=204)
async def read_message(store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId, message_id: UUID) -> None:
    """Mark one of the caller's messages read. Doing it again changes nothing."""
    async with store.transaction(caller.district) as tx:
        if not await repository.mark_read(tx, caller.district, volunteer_id, message_id):
            raise RefusedError(Fault("id", Code.NOT_FOUND))

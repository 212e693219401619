"""A volunteer's inbox over HTTP, and for the district's staff how its deliveries stand."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict

from services.notifications import queries
from services.notifications.commands.inbox import mark_read
from services.notifications.domain.messages import Channel, Template
from services.notifications.domain.wording import Language, word
from services.notifications.queries import InboxMessage
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, cursor, moment
from shared.http.problems import ProblemError, language_of

router = APIRouter(prefix="/v1")


class MessageView(BaseModel):
    """One message, worded in the language that the request prefers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "template": "hours_credited",
                    "subject": "Service time credited: 2 h",
                    "body": '2 h for "Reading with children" have been credited to you; your total is now 41 h.\n'
                    "Thank you for your time. If this differs from what you served, please tell your station.",
                    "occurred_at": "2026-03-01T03:05:00Z",
                    "read_at": None,
                }
            ]
        }
    )

    id: UUID
    template: Template
    subject: str
    body: str
    occurred_at: datetime
    read_at: datetime | None

    @classmethod
    def of(cls, message: InboxMessage, language: Language) -> Self:
        """Word a message."""
        text = word(message.template, language, message.facts)
        return cls(
            id=message.id,
            template=message.template,
            subject=text.subject,
            body=text.body,
            occurred_at=message.occurred_at,
            read_at=message.read_at,
        )


class Inbox(Page[MessageView]):
    """One page of an inbox, newest first; ``unread`` counts the whole inbox."""

    unread: int


class DeliveryCountView(BaseModel):
    """How many deliveries are in a state; ``reason`` is a code such as ``smtp_550`` or ``no_contact``."""

    model_config = ConfigDict(
        from_attributes=True,
        json_schema_extra={
            "examples": [
                {
                    "channel": "email",
                    "state": "undeliverable",
                    "reason": "smtp_550",
                    "deliveries": 12,
                    "oldest": "2026-03-01T03:05:00Z",
                }
            ]
        },
    )

    channel: Channel
    state: str
    reason: str | None
    deliveries: int
    oldest: datetime


def _volunteer_id(caller: Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]) -> UUID:
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return caller.volunteer_id


Staff = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR))]
Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
VolunteerId = Annotated[UUID, Depends(_volunteer_id)]


@router.get("/me/messages", tags=["inbox"])
async def list_messages(
    request: Request, store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId, page: RequestedPage
) -> Inbox:
    """Show the caller's inbox, newest first."""
    after = page.position(moment, UUID)
    messages, unread = await queries.inbox(store, caller.district, volunteer_id, after=after, limit=page.limit + 1)
    shown = messages[: page.limit]
    language = Language.of(language_of(request))
    return Inbox(
        items=[MessageView.of(message, language) for message in shown],
        next_cursor=cursor(*queries.position(shown[-1])) if len(messages) > page.limit else None,
        unread=unread,
    )


@router.post("/me/messages/{message_id}/read", tags=["inbox"], status_code=204)
async def read_message(store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId, message_id: UUID) -> None:
    """Mark one of the caller's messages read. Doing it again changes nothing."""
    await mark_read(store, caller.district, volunteer_id, message_id)


@router.get("/deliveries/summary", tags=["deliveries"])
async def summarise_deliveries(store: ApiStore, caller: Staff) -> list[DeliveryCountView]:
    """Count the district's deliveries by channel, state and reason."""
    return [DeliveryCountView.model_validate(count) for count in await queries.delivery_counts(store, caller.district)]

"""What is read: a volunteer's inbox.

Invariant: one message never stands in the way of the others. Each is worded alone, with a substitute for one that
cannot be; one whose template only a newer version of this service has is left to that version.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.contacts.repository import ENTRIES_OF
from services.notifications.messages.domain import PURPOSES, TEMPLATES, Template
from services.notifications.messages.wording import Language, UnwordableError, unreadable, word
from services.notifications.preferences.domain import Channel, Preferences

_INBOX = text(f"""
    SELECT event_id AS id, template, facts, occurred_at, read_at FROM message
    WHERE district = :district AND recipient_id = {ENTRIES_OF} AND template = ANY(CAST(:templates AS text[]))
      AND (occurred_at, event_id) < (CAST(:before AS timestamptz), CAST(:before_id AS uuid))
    ORDER BY occurred_at DESC, event_id DESC LIMIT :limit
""")
_UNREAD = text(f"""
    SELECT count(*) FROM message
    WHERE district = :district AND recipient_id = {ENTRIES_OF} AND template = ANY(CAST(:templates AS text[]))
      AND read_at IS NULL
""")
log = structlog.get_logger()
_NEWEST = (datetime.max.replace(tzinfo=UTC), UUID(int=2**128 - 1))


class MessageView(BaseModel):
    """One message, worded in the language that the request prefers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "template": "hours_credited",
                    "sign_up_id": None,
                    "record_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
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
    sign_up_id: UUID | None
    """The recipient's sign-up that it is about, where it is about one."""
    record_id: UUID | None
    """The recipient's service record that it is about, where it is about one."""
    subject: str
    body: str
    occurred_at: datetime
    read_at: datetime | None


async def inbox(
    tx: AsyncConnection,
    district: str,
    recipient_id: UUID,
    language: Language,
    preferences: Preferences,
    *,
    after: tuple[Any, ...] | None,
    limit: int,
) -> tuple[list[MessageView], int]:
    """Return up to ``limit`` messages, newest first, below the position ``after``, and how many are unread in all.

    A position is a message's time and id. What the recipient does not want in the inbox is not shown, nor counted.
    """
    before, before_id = after or _NEWEST
    templates = [template for template in TEMPLATES if preferences.want(PURPOSES[template], Channel.IN_APP)]
    shown = {"district": district, "recipient_id": recipient_id, "templates": templates}
    rows = await tx.execute(_INBOX, {**shown, "before": before, "before_id": before_id, "limit": limit})
    unread = await tx.scalar(_UNREAD, shown)
    return [_view(row, language) for row in rows], unread or 0


def position(message: MessageView) -> tuple[str, str]:
    """Return where in the inbox a message stands."""
    return message.occurred_at.isoformat(), str(message.id)


def _view(row: Any, language: Language) -> MessageView:  # noqa: ANN401 - a row of the driver's
    try:
        text = word(row.template, language, row.facts)
    except UnwordableError as error:
        log.error("a message cannot be worded", event_id=str(row.id), error=str(error))
        text = unreadable(language)
    return MessageView(
        id=row.id,
        template=row.template,
        sign_up_id=row.facts.get("sign_up_id"),
        record_id=row.facts.get("record_id"),
        subject=text.subject,
        body=text.body,
        occurred_at=row.occurred_at,
        read_at=row.read_at,
    )

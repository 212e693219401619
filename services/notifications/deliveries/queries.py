"""What is read: how a district's deliveries stand."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import Way, its_time_has_passed
from services.notifications.deliveries.mails import FAILED
from shared.store.event_log import now

_DELIVERIES = text("""
    SELECT channel, state, reason, count(*) AS deliveries, min(queued_at) AS oldest FROM delivery
    WHERE district = :district GROUP BY channel, state, reason ORDER BY channel, state, reason
""")


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

    channel: Way
    state: str
    reason: str | None
    deliveries: int
    oldest: datetime


class FailedMail(BaseModel):
    """A mail that has failed for good: which message, why and when; neither to whom nor what it says."""

    id: UUID
    template: str
    reason: str | None
    occurred_at: datetime
    """When that has happened which it tells of."""
    queued_at: datetime
    sent_again: int
    too_late: bool
    """Its time has passed, so it is not sent again."""


_FAILED = text(f"""
    SELECT d.id, m.template, d.reason, m.occurred_at, d.queued_at, d.sent_again, m.facts
    FROM delivery d JOIN message m USING (district, event_id, recipient_id)
    WHERE d.district = :district AND {FAILED}
      AND (CAST(:id AS uuid) IS NULL OR (m.occurred_at, d.id) < (CAST(:at AS timestamptz), :id))
    ORDER BY m.occurred_at DESC, d.id DESC LIMIT :limit
""")


async def failed_mails(
    tx: AsyncConnection, district: str, before: tuple[datetime, UUID] | None, limit: int
) -> list[FailedMail]:
    """Return a district's mails that have failed for good, of what happened last first."""
    occurred_at, delivery_id = before or (None, None)
    values = {"district": district, "at": occurred_at, "id": delivery_id, "limit": limit}
    at = now()
    return [
        FailedMail(**row, too_late=its_time_has_passed(row["facts"], row["occurred_at"], at))
        for row in (await tx.execute(_FAILED, values)).mappings()
    ]


async def delivery_counts(tx: AsyncConnection, district: str) -> list[DeliveryCountView]:
    """Count a district's deliveries by channel, state and reason, since when the oldest is there."""
    rows = await tx.execute(_DELIVERIES, {"district": district})
    return [DeliveryCountView.model_validate(row) for row in rows]

"""What is read: how a district's deliveries stand."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.deliveries.domain import Way

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


async def delivery_counts(tx: AsyncConnection, district: str) -> list[DeliveryCountView]:
    """Count a district's deliveries by channel, state and reason, since when the oldest is there."""
    rows = await tx.execute(_DELIVERIES, {"district": district})
    return [DeliveryCountView.model_validate(row) for row in rows]

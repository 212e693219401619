"""What is shown of requests to move: to the person, and to the office that decides."""

import json
from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.moving import repository
from services.registry.moving.domain import MoveState
from services.registry.people.domain.privacy import KeyRing
from shared.contracts.calendar import district_day
from shared.store.event_log import now


class OwnMove(BaseModel):
    """A request of one's own to move to a district; ``answer`` is why it was refused."""

    id: UUID
    to_district: str
    to_name: str
    state: MoveState
    asked_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class MoveView(BaseModel):
    """Somebody of another district who wants to move to this one, masked, and why."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a78",
                    "volunteer_number": "51011500027301",
                    "name": "张**",
                    "from_district": "510115",
                    "from_name": "温江区",
                    "reason": "搬家了",
                    "asked_at": "2026-11-28T02:00:00Z",
                    "due_on": "2026-12-11",
                    "overdue": False,
                }
            ]
        }
    )

    id: UUID
    volunteer_number: str
    name: str
    from_district: str
    from_name: str
    reason: str
    asked_at: datetime
    due_on: date
    overdue: bool


async def own_moves(tx: AsyncConnection, districts: Collection[str], here: str, volunteer_id: UUID) -> list[OwnMove]:
    """Return what somebody has asked for, the newest first; the transaction is on all of the districts."""
    return [OwnMove(**row) for row in await repository.of_person(tx, districts, here, volunteer_id)]


async def waiting_moves(
    tx: AsyncConnection, keys: KeyRing, district: str, after: tuple[Any, ...] | None, limit: int
) -> list[MoveView]:
    """Return what a district's office is to decide; what is due first is at the top."""
    today = district_day(now())
    shown = []
    for row in await repository.waiting(tx, district, after, limit):
        name, reason = json.loads(keys.open_text(row["id"], row["sealed"]))
        shown.append(
            MoveView(
                id=row["id"],
                volunteer_number=row["number"],
                name=name,
                from_district=row["from_district"],
                from_name=row["from_name"],
                reason=reason,
                asked_at=row["asked_at"],
                due_on=row["due_on"],
                overdue=row["due_on"] < today,
            )
        )
    return shown

"""Why a service record says what it says: its events, as the log has them, and who or what caused each.

Invariant: nothing is made up here; the log is the truth. Who acted is an account's id, and no name.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts import ServiceCorrected, ServiceLogged, ServiceRated
from shared.contracts.envelope import decode, known_names
from shared.contracts.upcasters import type_of

Kind = Literal["logged", "corrected", "rated"]
_KINDS: dict[type[Any], Kind] = {ServiceLogged: "logged", ServiceCorrected: "corrected", ServiceRated: "rated"}
_EVENTS = known_names(_KINDS)


class RecordEvent(BaseModel):
    """An event of a record: its place in the log, what caused it, and what the record says since.

    ``cause`` is ``account``, ``import``, ``event``, ``work`` or ``operator``, and ``cause_id`` which of these;
    ``minutes`` is null where an event changes none.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "event_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                    "kind": "corrected",
                    "version": 2,
                    "topic": "activities.service-record",
                    "position": 48211,
                    "occurred_at": "2026-03-02T03:05:00Z",
                    "cause": "account",
                    "cause_id": "019c2f6e-4444-7c3e-9a51-0d4c8b1f2a77",
                    "minutes": 90,
                    "previous_minutes": 120,
                    "reason": "提前半小时离开",
                }
            ]
        }
    )

    event_id: UUID
    kind: Kind
    version: int
    topic: str
    position: int
    occurred_at: datetime
    cause: str
    cause_id: str
    minutes: int | None
    previous_minutes: int | None
    reason: str | None


# By the index of the aggregate; the api role sees the rows of its district.
_OF_RECORD = text("""
    SELECT event_id, type, aggregate_version, topic, position, occurred_at, caused_by, data::text AS data
    FROM event_log
    WHERE district = :district AND aggregate_id = :record_id AND aggregate_version > :after
    ORDER BY aggregate_version LIMIT :limit
""")


async def events_of_record(
    tx: AsyncConnection, district: str, record_id: UUID, after: int, limit: int
) -> Sequence[RecordEvent]:
    """Return a record's events, the first one first, from after a version on."""
    rows = await tx.execute(_OF_RECORD, {"district": district, "record_id": record_id, "after": after, "limit": limit})
    return [_shown(row) for row in rows]


def _shown(row: Row[Any]) -> RecordEvent:
    name, version = type_of(row.type, row.aggregate_version)
    event = _EVENTS[name]
    data: Any = decode(event, version, row.data.encode())
    cause, _, cause_id = row.caused_by.partition(":")
    return RecordEvent(
        event_id=row.event_id,
        kind=_KINDS[event],
        version=row.aggregate_version,
        topic=row.topic,
        position=row.position,
        occurred_at=row.occurred_at,
        cause=cause,
        cause_id=cause_id,
        minutes=getattr(data, "minutes", None),
        previous_minutes=getattr(data, "previous_minutes", None),
        reason=getattr(data, "reason", None),
    )

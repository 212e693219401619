"""Events as the log of their producer has them, looked for by what they are about."""

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import asyncpg

from shared.contracts.envelope import Attributes
from shared.contracts.event import Event
from shared.contracts.received import Received
from shared.messaging.handled import EVENT
from shared.messaging.replay.source import EventTypes


class LoggedEvent(NamedTuple):
    """An event as its log has it: its position there, and who or what caused it."""

    event: Received[Any]
    position: int
    caused_by: str


_OF_VOLUNTEER = f"""
    SELECT position, caused_by, data::text, event_id, type, occurred_at, aggregate_id::text, aggregate_version, district
    FROM event_log
    WHERE district = $2 AND {EVENT} = ANY($1::text[]) AND data ->> 'volunteer_id' = $3::uuid::text
      AND ($4::timestamptz IS NULL OR occurred_at < $4)
    ORDER BY position
"""


async def events_of_volunteer(
    url: str, events: Collection[type[Event]], district: str, volunteer_id: UUID, until: datetime | None
) -> list[LoggedEvent]:
    """Return a volunteer's events of some types, in log order. Reads the district's log from end to end."""
    types = EventTypes(events)
    connection = await asyncpg.connect(url)
    try:
        async with connection.transaction(readonly=True):
            rows = await connection.fetch(_OF_VOLUNTEER, types.names, district, volunteer_id, until)
    finally:
        await connection.close()
    return [
        LoggedEvent(Received(attributes := Attributes(*row[3:]), types.read(attributes, row[2])), row[0], row[1])
        for row in rows
    ]

"""What a figure is the sum of: the ledger's entries of a period, whoever they are of.

Invariant: an entry is of a figure exactly where the figure's own condition (`Period`) holds for it, so the entries of
all pages add up to it.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import PERSONAL_ENTRIES
from services.assessment.statistics.period import Period
from shared.contracts import Provenance


class FigureEntry(BaseModel):
    """What one event changed in the ledger, and whose it is; ``volunteer_no`` is null where nobody has told of one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "record_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "version": 2,
                    "kind": "correction",
                    "minutes": 90,
                    "provenance": "leader",
                    "station": "新华社区志愿服务站",
                    "service": "culture",
                    "activity_title": "社区读书会",
                    "volunteer_no": "51011500000002",
                    "started_at": "2026-03-01T01:00:00Z",
                    "service_on": "2026-03-01",
                    "event_id": "019c2f6e-3333-7c3e-9a51-0d4c8b1f2a77",
                    "recorded_at": "2026-03-02T03:05:00Z",
                    "rule_set": "510115/2025.1",
                }
            ]
        }
    )

    record_id: UUID
    version: int
    kind: Literal["credit", "reversal", "correction"]
    minutes: int
    provenance: Provenance
    station: str | None
    service: str
    activity_title: str
    volunteer_no: str | None
    started_at: datetime
    service_on: date
    event_id: UUID
    recorded_at: datetime
    rule_set: str


# By day, which the index of entries gives without a sort of all; of one record and version the reversal comes last.
_PAGE = f"""
    SELECT p.*, v.number AS volunteer_no, s.name AS station
    FROM (
        SELECT e.* FROM {PERSONAL_ENTRIES} e WHERE e.district = :district AND {{period}} AND {{after}}
        ORDER BY e.service_on DESC, e.record_id DESC, e.version DESC, e.minutes DESC LIMIT :limit
    ) p
    LEFT JOIN known_volunteer v ON v.district = :district AND v.id = p.volunteer_id
    LEFT JOIN known_station s ON s.district = :district AND s.id = p.station_id
    ORDER BY p.service_on DESC, p.record_id DESC, p.version DESC, p.minutes DESC
"""
_AFTER = """(e.service_on, e.record_id, e.version, e.minutes)
    < (CAST(:service_on AS date), CAST(:record_id AS uuid), CAST(:version AS int), CAST(:minutes AS int))"""
_POSITION = ("service_on", "record_id", "version", "minutes")


@cache
def _page(after: str, period: str) -> TextClause:
    return text(_PAGE.format(after=after, period=period))


async def entries_of(
    tx: AsyncConnection, district: str, period: Period, after: tuple[Any, ...] | None, limit: int
) -> Sequence[FigureEntry]:
    """Return the entries of a period, latest day first, from after (day, record, version, minutes) on."""
    position = dict(zip(_POSITION, after, strict=True)) if after else {}
    values = {"district": district, "limit": limit, **period.values(), **position}
    rows = await tx.execute(_page(_AFTER if after else "true", period.condition()), values)
    return [FigureEntry(**row) for row in rows.mappings()]

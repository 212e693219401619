"""One volunteer's hours and ledger, and the hours of all of them page by page."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text

from services.assessment.queries.rules import rules_at
from services.assessment.queries.statistics import SESSIONS, Period
from shared.contracts import Provenance
from shared.store.engine import Store
from shared.store.event_log import now


class MonthHours(BaseModel):
    """What was given in one calendar month of the district's zone, ``2026-03``."""

    month: str
    minutes: int
    sessions: int


class ServiceHours(BaseModel):
    """What was given to one kind of service."""

    service: str
    minutes: int
    sessions: int


class VolunteerHours(BaseModel):
    """A volunteer's hours. ``stars`` is the level awarded; ``next_level`` is null at the highest."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "volunteer_id": "019c2f6e-1111-7c3e-9a51-0d4c8b1f2a77",
                    "volunteer_no": "51011500000002",
                    "category": "university_student",
                    "lifetime_minutes": 6120,
                    "sessions": 34,
                    "stars": 1,
                    "next_level": 2,
                    "minutes_to_next_level": 11880,
                    "rule_set": "default/2025.1",
                    "by_month": [{"month": "2026-03", "minutes": 6120, "sessions": 34}],
                    "by_service": [{"service": "culture", "minutes": 6120, "sessions": 34}],
                }
            ]
        }
    )

    volunteer_id: UUID
    volunteer_no: str
    category: str
    lifetime_minutes: int
    sessions: int
    stars: int
    next_level: int | None
    minutes_to_next_level: int | None
    rule_set: str
    by_month: list[MonthHours]
    by_service: list[ServiceHours]


class LedgerEntry(BaseModel):
    """What one event changed in the ledger, under which rule set. A record's entries add up to its minutes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "record_id": "019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77",
                    "version": 2,
                    "kind": "correction",
                    "minutes": 90,
                    "provenance": "leader",
                    "station_id": "019c2f6e-2222-7c3e-9a51-0d4c8b1f2a77",
                    "service": "culture",
                    "activity_title": "社区读书会",
                    "started_at": "2026-03-01T01:00:00Z",
                    "service_on": "2026-03-01",
                    "rating": 5,
                    "import_id": None,
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
    station_id: UUID
    service: str
    activity_title: str
    started_at: datetime
    service_on: date
    rating: int | None
    import_id: UUID | None
    event_id: UUID
    recorded_at: datetime
    rule_set: str


class VolunteerFigures(BaseModel):
    """A volunteer's figures: ``minutes`` and ``sessions`` of the period asked for, and of their lifetime."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "volunteer_no": "51011500000002",
                    "category": "university_student",
                    "minutes": 1920,
                    "sessions": 13,
                    "lifetime_minutes": 2130,
                    "stars": 0,
                }
            ]
        }
    )

    volunteer_no: str
    category: str
    minutes: int
    sessions: int
    lifetime_minutes: int
    stars: int


_VOLUNTEER = text("""
    SELECT v.id AS volunteer_id, v.number AS volunteer_no, v.category, coalesce(h.minutes, 0) AS lifetime_minutes,
           coalesce(h.sessions, 0) AS sessions, coalesce(a.stars, 0) AS stars
    FROM known_volunteer v
    LEFT JOIN volunteer_hours h ON h.district = v.district AND h.volunteer_id = v.id
    LEFT JOIN award a ON a.district = v.district AND a.volunteer_id = v.id
    WHERE v.district = :district AND v.id = :volunteer_id
""")
_BREAKDOWN = text(f"""
    SELECT to_char(service_on, 'YYYY-MM') AS month, service, sum(minutes) AS minutes, {SESSIONS} AS sessions
    FROM ledger_entry WHERE district = :district AND volunteer_id = :volunteer_id
    GROUP BY GROUPING SETS ((1), (2)) HAVING {SESSIONS} > 0 ORDER BY 1, 2
""")
# Of one record and version the reversal has the least minutes: newest first, it comes after the correction.
_LEDGER = text("""
    SELECT record_id, version, kind, minutes, provenance, station_id, service, activity_title, started_at, service_on,
           rating, import_id, event_id, recorded_at, rule_set
    FROM ledger_entry
    WHERE district = :district AND volunteer_id = :volunteer_id
      AND (CAST(:started_at AS timestamptz) IS NULL
           OR (started_at, record_id, version, minutes)
              < (:started_at, CAST(:record_id AS uuid), CAST(:version AS int), CAST(:minutes AS int)))
    ORDER BY started_at DESC, record_id DESC, version DESC, minutes DESC LIMIT :limit
""")
_PAGE = text(f"""
    SELECT v.number AS volunteer_no, v.category, f.minutes, f.sessions, h.minutes AS lifetime_minutes,
           coalesce(a.stars, 0) AS stars
    FROM (
        SELECT * FROM known_volunteer k
        WHERE k.district = :district AND (CAST(:after AS text) IS NULL OR k.number > :after)
          AND EXISTS (SELECT FROM volunteer_hours WHERE district = k.district AND volunteer_id = k.id)
        ORDER BY k.number LIMIT :limit
    ) v
    JOIN volunteer_hours h ON h.district = v.district AND h.volunteer_id = v.id
    LEFT JOIN award a ON a.district = v.district AND a.volunteer_id = v.id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(e.minutes), 0) AS minutes, coalesce({SESSIONS}, 0) AS sessions FROM ledger_entry e
        WHERE e.district = v.district AND e.volunteer_id = v.id AND {Period.CONDITION}
    ) f
    ORDER BY v.number
""")


async def hours_of(store: Store, district: str, volunteer_id: UUID) -> VolunteerHours | None:
    """Return a volunteer's lifetime figures by month and service, or None where nobody has that id."""
    key = {"district": district, "volunteer_id": volunteer_id}
    async with store.transaction(district) as tx:
        row = (await tx.execute(_VOLUNTEER, key)).mappings().one_or_none()
        if row is None:
            return None
        parts = (await tx.execute(_BREAKDOWN, key)).mappings().all()
        rules = await rules_at(tx, district, now())
    missing = rules.minutes_to_next_level(row["stars"], row["lifetime_minutes"])
    return VolunteerHours(
        **row,
        next_level=None if missing is None else row["stars"] + 1,
        minutes_to_next_level=missing,
        rule_set=rules.name,
        by_month=[MonthHours.model_validate(part) for part in map(dict, parts) if part["month"] is not None],
        by_service=[ServiceHours.model_validate(part) for part in map(dict, parts) if part["service"] is not None],
    )


async def ledger_of(
    store: Store, district: str, volunteer_id: UUID, after: tuple[Any, ...] | None, limit: int
) -> list[LedgerEntry] | None:
    """Return a volunteer's ledger, latest service first, from after (start, record, version, minutes) on.

    None where nobody has that id.
    """
    started_at, record_id, version, minutes = after or (None, None, None, None)
    key = {"district": district, "volunteer_id": volunteer_id}
    position = {"started_at": started_at, "record_id": record_id, "version": version, "minutes": minutes}
    async with store.transaction(district) as tx:
        if (await tx.execute(_VOLUNTEER, key)).one_or_none() is None:
            return None
        rows = await tx.execute(_LEDGER, {**key, **position, "limit": limit})
        return [LedgerEntry(**row) for row in rows.mappings()]


async def hours_by_volunteer(
    store: Store, district: str, period: Period, after: str | None, limit: int
) -> Sequence[VolunteerFigures]:
    """Return the figures of everybody who has a record, by volunteer number, from after a number on."""
    values = {"district": district, "after": after, "limit": limit, **period.values()}
    async with store.transaction(district) as tx:
        return [VolunteerFigures(**row) for row in (await tx.execute(_PAGE, values)).mappings()]

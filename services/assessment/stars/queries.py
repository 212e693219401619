"""A volunteer's hours with the stars that they have given."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import HOURS_OF, IS_MERGED, SESSIONS, of_person
from services.assessment.rules.queries import current_rules
from shared.contracts.faults import Code, Fault, RefusedError


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


class CarriedHours(BaseModel):
    """What was served in another district before they moved here, as it was last told at ``recorded_at``."""

    from_district: str
    minutes: int
    sessions: int
    recorded_at: datetime


class VolunteerHours(BaseModel):
    """A volunteer's hours. ``stars`` is the level awarded; ``next_level`` is null at the highest.

    The lifetime's minutes and sessions are those of the months, which were served in this district, and those of
    ``carried``.
    """

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
                    "by_month": [{"month": "2026-03", "minutes": 6000, "sessions": 33}],
                    "by_service": [{"service": "culture", "minutes": 6000, "sessions": 33}],
                    "carried": [
                        {
                            "from_district": "510116",
                            "minutes": 120,
                            "sessions": 1,
                            "recorded_at": "2026-03-02T03:05:00Z",
                        }
                    ],
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
    carried: list[CarriedHours]


_VOLUNTEER = text(f"""
    SELECT v.volunteer_id, v.number AS volunteer_no, v.category, coalesce(h.minutes, 0) AS lifetime_minutes,
           coalesce(h.sessions, 0) AS sessions, coalesce(a.stars, 0) AS stars
    FROM (SELECT id AS volunteer_id, * FROM known_volunteer WHERE district = :district AND id = :volunteer_id) v
    LEFT JOIN LATERAL {HOURS_OF.format(of="v")} h ON NOT {IS_MERGED.format(of="v")}
    LEFT JOIN award a ON a.district = v.district AND a.volunteer_id = v.volunteer_id
""")
_BREAKDOWN = text(f"""
    SELECT to_char(service_on, 'YYYY-MM') AS month, service, sum(minutes) AS minutes, {SESSIONS} AS sessions
    FROM (SELECT CAST(:district AS text) AS district, CAST(:volunteer_id AS uuid) AS volunteer_id) v
    CROSS JOIN LATERAL {of_person("ledger_entry", "v")} e
    WHERE NOT {IS_MERGED.format(of="v")}
    GROUP BY GROUPING SETS ((1), (2)) HAVING {SESSIONS} > 0 ORDER BY 1, 2
""")
_CARRIED = text(f"""
    SELECT c.from_district, sum(c.minutes)::bigint AS minutes, sum(c.sessions)::int AS sessions,
           max(c.recorded_at) AS recorded_at
    FROM (SELECT CAST(:district AS text) AS district, CAST(:volunteer_id AS uuid) AS volunteer_id) v
    CROSS JOIN LATERAL {of_person("carried_hours", "v")} c
    WHERE NOT {IS_MERGED.format(of="v")}
    GROUP BY 1 HAVING sum(c.sessions) > 0 ORDER BY 1
""")


async def hours_of(tx: AsyncConnection, district: str, volunteer_id: UUID) -> VolunteerHours:
    """Return a volunteer's lifetime figures by month and service, and what of them was carried along.

    Raises RefusedError ``not_found`` where nobody has that id.
    """
    key = {"district": district, "volunteer_id": volunteer_id}
    row = (await tx.execute(_VOLUNTEER, key)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    parts = (await tx.execute(_BREAKDOWN, key)).mappings().all()
    carried = (await tx.execute(_CARRIED, key)).mappings().all()
    rules = await current_rules(tx, district)
    missing = rules.minutes_to_next_level(row["stars"], row["lifetime_minutes"])
    return VolunteerHours(
        **row,
        next_level=None if missing is None else row["stars"] + 1,
        minutes_to_next_level=missing,
        rule_set=rules.name,
        by_month=[MonthHours.model_validate(part) for part in map(dict, parts) if part["month"] is not None],
        by_service=[ServiceHours.model_validate(part) for part in map(dict, parts) if part["service"] is not None],
        carried=[CarriedHours(**part) for part in carried],
    )

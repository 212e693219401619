"""What is shown of agreements, to staff: how each stands today. An officer of a guiding body sees those it guides."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.agreements.domain import AgreementState, state_on
from shared.contracts.calendar import district_day
from shared.store.event_log import now


class AgreementView(BaseModel):
    """An agreement between a university and a station."""

    id: UUID
    organisation_id: UUID
    organisation_code: str
    organisation_name: str
    station_id: UUID
    station_code: str
    station_name: str
    starts_on: date
    ends_on: date
    students: int
    purpose: str
    state: AgreementState
    ended_on: date | None
    reason: str | None
    """Why it was ended before its last day."""


Guides = Sequence[UUID] | None
"""The guiding bodies of which somebody sees the organisations; None: all."""

_PAGE = text("""
    SELECT a.id, a.organisation_id, o.code AS organisation_code, o.name AS organisation_name, a.station_id,
           s.code AS station_code, s.name AS station_name, a.starts_on, a.ends_on, a.students, a.purpose, a.ended_on,
           a.reason
    FROM university_agreement a
    JOIN organisation o ON o.district = a.district AND o.id = a.organisation_id
    JOIN station s ON s.district = a.district AND s.id = a.station_id
    WHERE a.district = :district
      AND (CAST(:before AS uuid) IS NULL OR a.id < CAST(:before AS uuid))
      AND (CAST(:organisation_id AS uuid) IS NULL OR a.organisation_id = CAST(:organisation_id AS uuid))
      AND (CAST(:station_id AS uuid) IS NULL OR a.station_id = CAST(:station_id AS uuid))
      AND (NOT :in_force OR a.ended_on IS NULL AND a.starts_on <= :today AND a.ends_on >= :today)
      AND (CAST(:guides AS uuid[]) IS NULL OR o.guiding_body_id = ANY(CAST(:guides AS uuid[])))
    ORDER BY a.id DESC LIMIT :limit
""")


async def agreements(
    tx: AsyncConnection,
    district: str,
    guides: Guides,
    before: UUID | None,
    limit: int,
    *,
    organisation_id: UUID | None,
    station_id: UUID | None,
    in_force: bool,
) -> list[AgreementView]:
    """Return agreements, of a unit where one is named, the last entered first, from before an id on."""
    today = district_day(now())
    values = {
        "district": district,
        "guides": guides,
        "before": before,
        "limit": limit,
        "organisation_id": organisation_id,
        "station_id": station_id,
        "in_force": in_force,
        "today": today,
    }
    return [
        AgreementView(**row, state=state_on(row["starts_on"], row["ends_on"], row["ended_on"], today))
        for row in (await tx.execute(_PAGE, values)).mappings()
    ]

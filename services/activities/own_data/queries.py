"""What the service holds of a person. Invariant: all of it, under ids and public words, as it is on file."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.register.repository import ENTRIES_OF

MOST = 10_000
"""Rows of each kind: more than anybody has, and an end to what one request can take."""


class OwnSignUp(BaseModel):
    """A sign-up, and when one was there."""

    id: UUID
    activity: str
    starts_at: datetime
    ends_at: datetime
    state: str
    absence: str | None
    checked_in_at: datetime | None
    checked_out_at: datetime | None


class OwnRecord(BaseModel):
    """A service record."""

    record_no: str
    activity: str
    service: str
    started_at: datetime
    ended_at: datetime
    minutes: int
    rating: int | None
    organiser_rating: int | None
    provenance: str


class OwnClaim(BaseModel):
    """When somebody said that they had really served, why, and the answer."""

    activity: str
    started_at: datetime
    ended_at: datetime
    reason: str
    state: str
    made_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


class OwnActivityData(BaseModel):
    """All that activities holds of a person."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"sign_ups": [], "records": [], "claims": [], "calendar_made_at": "2026-03-01T01:00:00Z"}]
        }
    )

    sign_ups: list[OwnSignUp]
    records: list[OwnRecord]
    claims: list[OwnClaim]
    calendar_made_at: datetime | None
    """Since when one's calendar has an address of its own; None where it has none."""


_SIGN_UPS = text(f"""
    SELECT u.id, a.title AS activity, u.starts_at, u.ends_at, u.state, u.absence, u.checked_in_at, u.checked_out_at
    FROM sign_up u
    JOIN shift s ON s.district = u.district AND s.id = u.shift_id
    JOIN activity a ON a.district = s.district AND a.id = s.activity_id
    WHERE u.district = :district AND u.volunteer_id = {ENTRIES_OF} ORDER BY u.starts_at DESC, u.id LIMIT :most
""")
_RECORDS = text(f"""
    SELECT record_no, activity, service, started_at, ended_at, minutes, rating, organiser_rating, provenance
    FROM service_record
    WHERE district = :district AND volunteer_id = {ENTRIES_OF} ORDER BY started_at DESC, id LIMIT :most
""")
_CLAIMS = text(f"""
    SELECT activity_title AS activity, started_at, ended_at, reason, state, made_at, due_on, answered_at, answer
    FROM claim
    WHERE district = :district AND volunteer_id = {ENTRIES_OF} ORDER BY made_at DESC, id LIMIT :most
""")
_CALENDAR = text("SELECT made_at FROM calendar_feed WHERE district = :district AND volunteer_id = :volunteer_id")


async def own_data(tx: AsyncConnection, district: str, volunteer_id: UUID) -> OwnActivityData:
    """Return all that the service holds of a person, the newest first."""
    values = {"district": district, "volunteer_id": volunteer_id, "most": MOST}
    return OwnActivityData(
        sign_ups=[OwnSignUp(**row) for row in (await tx.execute(_SIGN_UPS, values)).mappings()],
        records=[OwnRecord(**row) for row in (await tx.execute(_RECORDS, values)).mappings()],
        claims=[OwnClaim(**row) for row in (await tx.execute(_CLAIMS, values)).mappings()],
        calendar_made_at=await tx.scalar(_CALENDAR, {"district": district, "volunteer_id": volunteer_id}),
    )

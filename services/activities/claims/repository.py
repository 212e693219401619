"""Claims, as written. Invariant: of an attendance or a record at most one claim is open (its unique index)."""

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.claims.domain import ClaimState
from services.activities.claims.tables import claim

_INSERT = insert(claim)
_OPEN = text("""
    SELECT id, due_on FROM claim
    WHERE district = :district AND state = 'open' AND (sign_up_id = :sign_up_id OR record_id = :record_id)
""")
_LOCK = text("""
    SELECT id, sign_up_id, record_id, volunteer_id, station_id, published_by, activity_title, started_at, ended_at,
           reason, state, made_at, due_on
    FROM claim WHERE district = :district AND id = :id FOR UPDATE
""")
_ANSWER = text("""
    UPDATE claim SET state = :state, answered_at = :at, answer = :answer, version = version + 1
    WHERE district = :district AND id = :id
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A claim: when somebody says that they served, of an attendance, of a record, or of both."""

    id: UUID
    sign_up_id: UUID | None
    record_id: UUID | None
    volunteer_id: UUID
    station_id: UUID
    published_by: str
    """Who published the activity; empty of an imported record."""
    activity_title: str
    started_at: datetime
    ended_at: datetime
    reason: str
    state: ClaimState
    made_at: datetime
    due_on: date


async def insert_claim(tx: AsyncConnection, district: str, made: Claim) -> None:
    """Put a claim on file, under its first version. Raises IntegrityError where one is open."""
    await tx.execute(_INSERT, {"district": district, "version": 1, **asdict(made)})


async def open_claim(
    tx: AsyncConnection, district: str, sign_up_id: UUID | None, record_id: UUID | None
) -> tuple[UUID, date] | None:
    """Return the open claim, and its date, of an attendance or a record, or None."""
    values = {"district": district, "sign_up_id": sign_up_id, "record_id": record_id}
    row = (await tx.execute(_OPEN, values)).first()
    return (row.id, row.due_on) if row else None


async def lock_claim(tx: AsyncConnection, district: str, claim_id: UUID) -> Claim | None:
    """Return a claim, locked until the transaction ends, or None."""
    row = (await tx.execute(_LOCK, {"district": district, "id": claim_id})).mappings().one_or_none()
    return Claim(**{**row, "state": ClaimState(row["state"])}) if row else None


async def answer(
    tx: AsyncConnection, district: str, claim_id: UUID, state: ClaimState, at: datetime, words: str
) -> None:
    """Note the answer to a locked claim."""
    await tx.execute(_ANSWER, {"district": district, "id": claim_id, "state": state, "at": at, "answer": words})

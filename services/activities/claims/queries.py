"""What is shown of claims. Invariant: reads change nothing; a page is ordered by a key that does not move."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.claims.domain import ClaimState
from services.activities.register.repository import ENTRIES_OF
from shared.contracts.actor import Actor, Reach


class ClaimView(BaseModel):
    """A claim: when somebody says that they served, by when it is answered, and how it was."""

    id: UUID
    sign_up_id: UUID | None
    record_id: UUID | None
    volunteer_id: UUID
    activity_title: str
    started_at: datetime
    ended_at: datetime
    reason: str
    state: ClaimState
    made_at: datetime
    due_on: date
    answered_at: datetime | None
    answer: str | None


_CLAIMS = text(f"""
    SELECT id, sign_up_id, record_id, volunteer_id, activity_title, started_at, ended_at, reason, state, made_at,
           due_on, answered_at, answer
    FROM claim
    WHERE district = :district
      AND (volunteer_id = {ENTRIES_OF} OR NOT :own
           AND (:whole OR station_id = ANY(CAST(:units AS uuid[])) OR published_by = :name))
      AND (CAST(:state AS text) IS NULL OR state = :state)
      AND (CAST(:after AS date) IS NULL OR (due_on, id) > (:after, CAST(:after_id AS uuid)))
    ORDER BY due_on, id LIMIT :limit
""")


async def list_claims(
    tx: AsyncConnection,
    actor: Actor,
    state: ClaimState | None,
    after: tuple[Any, ...] | None,
    limit: int,
    *,
    own: bool = False,
) -> list[ClaimView]:
    """Return the claims that are an actor's to answer, and their own; those to be answered first at the top.

    ``own``: their own alone.
    """
    due, claim_id = after or (None, None)
    values = {
        "district": actor.district,
        "whole": actor.reach is Reach.DISTRICT,
        "units": list(actor.scope.units) if actor.reach is Reach.UNITS else [],
        "name": actor.name,
        "volunteer_id": actor.volunteer_id,
        "state": state,
        "own": own,
        "after": due,
        "after_id": claim_id,
        "limit": limit,
    }
    return [ClaimView(**row) for row in (await tx.execute(_CLAIMS, values)).mappings()]

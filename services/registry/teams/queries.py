"""What is shown of requests for teams."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.actor import Actor, Reach


class FormationView(BaseModel):
    """A request for a team, and what was answered."""

    id: UUID
    name: str
    kind: str
    organisation: str | None
    """By name."""
    station: str | None
    """By name."""
    focus_service: str | None
    purpose: str
    state: str
    asked_at: datetime
    answered_at: datetime | None
    reason: str
    team_id: UUID | None
    own: bool
    """Whether it is of who looks."""
    answerable: bool
    """Whether who looks may answer it."""


_FORMATIONS = text("""
    SELECT f.id, f.name, f.kind, o.name AS organisation, s.name AS station, f.focus_service, f.purpose, f.state,
           f.asked_at, f.answered_at, f.reason, f.team_id, f.asked_by = :name AS own,
           f.state = 'asked' AND (:answers OR coalesce(o.guiding_body_id = ANY(:units), false)) AS answerable
    FROM team_formation f
    LEFT JOIN organisation o ON o.district = f.district AND o.id = f.organisation_id
    LEFT JOIN station s ON s.district = f.district AND s.id = f.station_id
    WHERE f.district = :district AND (CAST(:before AS uuid) IS NULL OR f.id < :before)
      AND (CAST(:state AS text) IS NULL OR f.state = :state)
      AND (:all OR f.asked_by = :name OR f.station_id = ANY(:units) OR o.guiding_body_id = ANY(:units))
    ORDER BY f.id DESC LIMIT :limit
""")


async def formations(
    tx: AsyncConnection, actor: Actor, before: UUID | None, limit: int, *, state: str | None, answers: bool
) -> list[FormationView]:
    """Return requests that the actor may see, the newest first, from before an id on.

    ``answers``: whether the actor answers all of them; an officer of a guiding body answers those that it guides.
    """
    values = {
        "district": actor.district,
        "name": actor.name,
        "units": list(actor.scope.units),
        "all": actor.reach is Reach.DISTRICT,
        "answers": answers,
        "before": before,
        "limit": limit,
        "state": state,
    }
    return [FormationView(**row) for row in (await tx.execute(_FORMATIONS, values)).mappings()]

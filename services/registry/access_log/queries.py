"""What an auditor is shown of the access log, and a person of what concerns them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.access_log.repository import account_of


class AccessView(BaseModel):
    """One entry: who did what to which account or person, when and why.

    ``user_name`` and ``roles`` are of the account that did it, as it is now; ``volunteer_number`` is the person's whom
    it is about. ``approved_by`` is the user name of who let it be read, where it is a minor's data.
    """

    id: UUID
    happened_at: datetime
    actor: str
    user_name: str | None
    roles: list[str]
    action: str
    subject_id: UUID
    volunteer_number: str | None
    reason: str
    approved_by: str | None


class OwnAccessView(BaseModel):
    """Who read or changed what is on file of the caller, when and why. Staff are named by role and unit."""

    id: UUID
    happened_at: datetime
    by_oneself: bool
    roles: list[str]
    unit: str | None
    """The name of a station or team that they look after."""
    action: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which entries: all where nothing is said. ``person`` is a volunteer number, ``reader`` a user name."""

    subject_id: UUID | None = None
    actor: str | None = None
    action: str | None = None
    person: str | None = None
    reader: str | None = None
    since: datetime | None = None
    until: datetime | None = None


# Ids rise with time, so moments are ends of the key's order; what has no index is looked for between them.
_ENTRIES = text(f"""
    SELECT l.id, l.happened_at, l.actor, a.user_name, coalesce(a.roles, ARRAY[]::text[]) AS roles, l.action,
           l.subject_id, coalesce(v.number, av.number) AS volunteer_number, l.reason, ap.user_name AS approved_by
    FROM access_log l
    {account_of("a", "l.actor")}
    LEFT JOIN minor_reading mr ON mr.district = l.district AND mr.id = l.approval_id
    {account_of("ap", "mr.answered_by")}
    LEFT JOIN volunteer v ON v.district = l.district AND v.id = l.subject_id
    LEFT JOIN account s ON s.district = l.district AND s.id = l.subject_id
    LEFT JOIN volunteer av ON av.district = l.district AND av.id = s.volunteer_id
    WHERE l.district = :district AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
      AND (CAST(:subject_id AS uuid) IS NULL OR l.subject_id = :subject_id)
      AND (CAST(:actor AS text) IS NULL OR l.actor = :actor)
      AND (CAST(:action AS text) IS NULL OR l.action = :action)
      AND (CAST(:since AS timestamptz) IS NULL OR l.happened_at >= :since)
      AND (CAST(:until AS timestamptz) IS NULL OR l.happened_at < :until)
      AND (CAST(:person AS text) IS NULL OR l.subject_id IN (
          SELECT p.id FROM volunteer p WHERE p.district = :district AND p.number = :person
          UNION ALL SELECT pa.id FROM volunteer p JOIN account pa ON pa.district = p.district AND pa.volunteer_id = p.id
          WHERE p.district = :district AND p.number = :person))
      AND (CAST(:reader AS text) IS NULL OR l.actor IN (
          SELECT 'account:' || n.account_id FROM log_in_name n
          WHERE n.belongs_to = :district AND n.name = :reader))
    ORDER BY l.id DESC LIMIT :limit
""")
_OWN = text(f"""
    SELECT l.id, l.happened_at, l.action, l.reason, l.actor = :own AS by_oneself,
           CASE WHEN l.actor = :own THEN ARRAY[]::text[] ELSE coalesce(a.roles, ARRAY[]::text[]) END AS roles,
           CASE WHEN l.actor <> :own THEN (
               SELECT u.name
               FROM (SELECT district, id, name FROM station UNION ALL SELECT district, id, name FROM team) u
               WHERE u.district = l.district AND u.id = ANY(a.units) ORDER BY u.name LIMIT 1) END AS unit
    FROM access_log l
    {account_of("a", "l.actor")}
    WHERE l.district = :district AND l.subject_id = :subject_id
      AND (CAST(:before AS uuid) IS NULL OR l.id < :before)
    ORDER BY l.id DESC LIMIT :limit
""")


async def find_entries(
    tx: AsyncConnection, district: str, before: UUID | None, limit: int, wanted: Wanted
) -> list[AccessView]:
    """Return a district's entries, the newest first, from before an id on."""
    values: dict[str, Any] = {name: getattr(wanted, name) for name in Wanted.__slots__}
    rows = await tx.execute(_ENTRIES, {**values, "district": district, "before": before, "limit": limit})
    return [AccessView(**row) for row in rows.mappings()]


async def find_own(
    tx: AsyncConnection, district: str, own: str, volunteer_id: UUID, before: UUID | None, limit: int
) -> list[OwnAccessView]:
    """Return what was done with a person's data, the newest first; ``own`` is how entries name the person's account."""
    values = {"district": district, "own": own, "subject_id": volunteer_id, "before": before, "limit": limit}
    return [OwnAccessView(**row) for row in (await tx.execute(_OWN, values)).mappings()]

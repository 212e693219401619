"""Households, who is assigned to them, their sealed files, pairings and visits on file.

Invariant: a file is read and written in a transaction that says for which case worker it is (``act_for``), and by
PostgreSQL's own policy for one who is assigned alone. Whoever changes a household or its pairings holds its row.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.recipients.domain.sealing import SealedFile
from shared.contracts.actor import Actor, Reach, Role

_ACT_FOR = text("SELECT set_config('app.case_worker', :account, true)")


async def act_for(tx: AsyncConnection, actor: Actor, account_id: UUID) -> UUID | None:
    """Let the rest of the transaction get at the files that a case worker is assigned to; None for anybody else."""
    if not actor.has(Role.CASE_WORKER):
        return None
    await tx.execute(_ACT_FOR, {"account": str(account_id)})
    return account_id


def seen_by(actor: Actor, worker: UUID | None) -> dict[str, object]:
    """Return the parameters of `SEEN`: what of the district's households somebody is shown."""
    return {
        "district": actor.district,
        "worker": worker,
        "units": list(actor.scope.units),
        "everywhere": actor.reach is Reach.DISTRICT,
        "managed": list(actor.scope.units) if actor.reach is Reach.UNITS else [],
    }


SEEN = """
    FROM household h
    JOIN station s ON s.district = h.district AND s.id = h.station_id
    LEFT JOIN household_assignment a ON a.district = h.district AND a.household_id = h.id
        AND a.account_id = CAST(:worker AS uuid) AND h.station_id = ANY(CAST(:units AS uuid[]))
    WHERE h.district = :district
      AND (:everywhere OR h.station_id = ANY(CAST(:managed AS uuid[])) OR a.account_id IS NOT NULL)
"""
"""Households of a district, of the stations that one manages, or that one is assigned to within one's stations."""
_HOLD = text("SELECT 1 FROM household WHERE district = :district AND id = :id FOR NO KEY UPDATE")
_ONE = text(f"""
    SELECT h.id, h.number, h.station_id, s.name AS station_name, h.opened_on, h.closed_on, h.version,
           a.account_id IS NOT NULL AS mine
    {SEEN} AND h.id = :id
""")


async def lock(tx: AsyncConnection, actor: Actor, worker: UUID | None, household_id: UUID) -> Row[Any] | None:
    """Return a household that somebody is shown, and hold it to the commit; None where there is none."""
    await tx.execute(_HOLD, {"district": actor.district, "id": household_id})
    return (await tx.execute(_ONE, {**seen_by(actor, worker), "id": household_id})).one_or_none()


_STATION = text("SELECT id, closed_on FROM station WHERE district = :district AND code = :code")
_LAST_NUMBER = text("SELECT coalesce(max(number), 0) FROM household WHERE district = :district")
_INSERT = text("""
    INSERT INTO household (district, id, number, station_id, groups, opened_on, version)
    VALUES (:district, :id, :number, :station_id, :groups, :opened_on, 1)
""")
_CHANGE = text("""
    UPDATE household SET groups = :groups, version = version + 1 WHERE district = :district AND id = :id
    RETURNING version
""")
_CLOSE = text("""
    UPDATE household SET closed_on = :closed_on, version = version + 1 WHERE district = :district AND id = :id
    RETURNING version
""")


async def station(tx: AsyncConnection, district: str, code: str) -> Row[Any] | None:
    """Return the id and the day of closing of a station."""
    return (await tx.execute(_STATION, {"district": district, "code": code})).one_or_none()


async def next_number(tx: AsyncConnection, district: str) -> int:
    """Return the number of the next household; the caller holds the district's row."""
    return int(await tx.scalar(_LAST_NUMBER, {"district": district}) or 0) + 1


async def insert(
    tx: AsyncConnection,
    district: str,
    household_id: UUID,
    *,
    number: int,
    station_id: UUID,
    groups: Sequence[str],
    opened_on: date,
) -> None:
    """Put a household on file."""
    values = {"number": number, "station_id": station_id, "groups": list(groups), "opened_on": opened_on}
    await tx.execute(_INSERT, {"district": district, "id": household_id, **values})


async def change(tx: AsyncConnection, district: str, household_id: UUID, groups: Sequence[str]) -> int:
    """Note what is shown of who lives there now; return the new version, which rises whatever has changed."""
    values = {"district": district, "id": household_id, "groups": list(groups)}
    return int((await tx.execute(_CHANGE, values)).scalar_one())


async def close(tx: AsyncConnection, district: str, household_id: UUID, closed_on: date) -> int:
    """Note that a household is looked after no more; return its new version."""
    values = {"district": district, "id": household_id, "closed_on": closed_on}
    return int((await tx.execute(_CLOSE, values)).scalar_one())


_ASSIGN = text("""
    INSERT INTO household_assignment (district, household_id, account_id) VALUES (:district, :id, :account_id)
    ON CONFLICT DO NOTHING
""")
_UNASSIGN = text("""
    DELETE FROM household_assignment
    WHERE district = :district AND household_id = :id
      AND (CAST(:account_id AS uuid) IS NULL OR account_id = :account_id)
""")


async def assign(tx: AsyncConnection, district: str, household_id: UUID, account_id: UUID) -> bool:
    """Assign a household to a case worker; return False where it is already."""
    values = {"district": district, "id": household_id, "account_id": account_id}
    return (await tx.execute(_ASSIGN, values)).rowcount > 0


async def unassign(tx: AsyncConnection, district: str, household_id: UUID, account_id: UUID | None) -> bool:
    """Take a household from a case worker, or from all of them; return False where nobody had it."""
    values = {"district": district, "id": household_id, "account_id": account_id}
    return (await tx.execute(_UNASSIGN, values)).rowcount > 0


_INSERT_FILE = text("""
    INSERT INTO household_file (district, household_id, wrapped_key, content)
    VALUES (:district, :id, :wrapped_key, :content)
""")
_CHANGE_FILE = text("UPDATE household_file SET content = :content WHERE district = :district AND household_id = :id")
_FILE = text("SELECT wrapped_key, content FROM household_file WHERE district = :district AND household_id = :id")
_ERASE = text("DELETE FROM household_file WHERE district = :district AND household_id = :id")


async def insert_file(tx: AsyncConnection, district: str, household_id: UUID, sealed: SealedFile) -> None:
    """Put a household's file beside it."""
    values = {"wrapped_key": sealed.wrapped_key, "content": sealed.content}
    await tx.execute(_INSERT_FILE, {"district": district, "id": household_id, **values})


async def change_file(tx: AsyncConnection, district: str, household_id: UUID, sealed: SealedFile) -> None:
    """Replace what is in a household's file; its key stays."""
    await tx.execute(_CHANGE_FILE, {"district": district, "id": household_id, "content": sealed.content})


async def find_file(tx: AsyncConnection, district: str, household_id: UUID) -> SealedFile | None:
    """Return a household's file; None where it is erased, or the transaction is for nobody who is assigned to it."""
    row = (await tx.execute(_FILE, {"district": district, "id": household_id})).one_or_none()
    return None if row is None else SealedFile(row.wrapped_key, row.content)


async def erase_file(tx: AsyncConnection, district: str, household_id: UUID) -> bool:
    """Delete a household's file with its key: from now on nobody can read it, nor the notes of visits."""
    return (await tx.execute(_ERASE, {"district": district, "id": household_id})).rowcount > 0


_PAIRING_COLUMNS = "id, household_id, volunteer_id, team_id, rhythm, starts_on, ends_on, ended_on, version"
_INSERT_PAIRING = text(f"""
    INSERT INTO pairing (district, {_PAIRING_COLUMNS})
    VALUES (:district, :id, :household_id, :volunteer_id, :team_id, :rhythm, :starts_on, :ends_on, NULL, 1)
    ON CONFLICT (district, household_id, coalesce(volunteer_id, team_id)) WHERE ended_on IS NULL DO NOTHING
    RETURNING {_PAIRING_COLUMNS}
""")
_TEAMS = text("""
    SELECT t.id, t.name, array_agg(a.volunteer_id ORDER BY a.volunteer_id) FILTER (WHERE a.id IS NOT NULL) AS leaders
    FROM team t
    LEFT JOIN account a ON a.district = t.district AND t.id = ANY(a.units) AND 'team_leader' = ANY(a.roles)
                       AND a.locked_at IS NULL AND a.volunteer_id IS NOT NULL
    WHERE t.district = :district AND t.id = ANY(CAST(:teams AS uuid[]))
    GROUP BY t.id, t.name
""")
_PAIRING = text(f"SELECT {_PAIRING_COLUMNS} FROM pairing WHERE district = :district AND id = :id")
_END = text(f"""
    UPDATE pairing SET ended_on = greatest(CAST(:ended_on AS date), starts_on), version = version + 1
    WHERE district = :district AND household_id = :household_id AND ended_on IS NULL
      AND (CAST(:id AS uuid) IS NULL OR id = :id)
    RETURNING {_PAIRING_COLUMNS}
""")
_INSERT_VISIT = text("""
    INSERT INTO pairing_visit (district, id, pairing_id, volunteer_id, visited_on, minutes, note)
    VALUES (:district, :id, :pairing_id, :volunteer_id, :visited_on, :minutes, :note)
""")


async def insert_pairing(tx: AsyncConnection, district: str, **pairing: object) -> Row[Any] | None:
    """Put a pairing on file and return it; None where the two are paired already."""
    return (await tx.execute(_INSERT_PAIRING, {"district": district, **pairing})).one_or_none()


async def teams_of(tx: AsyncConnection, district: str, pairings: Sequence[Row[Any]]) -> dict[UUID, Row[Any]]:
    """Return the teams among those who are paired, by id: name, and as whom their ``leaders`` serve."""
    teams = {row.team_id for row in pairings if row.team_id}
    if not teams:
        return {}
    return {row.id: row for row in await tx.execute(_TEAMS, {"district": district, "teams": list(teams)})}


async def find_pairing(tx: AsyncConnection, district: str, pairing_id: UUID) -> Row[Any] | None:
    """Return a pairing, or None."""
    return (await tx.execute(_PAIRING, {"district": district, "id": pairing_id})).one_or_none()


async def end_pairings(
    tx: AsyncConnection, district: str, household_id: UUID, pairing_id: UUID | None, ended_on: date
) -> Sequence[Row[Any]]:
    """End a pairing of a household, or all of them; return those that were not ended."""
    values = {"district": district, "household_id": household_id, "id": pairing_id, "ended_on": ended_on}
    return (await tx.execute(_END, values)).all()


async def insert_visit(tx: AsyncConnection, district: str, **visit: object) -> None:
    """Put a visit on file."""
    await tx.execute(_INSERT_VISIT, {"district": district, **visit})

"""The tree of a district: township, community, station, team; and guiding body, organisation, team. With counts.

Invariant: what is counted are people and places that are there now; a closed one is in no count. Staff of stations are
counted apart and are in no count of volunteers (domain.md section 1, line 12). No person is named.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places.domain.codes import HEAD_TEAMS_KIND
from shared.contracts.faults import Code, Fault, RefusedError

_KIND = "CASE WHEN t.kind IN ('community', 'professional') THEN t.kind ELSE 'unclassified' END"
_IS_HEAD = f"coalesce(t.is_head, t.kind = '{HEAD_TEAMS_KIND}')"
_STAFF = """
    (SELECT count(*) FROM station_staff w WHERE w.district = s.district AND w.station_id = s.id AND w.until IS NULL)
"""


class TeamCounts(BaseModel):
    """How many teams there are: the three kinds sum to the total, and head teams are among them."""

    total: int
    community: int
    professional: int
    unclassified: int
    heads: int
    members: int


class TownshipLine(BaseModel):
    """A town or street with what is in it."""

    code: str
    name: str
    communities: int
    with_station: int
    stations: int
    teams: int
    members: int
    staff: int


class StationLine(BaseModel):
    """A station with its teams, their members and its staff."""

    id: UUID
    code: str
    name: str
    level: str
    division_code: str
    teams: int
    members: int
    staff: int


class CommunityLine(BaseModel):
    """A community with its stations."""

    code: str
    name: str
    stations: list[StationLine]


class District(BaseModel):
    """A district's tree, down to its townships; ``centres`` stand above them."""

    organisations: int
    stations: int
    staff: int
    volunteers: int
    without_team: int
    teams: TeamCounts
    centres: list[StationLine]
    townships: list[TownshipLine]


class Township(BaseModel):
    """A town or street with its communities; ``stations`` are bound to no community of it but to itself."""

    code: str
    name: str
    stations: list[StationLine]
    communities: list[CommunityLine]


class OrganisationLine(BaseModel):
    """An organisation with its teams; ``volunteers`` are its own, in whatever team."""

    id: UUID
    code: str
    name: str
    kind: str
    guiding_body: str | None
    """By name."""
    teams: int
    members: int
    volunteers: int


class Organisation(OrganisationLine):
    """An organisation as its own page shows it."""

    guiding_body_code: str | None
    host_unit: str | None
    parent: str | None
    """By name."""
    parent_code: str | None
    closed_on: date | None
    counts: TeamCounts


class Station(StationLine):
    """A station as its own page shows it."""

    division: str
    """By name, within its town or street."""
    opened_on: date | None
    closed_on: date | None
    operators: list[str]
    counts: TeamCounts


class TeamLine(BaseModel):
    """A team with its members."""

    id: UUID
    code: str
    name: str
    kind: str
    is_head: bool
    organisation: str | None
    """By name."""
    station: str | None
    """By name."""
    focus_service: str | None
    members: int
    closed_on: date | None


class Team(TeamLine):
    """A team as its own page shows it."""

    organisation_id: UUID | None
    organisation_code: str | None
    station_id: UUID | None
    station_code: str | None
    merged_into_id: UUID | None
    merged_into: str | None
    """By name."""
    leaders: int
    """How many accounts lead it."""
    merged: list[str]
    """The names of the teams that were merged into it."""
    followers_to_come: int
    """How many are still entered as its members after it has ended."""


# Everybody is counted once a page. Where the planner takes a district for a handful of people, as it does from an
# import until autovacuum comes by, it would count them for each team of each organisation.
_MEMBERS = """
    WITH member AS MATERIALIZED (
             SELECT team_id, count(*) AS people FROM volunteer
             WHERE district = :district AND merged_into_id IS NULL GROUP BY team_id),
         t AS MATERIALIZED (
             SELECT t.*, coalesce(m.people, 0) AS members FROM team t LEFT JOIN member m ON m.team_id = t.id
             WHERE t.district = :district)
"""
_COUNTS = f"""
    SELECT count(*) AS total, count(*) FILTER (WHERE {_KIND} = 'community') AS community,
           count(*) FILTER (WHERE {_KIND} = 'professional') AS professional,
           count(*) FILTER (WHERE {_KIND} = 'unclassified') AS unclassified,
           count(*) FILTER (WHERE {_IS_HEAD}) AS heads, coalesce(sum(t.members), 0) AS members
    FROM t WHERE t.closed_on IS NULL
"""
_ALL_COUNTS = text(f"{_MEMBERS} {_COUNTS}")
_COUNTS_OF_STATION = text(f"{_MEMBERS} {_COUNTS} AND t.station_id = :id")
_COUNTS_OF_ORGANISATION = text(f"{_MEMBERS} {_COUNTS} AND t.organisation_id = :id")
_TOTALS = text("""
    SELECT (SELECT count(*) FROM organisation WHERE district = :district AND closed_on IS NULL) AS organisations,
           (SELECT count(*) FROM station WHERE district = :district AND closed_on IS NULL) AS stations,
           (SELECT count(*) FROM station_staff WHERE district = :district AND until IS NULL) AS staff,
           count(*) AS volunteers, count(*) FILTER (WHERE team_id IS NULL) AS without_team
    FROM volunteer WHERE district = :district AND merged_into_id IS NULL
""")
_STATION_LINES = f"""
    {_MEMBERS}
    SELECT s.id, s.code, s.name, s.level, s.division_code, s.opened_on, s.closed_on, s.operators,
           count(t.id) AS teams, coalesce(sum(t.members), 0) AS members, {_STAFF} AS staff
    FROM station s LEFT JOIN t ON t.station_id = s.id AND t.closed_on IS NULL
    WHERE s.district = :district
"""
_CENTRES = text(f"""
    {_STATION_LINES} AND s.level = 'centre' AND s.closed_on IS NULL GROUP BY s.district, s.id ORDER BY s.code
""")
_STATIONS_OF_TOWNSHIP = text(f"""
    {_STATION_LINES} AND s.level <> 'centre' AND s.closed_on IS NULL AND starts_with(s.division_code, :code)
    GROUP BY s.district, s.id ORDER BY s.code
""")
_ONE_STATION = text(f"{_STATION_LINES} AND s.id = :id GROUP BY s.district, s.id")
_TOWNSHIPS = text(f"""
    {_MEMBERS},
    line AS (
        SELECT left(s.division_code, 9) AS township, count(DISTINCT s.id) AS stations,
               count(DISTINCT s.division_code) FILTER (WHERE length(s.division_code) = 12) AS with_station,
               count(t.id) AS teams, coalesce(sum(t.members), 0) AS members
        FROM station s LEFT JOIN t ON t.station_id = s.id AND t.closed_on IS NULL
        WHERE s.district = :district AND s.closed_on IS NULL AND s.level <> 'centre' GROUP BY 1
    ),
    staff AS (
        SELECT left(s.division_code, 9) AS township, count(*) AS staff FROM station s
        JOIN station_staff w ON w.district = s.district AND w.station_id = s.id AND w.until IS NULL
        WHERE s.district = :district AND s.closed_on IS NULL AND s.level <> 'centre' GROUP BY 1
    )
    SELECT d.code, d.name,
           (SELECT count(*) FROM division c
            WHERE c.district = d.district AND c.parent_code = d.code AND c.level = 'community') AS communities,
           coalesce(l.with_station, 0) AS with_station, coalesce(l.stations, 0) AS stations,
           coalesce(l.teams, 0) AS teams, coalesce(l.members, 0) AS members, coalesce(w.staff, 0) AS staff
    FROM division d LEFT JOIN line l ON l.township = d.code LEFT JOIN staff w ON w.township = d.code
    WHERE d.district = :district AND d.level = 'township' ORDER BY d.code
""")
_DIVISIONS = text("""
    SELECT code, name, level FROM division
    WHERE district = :district AND (code = :code AND level = 'township' OR parent_code = :code AND level = 'community')
    ORDER BY code
""")
_DIVISION_NAMES = text("""
    SELECT string_agg(name, ' ' ORDER BY code) FROM division
    WHERE district = :district AND level <> 'county' AND code IN (:code, left(:code, 9))
""")


async def district_tree(tx: AsyncConnection, district: str) -> District:
    """Return a district's counts and townships."""
    key = {"district": district}
    totals = (await tx.execute(_TOTALS, key)).mappings().one()
    return District(
        **totals,
        teams=await _counts(tx, _ALL_COUNTS, key),
        centres=[StationLine(**row) for row in (await tx.execute(_CENTRES, key)).mappings()],
        townships=[TownshipLine(**row) for row in (await tx.execute(_TOWNSHIPS, key)).mappings()],
    )


async def township(tx: AsyncConnection, district: str, code: str) -> Township:
    """Return a town or street with its communities. Raises RefusedError (not_found)."""
    key = {"district": district, "code": code}
    divisions = (await tx.execute(_DIVISIONS, key)).all()
    own = next((one for one in divisions if one.level == "township"), None)
    if own is None:
        raise RefusedError(Fault("code", Code.NOT_FOUND))
    stations = [StationLine(**row) for row in (await tx.execute(_STATIONS_OF_TOWNSHIP, key)).mappings()]
    return Township(
        code=own.code,
        name=own.name,
        stations=[one for one in stations if one.division_code == own.code],
        communities=[
            CommunityLine(
                code=one.code, name=one.name, stations=[each for each in stations if each.division_code == one.code]
            )
            for one in divisions
            if one.level == "community"
        ],
    )


async def station(tx: AsyncConnection, district: str, station_id: UUID) -> Station:
    """Return a station. Raises RefusedError (not_found)."""
    row = (await tx.execute(_ONE_STATION, {"district": district, "id": station_id})).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("station_id", Code.NOT_FOUND))
    named = await tx.scalar(_DIVISION_NAMES, {"district": district, "code": row["division_code"]})
    counts = await _counts(tx, _COUNTS_OF_STATION, {"district": district, "id": station_id})
    return Station(**row, division=named or row["division_code"], counts=counts)


_ORGANISATIONS = f"""
    {_MEMBERS},
    own AS MATERIALIZED (
        SELECT organisation_id, count(*) AS people FROM volunteer
        WHERE district = :district AND merged_into_id IS NULL GROUP BY 1)
    SELECT o.id, o.code, o.name, o.kind, g.name AS guiding_body, g.code AS guiding_body_code, o.host_unit,
           p.name AS parent, o.parent_code, o.closed_on, count(t.id) AS teams, coalesce(sum(t.members), 0) AS members,
           coalesce(max(own.people), 0) AS volunteers
    FROM organisation o
    LEFT JOIN guiding_body g ON g.district = o.district AND g.id = o.guiding_body_id
    LEFT JOIN organisation p ON p.district = o.district AND p.code = o.parent_code
    LEFT JOIN t ON t.organisation_id = o.id AND t.closed_on IS NULL
    LEFT JOIN own ON own.organisation_id = o.id
    WHERE o.district = :district
      AND (CAST(:guides AS uuid[]) IS NULL OR o.guiding_body_id = ANY(CAST(:guides AS uuid[])))
"""
_GROUP = "GROUP BY o.district, o.id, g.name, g.code, p.name"
_SOME_ORGANISATIONS = text(f"""
    {_ORGANISATIONS} AND o.code > :after AND o.closed_on IS NULL {_GROUP} ORDER BY o.code LIMIT :limit
""")
_ONE_ORGANISATION = text(f"{_ORGANISATIONS} AND o.id = :id {_GROUP}")

Guides = Sequence[UUID] | None
"""The guiding bodies of which somebody sees the organisations; None: all."""


async def organisations(
    tx: AsyncConnection, district: str, guides: Guides, after: str, limit: int
) -> list[OrganisationLine]:
    """Return organisations with their counts, by code, from after a code on."""
    values = {"district": district, "guides": guides, "after": after, "limit": limit}
    return [OrganisationLine(**row) for row in (await tx.execute(_SOME_ORGANISATIONS, values)).mappings()]


async def organisation(tx: AsyncConnection, district: str, guides: Guides, organisation_id: UUID) -> Organisation:
    """Return an organisation. Raises RefusedError (not_found)."""
    values = {"district": district, "guides": guides, "id": organisation_id}
    row = (await tx.execute(_ONE_ORGANISATION, values)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("organisation_id", Code.NOT_FOUND))
    counts = await _counts(tx, _COUNTS_OF_ORGANISATION, {"district": district, "id": organisation_id})
    return Organisation(**row, counts=counts)


_TEAMS = f"""
    {_MEMBERS}
    SELECT t.id, t.code, t.name, {_KIND} AS kind, {_IS_HEAD} AS is_head, o.name AS organisation, s.name AS station,
           t.focus_service, CASE WHEN t.closed_on IS NULL THEN t.members ELSE 0 END AS members, t.closed_on,
           t.organisation_id, o.code AS organisation_code, t.station_id, s.code AS station_code, t.merged_into_id,
           i.name AS merged_into,
           (SELECT count(*) FROM account a WHERE a.district = t.district AND t.id = ANY(a.units)) AS leaders,
           ARRAY(SELECT m.name FROM team m WHERE m.district = t.district AND m.merged_into_id = t.id ORDER BY m.code)
               AS merged,
           CASE WHEN t.closed_on IS NULL THEN 0 ELSE t.members END AS followers_to_come
    FROM t
    LEFT JOIN organisation o ON o.district = t.district AND o.id = t.organisation_id
    LEFT JOIN station s ON s.district = t.district AND s.id = t.station_id
    LEFT JOIN team i ON i.district = t.district AND i.id = t.merged_into_id
    WHERE (CAST(:guides AS uuid[]) IS NULL OR o.guiding_body_id = ANY(CAST(:guides AS uuid[])))
"""
_SOME_TEAMS = text(f"""
    {_TEAMS} AND t.code > :after AND (t.closed_on IS NOT NULL) = :closed
      AND (CAST(:organisation_id AS uuid) IS NULL OR t.organisation_id = :organisation_id)
      AND (CAST(:station_id AS uuid) IS NULL OR t.station_id = :station_id)
      AND (CAST(:kind AS text) IS NULL OR {_KIND} = :kind)
      AND (t.name LIKE :named OR t.code = :query)
    ORDER BY t.code LIMIT :limit
""")
_ONE_TEAM = text(f"{_TEAMS} AND t.id = :id")


async def teams(
    tx: AsyncConnection, district: str, guides: Guides, after: str, limit: int, *, query: str, **of: object
) -> list[TeamLine]:
    """Return teams by code, from after a code on.

    ``query`` is a code, or part of a name; ``of``: ``organisation_id``, ``station_id``, ``kind`` (each may be None) and
    whether ``closed`` ones are wanted.
    """
    named = "%" + query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    values = {"district": district, "guides": guides, "after": after, "limit": limit, "query": query, "named": named}
    return [TeamLine(**row) for row in (await tx.execute(_SOME_TEAMS, values | of)).mappings()]


async def team(tx: AsyncConnection, district: str, guides: Guides, team_id: UUID) -> Team:
    """Return a team. Raises RefusedError (not_found)."""
    values = {"district": district, "guides": guides, "id": team_id}
    row = (await tx.execute(_ONE_TEAM, values)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("team_id", Code.NOT_FOUND))
    return Team(**row)


async def _counts(tx: AsyncConnection, statement: TextClause, values: Mapping[str, object]) -> TeamCounts:
    return TeamCounts(**(await tx.execute(statement, values)).mappings().one())

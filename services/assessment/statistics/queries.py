"""A district's figures: totals, groups and star levels."""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import SESSIONS
from services.assessment.rules.queries import current_rules
from services.assessment.statistics.period import Period


class Grouping(StrEnum):
    """What figures can be broken down by."""

    STATION = "station"
    TEAM = "team"
    SERVICE = "service"
    MONTH = "month"
    CATEGORY = "category"


class Figures(BaseModel):
    """Minutes, records that stand, and volunteers with at least one."""

    minutes: int
    sessions: int
    volunteers: int


class GroupFigures(Figures):
    """The figures of one group. ``code`` is null where there is none: no team, or registry has not told of it yet."""

    code: str | None
    name: str | None


class Statistics(Figures):
    """The totals, and the groups where a breakdown was asked for, which add up to them but for volunteers."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "minutes": 43383600,
                    "sessions": 226097,
                    "volunteers": 25120,
                    "groups": [
                        {
                            "code": "510115-STA-01",
                            "name": "新华社区志愿服务站",
                            "minutes": 5210340,
                            "sessions": 27111,
                            "volunteers": 9018,
                        }
                    ],
                }
            ]
        }
    )

    groups: list[GroupFigures]


class LevelCount(BaseModel):
    """How many volunteers have reached a star level; level 0 are those with service and no star."""

    level: int
    volunteers: int


class StarStatistics(BaseModel):
    """Volunteers by star level, and the rule set that the levels are of."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rule_set": "510115/2025.1",
                    "levels": [{"level": 0, "volunteers": 24181}, {"level": 1, "volunteers": 1347}],
                }
            ]
        }
    )

    rule_set: str
    levels: list[LevelCount]


def _statement(key: str, code: str, name: str = "NULL", joins: tuple[str, str] = ("", "")) -> TextClause:
    """Return the statement of the totals (first row) and, by ``code``, of the groups.

    Entries are first summed by volunteer and ``key``, so that a volunteer is counted once a group, and only where a
    record stands. ``joins`` are to the entries, for the key, and to the sums, for code and name.
    """
    return text(f"""
        WITH summed AS MATERIALIZED (
            SELECT e.volunteer_id, {key} AS key, sum(e.minutes) AS minutes, {SESSIONS} AS sessions
            FROM ledger_entry e {joins[0]} WHERE e.district = :district AND {Period.CONDITION}
            GROUP BY 1, 2
        )
        SELECT NULL AS code, NULL AS name, coalesce(sum(minutes), 0) AS minutes, coalesce(sum(sessions), 0) AS sessions,
               count(DISTINCT volunteer_id) FILTER (WHERE sessions > 0) AS volunteers
        FROM summed
        UNION ALL
        SELECT * FROM (
            SELECT {code} AS code, {name} AS name, sum(s.minutes), sum(s.sessions),
                   count(DISTINCT s.volunteer_id) FILTER (WHERE s.sessions > 0)
            FROM summed s {joins[1]}
            GROUP BY 1, 2 HAVING sum(s.sessions) > 0 ORDER BY 1
        ) grouped
    """)


# A session counts for the team of its time; one before the first that is known of, as imported ones are, for the first.
_TEAM_OF_THE_TIME = """
    LEFT JOIN (
        SELECT volunteer_id, team_id,
               CASE WHEN row_number() OVER told = 1 THEN '-infinity' ELSE since END AS since,
               lead(since, 1, 'infinity') OVER told AS until
        FROM team_membership WHERE district = :district
        WINDOW told AS (PARTITION BY volunteer_id ORDER BY version)
    ) m ON m.volunteer_id = e.volunteer_id AND e.started_at >= m.since AND e.started_at < m.until
"""
_STATION = "LEFT JOIN known_station n ON n.district = :district AND n.id = s.key"
_TEAM = "LEFT JOIN known_team n ON n.district = :district AND n.id = s.key"
_VOLUNTEER = "LEFT JOIN known_volunteer v ON v.district = :district AND v.id = s.volunteer_id"
_STATEMENTS: dict[Grouping | None, TextClause] = {
    None: _statement("NULL", "NULL"),
    Grouping.STATION: _statement("e.station_id", "n.code", "n.name", ("", _STATION)),
    Grouping.TEAM: _statement("m.team_id", "n.code", "n.name", (_TEAM_OF_THE_TIME, _TEAM)),
    Grouping.SERVICE: _statement("e.service", "s.key"),
    Grouping.MONTH: _statement("to_char(e.service_on, 'YYYY-MM')", "s.key"),
    Grouping.CATEGORY: _statement("NULL", "v.category", joins=("", _VOLUNTEER)),
}
_STARS = text("""
    SELECT coalesce(a.stars, 0) AS level, count(*) AS volunteers
    FROM volunteer_hours h LEFT JOIN award a ON a.district = h.district AND a.volunteer_id = h.volunteer_id
    WHERE h.district = :district AND (h.sessions > 0 OR a.stars > 0) GROUP BY 1
""")


async def statistics(tx: AsyncConnection, district: str, period: Period, by: Grouping | None) -> Statistics:
    """Return the figures of a period, and of its groups where ``by`` names any."""
    totals, *groups = (await tx.execute(_STATEMENTS[by], {"district": district, **period.values()})).mappings().all()
    return Statistics.model_validate({**totals, "groups": [dict(group) for group in groups] if by else []})


async def star_statistics(tx: AsyncConnection, district: str) -> StarStatistics:
    """Return how many volunteers have reached each level of the rule set in force, none included."""
    counts = {row.level: row.volunteers for row in await tx.execute(_STARS, {"district": district})}
    rules = await current_rules(tx, district)
    levels = sorted({*range(len(rules.star_hours) + 1), *counts})
    return StarStatistics(
        rule_set=rules.name, levels=[LevelCount(level=level, volunteers=counts.get(level, 0)) for level in levels]
    )

"""A district's figures: totals, groups and star levels."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from pydantic import BaseModel, ConfigDict
from sqlalchemy import TextClause, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.assessment.ledger.queries import PERSONAL_ENTRIES, ROOM, SESSIONS, personal_hours
from services.assessment.rules.queries import current_rules
from services.assessment.statistics.period import MEMBERSHIPS, Period


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
    """The totals, and the groups where a breakdown was asked for, which add up to them but for volunteers.

    They are as the ledger stood at ``as_of``.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "minutes": 43383600,
                    "sessions": 226097,
                    "volunteers": 25120,
                    "as_of": "2026-03-02T03:05:00Z",
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

    as_of: datetime
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


# Each volunteer's sums of the period, by what is grouped by: a volunteer is counted once a group, and only where a
# record stands. They are added up without sorting anybody. ``joins`` are to the entries, for the key.
_SUMMED = f"""
    SELECT e.volunteer_id, {{key}} AS key, sum(e.minutes)::int AS minutes, {SESSIONS}::int AS sessions
    FROM {PERSONAL_ENTRIES} e {{joins}} WHERE e.district = :district AND {{period}}
    GROUP BY 1, 2
"""
# The same of all times, which is kept.
_KEPT = f"SELECT volunteer_id, NULL AS key, minutes, sessions FROM {personal_hours()} h WHERE district = :district"
_FIGURES = """
    coalesce(sum(minutes), 0) AS minutes, coalesce(sum(sessions), 0) AS sessions,
    count(*) FILTER (WHERE sessions > 0) AS volunteers
"""
_EVERYBODY = f"""
    SELECT NULL AS code, NULL AS name, {_FIGURES}
    FROM (SELECT sum(minutes) AS minutes, sum(sessions) AS sessions FROM summed GROUP BY volunteer_id) everybody
"""
_GROUPS = f"""
    SELECT {{code}} AS code, {{name}} AS name, sum(s.minutes), sum(s.sessions), sum(s.volunteers)
    FROM (SELECT {{of}} AS key, {_FIGURES} FROM summed {{people}} GROUP BY 1) s {{named}}
    GROUP BY 1, 2 HAVING sum(s.sessions) > 0 ORDER BY 1
"""


@dataclass(frozen=True, slots=True)
class _Breakdown:
    """How entries are grouped: by which ``key`` of theirs, or else by what of their volunteer."""

    key: str = "NULL"
    joins: str = ""
    of: str = "key"
    people: str = ""
    code: str = "s.key"
    name: str = "NULL"
    named: str = ""


def _known(table: str, key: str, joins: str = "") -> _Breakdown:
    """Group by what registry tells of; what it has not told of is one group."""
    return _Breakdown(
        key=f"CASE WHEN {key} IN (SELECT id FROM {table} WHERE district = :district) THEN {key} END",
        joins=joins,
        code="n.code",
        name="n.name",
        named=f"LEFT JOIN {table} n ON n.district = :district AND n.id = s.key",
    )


_TEAM_OF_THE_TIME = f"""
    LEFT JOIN ({MEMBERSHIPS.format(whose="")}) m
      ON m.volunteer_id = e.entered_under AND e.started_at >= m.since AND e.started_at < m.until
"""
_BREAKDOWNS = {
    None: _Breakdown(),
    Grouping.STATION: _known("known_station", "e.station_id"),
    Grouping.TEAM: _known("known_team", "m.team_id", _TEAM_OF_THE_TIME),
    Grouping.SERVICE: _Breakdown("e.service"),
    Grouping.MONTH: _Breakdown("date_trunc('month', e.service_on::timestamp)", code="to_char(s.key, 'YYYY-MM')"),
    Grouping.CATEGORY: _Breakdown(
        of="v.category", people="LEFT JOIN known_volunteer v ON v.district = :district AND v.id = volunteer_id"
    ),
}


@cache
def _statement(by: Grouping | None, period: str, *, kept: bool) -> TextClause:
    """Return the statement of the totals (first row) and of the groups, of entries for which ``period`` holds."""
    how = _BREAKDOWNS[by]
    summed = _KEPT if kept else _SUMMED.format(key=how.key, joins=how.joins, period=period)
    groups = _GROUPS.format(code=how.code, name=how.name, of=how.of, people=how.people, named=how.named)
    grouped = f"UNION ALL SELECT * FROM ({groups}) grouped" if by else ""
    return text(f"WITH summed AS MATERIALIZED ({summed}) {_EVERYBODY} {grouped}")


_STARS = text(f"""
    SELECT coalesce(a.stars, 0) AS level, count(*) AS volunteers
    FROM {personal_hours()} h LEFT JOIN award a ON a.district = h.district AND a.volunteer_id = h.volunteer_id
    WHERE h.district = :district AND (h.sessions > 0 OR a.stars > 0) GROUP BY 1
""")


async def statistics(
    tx: AsyncConnection, district: str, period: Period, by: Grouping | None, now: datetime
) -> Statistics:
    """Return the figures of a period, and of its groups where ``by`` names any."""
    kept = period == Period() and by in (None, Grouping.CATEGORY)
    await tx.execute(ROOM)
    rows = await tx.execute(_statement(by, period.condition(), kept=kept), {"district": district, **period.values()})
    totals, *groups = rows.mappings().all()
    return Statistics.model_validate({**totals, "as_of": now, "groups": [dict(group) for group in groups]})


async def star_statistics(tx: AsyncConnection, district: str) -> StarStatistics:
    """Return how many volunteers have reached each level of the rule set in force, none included."""
    counts = {row.level: row.volunteers for row in await tx.execute(_STARS, {"district": district})}
    rules = await current_rules(tx, district)
    levels = sorted({*range(len(rules.star_hours) + 1), *counts})
    return StarStatistics(
        rule_set=rules.name, levels=[LevelCount(level=level, volunteers=counts.get(level, 0)) for level in levels]
    )

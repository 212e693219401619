"""What communities need beside what is planned there, theme by theme.

Invariant: what a survey has found is what its last event says; what is planned is counted when it is looked at. An
activity counts for the community that its station is in, under the theme that its service is.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.publishing.states import OPEN_SHIFT
from shared.contracts.faults import Code, Fault, RefusedError

AHEAD = timedelta(days=90)
"""A quarter: as far ahead as stations plan."""
MOST_SURVEYS = 20


class AskedSurvey(BaseModel):
    """A survey that is closed."""

    id: UUID
    number: int
    title: str
    starts_on: date
    ends_on: date


class ThemeGap(BaseModel):
    """How many need a theme, their share in per cent, and the shifts and places that are planned until a day."""

    theme: str
    people: int
    per_cent: int
    shifts: int
    places: int


class CommunityGaps(BaseModel):
    """A community: how many have answered, and each theme that anybody needs, the most needed first."""

    code: str
    name: str
    answered: int
    themes: list[ThemeGap]


class NeedGaps(BaseModel):
    """A page of communities by code, of one survey; none where none is closed. ``surveys`` are those to choose from."""

    survey: AskedSurvey | None
    surveys: list[AskedSurvey]
    until: datetime
    """The end of the time in which what is planned counts."""
    items: list[CommunityGaps]
    next_cursor: str | None = None


_SURVEYS = text("""
    SELECT id, number, title, starts_on, ends_on FROM known_need_survey
    WHERE district = :district AND closed ORDER BY ends_on DESC, number DESC LIMIT :limit
""")
_SURVEY = text("""
    SELECT id, number, title, starts_on, ends_on, communities, answered, by_theme FROM known_need_survey
    WHERE district = :district AND id = :id AND closed
""")
# The shifts first, by their start, then the activity of each: LIMIT keeps that from being a join with all there were.
_PLANNED = text(f"""
    WITH begins AS MATERIALIZED (
        SELECT s.activity_id, count(*) AS shifts, sum(s.capacity) AS places FROM shift s
        WHERE s.district = :district AND {OPEN_SHIFT} AND s.starts_at < :until GROUP BY s.activity_id
    )
    SELECT n.division_code AS community, a.service AS theme, sum(b.shifts) AS shifts, sum(b.places) AS places
    FROM begins b
    CROSS JOIN LATERAL (
        SELECT service, station_id FROM activity WHERE district = :district AND id = b.activity_id LIMIT 1
    ) a
    JOIN known_station n ON n.district = :district AND n.id = a.station_id
    WHERE n.division_code = ANY(CAST(:communities AS text[]))
    GROUP BY 1, 2
""")


async def closed_surveys(tx: AsyncConnection, district: str) -> list[AskedSurvey]:
    """Return a district's closed surveys, the last to end first."""
    rows = await tx.execute(_SURVEYS, {"district": district, "limit": MOST_SURVEYS})
    return [AskedSurvey.model_validate(dict(row)) for row in rows.mappings()]


async def find_survey(tx: AsyncConnection, district: str, survey_id: UUID) -> Row[Any]:
    """Return a closed survey with what it has found. Raises RefusedError (not_found)."""
    row = (await tx.execute(_SURVEY, {"district": district, "id": survey_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    return row


async def gaps(
    tx: AsyncConnection, district: str, survey: Row[Any], after: str, limit: int, until: datetime
) -> list[CommunityGaps]:
    """Return the communities of a survey by code, from after a code on, with what they need and what is planned."""
    codes = [code for code in sorted(survey.communities) if code > after][:limit]
    planned: Mapping[str, dict[str, Row[Any]]] = defaultdict(dict)
    for row in await tx.execute(_PLANNED, {"district": district, "until": until, "communities": codes}):
        planned[row.community][row.theme] = row
    return [
        CommunityGaps(
            code=code,
            name=survey.communities[code],
            answered=survey.answered.get(code, 0),
            themes=_themes(survey.by_theme.get(code, {}), survey.answered.get(code, 0), planned[code]),
        )
        for code in codes
    ]


def _themes(needed: Mapping[str, int], answered: int, planned: Mapping[str, Row[Any]]) -> list[ThemeGap]:
    by_need: Sequence[tuple[str, int]] = sorted(needed.items(), key=lambda one: (-one[1], one[0]))
    return [
        ThemeGap(
            theme=theme,
            people=people,
            per_cent=round(100 * people / answered),
            shifts=planned[theme].shifts if theme in planned else 0,
            places=planned[theme].places if theme in planned else 0,
        )
        for theme, people in by_need
    ]

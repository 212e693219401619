"""What is shown of surveys: to staff what was found, community by community; to everybody what is asked today."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.surveys.domain import Source, SurveyState
from services.registry.surveys.repository import found_by
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now


class SurveySummary(BaseModel):
    """A survey, and how far it has come."""

    id: UUID
    number: int
    title: str
    starts_on: date
    ends_on: date
    state: SurveyState
    communities: int
    with_answers: int
    """Communities from which somebody has answered."""
    answered: int
    """People who have."""


class ThemeFound(BaseModel):
    """How many need a theme, and their share of those who have answered, in per cent."""

    theme: str
    people: int
    per_cent: int


class CommunityFound(BaseModel):
    """What a community has answered, theme by theme in the survey's order."""

    code: str
    name: str
    answered: int
    themes: list[ThemeFound]


class SurveyView(SurveySummary):
    """A survey with what it has found until now: in all, and in each community that the caller may see."""

    themes: list[ThemeFound]
    found: list[CommunityFound]


class SheetView(BaseModel):
    """A sheet as it was entered; when and why it was taken back where it counts no more."""

    id: UUID
    community: str
    community_name: str
    answered: int
    by_theme: dict[str, int]
    source: Source
    sheet_no: str | None
    entered_at: datetime
    taken_back_at: datetime | None
    reason: str | None


class OpenSurvey(BaseModel):
    """A survey that anybody may answer today."""

    id: UUID
    title: str
    ends_on: date
    themes: list[str]
    communities: dict[str, str]
    """Code -> name."""


class OpenSurveys(BaseModel):
    """The surveys that anybody may answer today; the next to end comes first."""

    items: list[OpenSurvey]
    as_of: datetime


MOST_OPEN = 50
_COLUMNS = "s.id, s.number, s.title, s.starts_on, s.ends_on, s.state, s.themes, s.communities"
_PAGE = text(f"""
    SELECT {_COLUMNS}, (SELECT count(*) FROM jsonb_object_keys(s.communities)) AS how_many,
           count(DISTINCT a.community) AS with_answers, coalesce(sum(a.answered), 0) AS answered
    FROM need_survey s LEFT JOIN need_answer a
         ON a.district = s.district AND a.survey_id = s.id AND a.taken_back_at IS NULL
    WHERE s.district = :district AND (CAST(:before AS int) IS NULL OR s.number < :before)
    GROUP BY s.district, s.id ORDER BY s.number DESC LIMIT :limit
""")
_ONE = text(f"SELECT {_COLUMNS} FROM need_survey s WHERE s.district = :district AND s.id = :id")
_TODAY = text(f"""
    SELECT {_COLUMNS} FROM need_survey s
    WHERE s.district = :district AND s.state <> 'closed' AND s.starts_on <= :today AND s.ends_on >= :today
    ORDER BY s.ends_on, s.number LIMIT {MOST_OPEN}
""")
_ENTERED = text("""
    SELECT a.id, a.community, s.communities ->> a.community AS community_name, a.answered, a.by_theme, a.source,
           a.sheet_no, a.entered_at, a.taken_back_at, a.reason
    FROM need_survey s JOIN need_answer a ON a.district = s.district AND a.survey_id = s.id
    WHERE s.district = :district AND s.id = :id AND a.source <> 'public'
      AND a.community = ANY(CAST(:communities AS text[])) AND (CAST(:before AS uuid) IS NULL OR a.id < :before)
    ORDER BY a.id DESC LIMIT :limit
""")
_OF_UNITS = text("""
    SELECT division_code FROM station WHERE district = :district AND id = ANY(CAST(:units AS uuid[]))
""")


async def surveys(tx: AsyncConnection, district: str, before: int | None, limit: int) -> list[SurveySummary]:
    """Return surveys with how far each has come, the last made first, from before a number on."""
    rows = await tx.execute(_PAGE, {"district": district, "before": before, "limit": limit})
    return [SurveySummary.model_validate({**row, "communities": row["how_many"]}) for row in rows.mappings()]


async def find_survey(tx: AsyncConnection, actor: Actor, survey_id: UUID) -> SurveyView:
    """Return a survey with what it has found until now. Raises RefusedError (not_found).

    Who manages stations is shown the communities of these, by code; the totals are of all.
    """
    row = (await tx.execute(_ONE, {"district": actor.district, "id": survey_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    answered, by_theme = (await found_by(tx, [(actor.district, survey_id)]))[survey_id]
    own = await _own_communities(tx, actor, row.communities)
    total = sum(answered.values())
    in_all = {theme: sum(each.get(theme, 0) for each in by_theme.values()) for theme in row.themes}
    return SurveyView(
        id=row.id,
        number=row.number,
        title=row.title,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        state=row.state,
        communities=len(row.communities),
        with_answers=len(answered),
        answered=total,
        themes=_themes(row.themes, in_all, total),
        found=[
            CommunityFound(
                code=code,
                name=row.communities[code],
                answered=answered.get(code, 0),
                themes=_themes(row.themes, by_theme.get(code, {}), answered.get(code, 0)),
            )
            for code in own
        ],
    )


async def sheets(
    tx: AsyncConnection, actor: Actor, survey_id: UUID, before: UUID | None, limit: int
) -> list[SheetView]:
    """Return the sheets of a survey that the actor may see, the last entered first. Raises RefusedError (not_found)."""
    row = (await tx.execute(_ONE, {"district": actor.district, "id": survey_id})).one_or_none()
    if row is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    own = await _own_communities(tx, actor, row.communities)
    values = {"district": actor.district, "id": survey_id, "communities": own, "before": before, "limit": limit}
    return [SheetView.model_validate(dict(one)) for one in (await tx.execute(_ENTERED, values)).mappings()]


async def open_surveys(tx: AsyncConnection, district: str) -> OpenSurveys:
    """Return the surveys that anybody may answer today."""
    at = now()
    rows = await tx.execute(_TODAY, {"district": district, "today": district_day(at)})
    return OpenSurveys(items=[_open(row) for row in rows], as_of=at)


def _open(row: Row[Any]) -> OpenSurvey:
    return OpenSurvey(id=row.id, title=row.title, ends_on=row.ends_on, themes=row.themes, communities=row.communities)


async def _own_communities(tx: AsyncConnection, actor: Actor, asked_in: Collection[str]) -> list[str]:
    if actor.reach is Reach.DISTRICT:
        return sorted(asked_in)
    values = {"district": actor.district, "units": list(actor.scope.units)}
    own = tuple(await tx.scalars(_OF_UNITS, values))
    return sorted(code for code in asked_in if code.startswith(own))


def _themes(themes: Collection[str], people: Mapping[str, int], answered: int) -> list[ThemeFound]:
    return [
        ThemeFound(
            theme=theme,
            people=people.get(theme, 0),
            per_cent=round(100 * people.get(theme, 0) / answered) if answered else 0,
        )
        for theme in themes
    ]

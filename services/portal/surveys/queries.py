"""Surveys as registry has them, and what they have found beside what activities has planned."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.portal.shell.kept import Kept
from shared.http.upstream import Change, Read, Upstream, unless_away

EVERY = 1000


class Survey(BaseModel):
    """A survey, and how far it has come."""

    id: UUID
    number: int
    title: str
    starts_on: date
    ends_on: date
    state: str
    communities: int
    with_answers: int
    answered: int

    def takes_answers(self, today: date) -> bool:
        """Return whether it can be answered today."""
        return self.state != "closed" and self.starts_on <= today <= self.ends_on


class Surveys(BaseModel):
    """A page of them."""

    items: list[Survey]
    next_cursor: str | None


class Theme(BaseModel):
    """How many need a theme, and their share in per cent."""

    theme: str
    people: int
    per_cent: int


class Community(BaseModel):
    """What a community has answered."""

    code: str
    name: str
    answered: int
    themes: list[Theme]


class SurveyFound(Survey):
    """A survey with what it has found until now."""

    themes: list[Theme]
    found: list[Community]


class Sheet(BaseModel):
    """A sheet as it was entered; when and why it was taken back where it counts no more."""

    id: UUID
    community_name: str
    answered: int
    by_theme: dict[str, int]
    source: str
    sheet_no: str | None
    entered_at: datetime
    taken_back_at: datetime | None
    reason: str | None


class Sheets(BaseModel):
    """A page of them."""

    items: list[Sheet]
    next_cursor: str | None


class OpenSurvey(BaseModel):
    """A survey that anybody may answer today."""

    id: UUID
    title: str
    ends_on: date
    themes: list[str]
    communities: dict[str, str]


class OpenSurveys(BaseModel):
    """Those of a district."""

    items: list[OpenSurvey]


class Division(BaseModel):
    """A town, street or community."""

    code: str
    level: str
    name: str


class Divisions(BaseModel):
    """A district's divisions."""

    items: list[Division]


class Closed(BaseModel):
    """A survey that is closed."""

    id: UUID
    title: str
    starts_on: date
    ends_on: date


class Planned(Theme):
    """A theme that somebody needs, and what is planned for it."""

    shifts: int
    places: int


class CommunityGaps(BaseModel):
    """What a community needs, beside what is planned there."""

    code: str
    name: str
    answered: int
    themes: list[Planned]


class Gaps(BaseModel):
    """A page of communities; no survey where none is closed."""

    survey: Closed | None
    surveys: list[Closed]
    until: datetime
    items: list[CommunityGaps]
    next_cursor: str | None


class Done(BaseModel):
    """What was done; how it stands is read anew."""


class Made(BaseModel):
    """A survey that was made."""

    id: UUID


SURVEYS = Read("registry", "/v1/need-surveys", Surveys)
SURVEY = Read("registry", "/v1/need-surveys/{survey_id}", SurveyFound)
MAKE = Change("POST", "registry", "/v1/need-surveys", Made)
ENTER = Change("POST", "registry", "/v1/need-surveys/{survey_id}/answers", Done)
END = Change("POST", "registry", "/v1/need-surveys/{survey_id}/ending", Done)
SHEETS = Read("registry", "/v1/need-surveys/{survey_id}/sheets", Sheets)
TAKE_BACK = Change("POST", "registry", "/v1/need-surveys/{survey_id}/answers/{answer_id}/taking-back", Done)
OPEN = Read("registry", "/v1/public/need-surveys", OpenSurveys)
ANSWER = Change("POST", "registry", "/v1/public/need-surveys/{survey_id}/answers", Done)
DIVISIONS = Read("registry", "/v1/divisions", Divisions)
GAPS = Read("activities", "/v1/need-gaps", Gaps)


async def open_surveys(calls: Upstream, kept: Kept, district: str) -> list[OpenSurvey] | None:
    """Return the surveys that anybody may answer today; None while registry is away."""
    found = await unless_away(kept.get((OPEN, district), lambda: calls.read(OPEN, district=district)))
    return found.items if found else None


async def communities(calls: Upstream, kept: Kept, district: str) -> list[Division]:
    """Return a district's communities by code; none while registry is away."""
    found = await unless_away(
        kept.get((DIVISIONS, district), lambda: calls.read(DIVISIONS, district=district, limit=EVERY))
    )
    return [one for one in found.items if one.level == "community"] if found else []

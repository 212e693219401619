"""Making a survey of needs, and answering one.

Invariant: a survey's opening and its closing are work that is scheduled in the transaction in which it is made; an
answer is entered while it takes some, and never changed.
"""

from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.repository import lock_district
from services.registry.surveys import repository
from services.registry.surveys.domain import Answer, NewSurvey, Source, answer_faults, survey_faults, takes_answers
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import CHINA, district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store.event_log import now
from shared.work.kind import NewWork
from shared.work.queue import schedule

OPENING, CLOSING = "need_survey_opening", "need_survey_closing"
"""Kinds of work: when its first day begins, and when its last day is over."""


class SurveyMade(BaseModel):
    """A survey that communities will be asked by."""

    id: UUID


class AnswerEntered(BaseModel):
    """An answer that counts."""

    id: UUID


async def make_survey(
    tx: AsyncConnection,
    actor: Actor,
    title: str,
    days: tuple[date, date],
    themes: Collection[str],
    asked_in: Collection[str],
) -> SurveyMade:
    """Make a survey; it is asked in every community where none is named.

    Raises RefusedError with every fault of it: ``missing``, ``too_long``, ``in_past``, ``end_before_start``,
    ``out_of_range``, ``unknown_value`` (themes), ``named_twice`` and ``unknown_reference`` (asked_in).
    """
    at = now()
    faults = survey_faults(title, days, themes, asked_in, district_day(at))
    await lock_district(tx, actor.district)
    communities = await repository.communities(tx, actor.district, asked_in)
    if not communities or len(communities) < len(set(asked_in)):
        faults.append(Fault("asked_in", Code.UNKNOWN_REFERENCE))
    if faults:
        raise RefusedError(*faults)
    starts_on, ends_on = days
    new = NewSurvey(title, starts_on, ends_on, tuple(dict.fromkeys(themes)), communities)
    survey_id = await repository.insert_survey(tx, actor.district, new, actor.name, at)
    payload = {"survey_id": str(survey_id)}
    due = {OPENING: max(_begin_of(starts_on), at), CLOSING: _begin_of(ends_on + timedelta(days=1))}
    await schedule(
        tx,
        [
            NewWork(district=actor.district, kind=kind, payload=payload, due_at=when, id=uuid5(survey_id, kind))
            for kind, when in due.items()
        ],
    )
    return SurveyMade(id=survey_id)


async def enter_sheet(tx: AsyncConnection, actor: Actor, survey_id: UUID, answer: Answer) -> AnswerEntered:
    """Enter what people of a community have answered at its station, or were asked at their doors.

    Raises RefusedError: as ``_enter``, and ``not_found`` (community) where the actor manages no station of it.
    """
    if actor.reach is not Reach.DISTRICT and not await repository.reaches_community(
        tx, actor.district, actor.scope.units, answer.community
    ):
        raise RefusedError(Fault("community", Code.NOT_FOUND))
    return await _enter(tx, actor.district, survey_id, answer, (Source.STATION, actor.name))


async def answer_in_public(
    tx: AsyncConnection, district: str, survey_id: UUID, community: str, themes: Collection[str]
) -> AnswerEntered:
    """Enter what one person needs. Who it was is asked of nobody. Raises RefusedError as ``_enter``."""
    chosen: Mapping[str, int] = dict.fromkeys(themes, 1)
    if not chosen:
        raise RefusedError(Fault("themes", Code.MISSING))
    return await _enter(tx, district, survey_id, Answer(community, 1, chosen), (Source.PUBLIC, None), "themes")


async def _enter(
    tx: AsyncConnection,
    district: str,
    survey_id: UUID,
    answer: Answer,
    by: tuple[Source, str | None],
    field: str = "by_theme",
) -> AnswerEntered:
    """Enter an answer. Raises RefusedError: ``not_found``, ``too_early``, ``too_late``, and every fault of it."""
    survey = await repository.hold_survey(tx, district, survey_id)
    if survey is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    if fault := takes_answers(survey.state, survey.starts_on, survey.ends_on, district_day(now())):
        raise RefusedError(fault)
    if faults := answer_faults(answer, survey.themes, survey.communities.keys(), field):
        raise RefusedError(*faults)
    answer_id = await repository.insert_answer(tx, district, survey_id, answer, *by)
    return AnswerEntered(id=answer_id)


def _begin_of(day: date) -> datetime:
    return datetime.combine(day, time(), CHINA)

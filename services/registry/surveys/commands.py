"""Making a survey of needs, answering it, taking an answer back, and ending it early.

Invariant: a survey's opening and its closing are work that is scheduled in the transaction in which it is made; an
answer is entered while it takes some, and never changed; a sheet that is taken back stays on file and counts no more.
"""

from collections.abc import Collection, Mapping
from datetime import date, timedelta
from uuid import UUID, uuid5

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.repository import lock_district
from services.registry.surveys import repository
from services.registry.surveys.domain import (
    Answer,
    NewSurvey,
    Source,
    SurveyState,
    answer_faults,
    survey_faults,
    takes_answers,
)
from services.registry.surveys.telling import tell_taken_back, turn_and_tell
from shared.contracts import NeedSurveyClosed, NeedSurveyOpened
from shared.contracts.actor import Actor, Reach
from shared.contracts.calendar import begin_of, district_day
from shared.contracts.faults import Code, Fault, RefusedError, reason_fault
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


class SurveyEnded(BaseModel):
    """A survey that takes no more answers."""

    id: UUID


class AnswerTakenBack(BaseModel):
    """An answer that counts no more."""

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
    due = {OPENING: max(begin_of(starts_on), at), CLOSING: begin_of(ends_on + timedelta(days=1))}
    await schedule(
        tx,
        [
            NewWork(district=actor.district, kind=kind, payload=payload, due_at=when, id=uuid5(survey_id, kind))
            for kind, when in due.items()
        ],
    )
    return SurveyMade(id=survey_id)


async def end_survey(tx: AsyncConnection, actor: Actor, survey_id: UUID) -> SurveyEnded:
    """End a survey today, before its last day; one that has not begun is called off, and nobody hears of it.

    Raises RefusedError: ``not_found``, ``not_open`` where it has ended.
    """
    survey = await repository.lock_survey(tx, actor.district, survey_id)
    if survey is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    if survey.state == SurveyState.CLOSED:
        raise RefusedError(Fault("survey_id", Code.NOT_OPEN))
    today = district_day(now())
    if survey.starts_on > today:
        await repository.call_off(tx, actor.district, survey_id)
        return SurveyEnded(id=survey_id)
    await repository.end_on(tx, actor.district, survey_id, today)
    by = {(actor.district, survey_id): actor.name}
    await turn_and_tell(tx, repository.open_surveys, NeedSurveyOpened, by)
    await turn_and_tell(tx, repository.close_surveys, NeedSurveyClosed, by)
    return SurveyEnded(id=survey_id)


async def take_back_sheet(
    tx: AsyncConnection, actor: Actor, survey_id: UUID, answer_id: UUID, reason: str
) -> AnswerTakenBack:
    """Take a sheet back that was entered by mistake, also of a survey that has ended: figures follow.

    Raises RefusedError: ``missing`` or ``too_long`` (reason); ``not_found`` where there is no such sheet, or the actor
    manages no station of its community; ``not_open`` where it was taken back before.
    """
    if fault := reason_fault(reason):
        raise RefusedError(fault)
    if await repository.lock_survey(tx, actor.district, survey_id) is None:
        raise RefusedError(Fault("survey_id", Code.NOT_FOUND))
    sheet = await repository.find_sheet(tx, actor.district, survey_id, answer_id)
    if sheet is None or not await _reaches(tx, actor, sheet.community):
        raise RefusedError(Fault("answer_id", Code.NOT_FOUND))
    if sheet.taken_back_at is not None:
        raise RefusedError(Fault("answer_id", Code.NOT_OPEN))
    survey = await repository.take_back(tx, actor.district, (survey_id, answer_id), reason, actor.name, now())
    answer = Answer(sheet.community, sheet.answered, sheet.by_theme)
    await tell_taken_back(tx, survey, answer_id, answer, actor.name)
    return AnswerTakenBack(id=answer_id)


async def enter_sheet(tx: AsyncConnection, actor: Actor, survey_id: UUID, answer: Answer) -> AnswerEntered:
    """Enter what people of a community have answered at its station, or were asked at their doors.

    Raises RefusedError: as ``_enter``, and ``not_found`` (community) where the actor manages no station of it.
    """
    if not await _reaches(tx, actor, answer.community):
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


async def _reaches(tx: AsyncConnection, actor: Actor, community: str) -> bool:
    return actor.reach is Reach.DISTRICT or await repository.reaches_community(
        tx, actor.district, actor.scope.units, community
    )


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

"""Turning surveys, open or closed, and telling of it.

Invariant: a survey's row and its event change in one transaction; what a closed survey is told to have found is all
that counts of what was answered.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.surveys import repository
from services.registry.surveys.domain import Answer, SurveyState
from services.registry.surveys.repository import Found
from shared.contracts import NeedAnswerTakenBack, NeedSurveyClosed, NeedSurveyOpened
from shared.store import event_log
from shared.store.event_log import NewEvent

_NOTHING: Found = ({}, {})
Turn = Callable[[AsyncConnection, Sequence[tuple[str, UUID]]], Awaitable[Sequence[Row[Any]]]]


async def turn_and_tell(
    tx: AsyncConnection,
    turn: Turn,
    event: type[NeedSurveyOpened] | type[NeedSurveyClosed],
    by: Mapping[tuple[str, UUID], str],
) -> None:
    """Turn surveys and tell of those that have turned; ``by``: (district, id) -> who or what turns it."""
    rows = await turn(tx, list(by))
    found = await repository.found_by(tx, [(row.district, row.id) for row in rows] if event.closed else [])
    told = [
        NewEvent(
            row.district,
            row.id,
            row.version,
            event(**_said(row, found.get(row.id, _NOTHING))),
            by[row.district, row.id],
        )
        for row in rows
    ]
    await event_log.append(tx, told)


async def tell_taken_back(tx: AsyncConnection, survey: Row[Any], answer_id: UUID, answer: Answer, by: str) -> None:
    """Tell that an answer counts no more; of a closed survey also what it has found without it."""
    closed = survey.state == SurveyState.CLOSED
    key = survey.district, survey.id
    found = (await repository.found_by(tx, [key]))[survey.id] if closed else _NOTHING
    event = NeedAnswerTakenBack(
        **_said(survey, found),
        closed=closed,
        answer_id=answer_id,
        community=answer.community,
        people=answer.answered,
        needed=dict(answer.by_theme),
    )
    await event_log.append(tx, [NewEvent(*key, survey.version, event, by)])


def _said(row: Row[Any], found: Found) -> dict[str, Any]:
    answered, by_theme = found
    return {
        "survey_id": row.id,
        "number": row.number,
        "title": row.title,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "themes": tuple(row.themes),
        "communities": row.communities,
        "answered": answered,
        "by_theme": by_theme,
    }

"""Opening a survey when its first day begins, and closing it when its last is over, as work.

Invariant: a survey's row and its event change in one transaction; its last event tells all that was answered.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.surveys import repository
from services.registry.surveys.commands import CLOSING, OPENING
from services.registry.surveys.repository import Found
from shared.contracts import NeedSurveyClosed, NeedSurveyOpened
from shared.store import event_log
from shared.store.event_log import NewEvent
from shared.work.kind import Item, Patience, WorkKind, in_transaction

BATCH = 20
_NOTHING: Found = ({}, {})


def opening_work() -> WorkKind:
    """Return the work that opens surveys."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        await _tell(tx, items, repository.open_surveys, NeedSurveyOpened)

    return WorkKind(name=OPENING, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)


def closing_work() -> WorkKind:
    """Return the work that closes surveys. One that was never opened, as nothing ran in its days, is opened first."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        await _tell(tx, items, repository.open_surveys, NeedSurveyOpened)
        await _tell(tx, items, repository.close_surveys, NeedSurveyClosed)

    return WorkKind(name=CLOSING, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)


Turn = Callable[[AsyncConnection, Sequence[tuple[str, UUID]]], Awaitable[Sequence[Row[Any]]]]


async def _tell(
    tx: AsyncConnection, items: Sequence[Item], turn: Turn, event: type[NeedSurveyOpened] | type[NeedSurveyClosed]
) -> None:
    by = {UUID(item.payload["survey_id"]): f"work:{item.id}" for item in items}
    rows = await turn(tx, [(item.district, UUID(item.payload["survey_id"])) for item in items])
    closed = [(row.district, row.id) for row in rows] if event.closed else []
    found = await repository.found_by(tx, closed)
    told = []
    for row in rows:
        answered, by_theme = found.get(row.id, _NOTHING)
        said = event(
            survey_id=row.id,
            number=row.number,
            title=row.title,
            starts_on=row.starts_on,
            ends_on=row.ends_on,
            themes=tuple(row.themes),
            communities=row.communities,
            answered=answered,
            by_theme=by_theme,
        )
        told.append(NewEvent(row.district, row.id, row.version, said, by[row.id]))
    await event_log.append(tx, told)

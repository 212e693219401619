"""Opening a survey when its first day begins, and closing it when its last is over, as work.

Invariant: one that was ended early is closed already, and is neither opened nor closed again.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.surveys import repository
from services.registry.surveys.commands import CLOSING, OPENING
from services.registry.surveys.telling import turn_and_tell
from shared.contracts import NeedSurveyClosed, NeedSurveyOpened
from shared.work.kind import Item, Patience, WorkKind, in_transaction

BATCH = 20


def opening_work() -> WorkKind:
    """Return the work that opens surveys."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        await turn_and_tell(tx, repository.open_surveys, NeedSurveyOpened, _by(items))

    return WorkKind(name=OPENING, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)


def closing_work() -> WorkKind:
    """Return the work that closes surveys. One that was never opened, as nothing ran in its days, is opened first."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> None:
        await turn_and_tell(tx, repository.open_surveys, NeedSurveyOpened, _by(items))
        await turn_and_tell(tx, repository.close_surveys, NeedSurveyClosed, _by(items))

    return WorkKind(name=CLOSING, run=in_transaction(run), patience=Patience(longest=600), batch=BATCH)


def _by(items: Sequence[Item]) -> dict[tuple[str, UUID], str]:
    return {(item.district, UUID(item.payload["survey_id"])): f"work:{item.id}" for item in items}

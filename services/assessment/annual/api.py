"""The annual assessment over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from services.assessment.annual.queries import AssessmentPreview, preview
from shared.contracts.actor import STAFF
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore

router = APIRouter(prefix="/v1")

Staff = Annotated[Caller, Depends(caller_with(*STAFF))]


@router.get("/assessments/{year}/preview", tags=["assessments"])
async def preview_assessment(
    year: Annotated[int, Path(ge=2001, le=2999)], store: ApiStore, caller: Staff
) -> AssessmentPreview:
    """Work out who would be nominated for a year, from the ledger as it stands."""
    async with store.transaction(caller.district) as tx:
        return await preview(tx, caller.district, year)

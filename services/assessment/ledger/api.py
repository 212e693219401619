"""The ledger over HTTP: a volunteer's entries, and how far imports are."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request

from services.assessment.ledger.explanation import FindPlaces, RecordExplanation, explain_record
from services.assessment.ledger.queries import (
    ImportProgress,
    LedgerEntry,
    Overlaps,
    ledger_of,
    overlaps_of,
    progress_of,
)
from shared.contracts.actor import STAFF, Reach, Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, moment, whole_number
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1")

Reader = Annotated[Caller, Depends(caller_with(*STAFF, own=[Role.VOLUNTEER]))]
Explained = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR, own=[Role.VOLUNTEER]))
]
Staff = Annotated[Caller, Depends(caller_with(*STAFF))]
Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR))]


@router.get("/volunteers/{volunteer_id}/ledger", tags=["hours"])
async def list_ledger(volunteer_id: UUID, store: ApiStore, caller: Reader, page: RequestedPage) -> Page[LedgerEntry]:
    """List the entries that a volunteer's hours here are the sum of, latest service first.

    What they had served in other districts before they moved here is ``carried`` of their hours.
    """
    if not caller.may_see(volunteer_id):
        raise ProblemError(403, "forbidden")
    after = page.position(moment, UUID, whole_number, whole_number, str)
    async with store.transaction(caller.district) as tx:
        found = await ledger_of(tx, caller.district, volunteer_id, after, page.limit + 1)
    return Page.of(found, page.limit, _position)


def _position(entry: LedgerEntry) -> tuple[str, ...]:
    return entry.started_at.isoformat(), str(entry.record_id), str(entry.version), str(entry.minutes), entry.kind


@router.get("/volunteers/{volunteer_id}/overlaps/{other_id}", tags=["hours"])
async def show_overlaps(volunteer_id: UUID, other_id: UUID, store: ApiStore, caller: Office) -> Overlaps:
    """Show what two entries both have of the same time, before or after one of them is merged into the other."""
    async with store.transaction(caller.district) as tx:
        return await overlaps_of(tx, caller.district, volunteer_id, other_id)


@router.get("/service-records/{record_id}/explanation", tags=["hours"])
async def explain(record_id: UUID, request: Request, store: ApiStore, caller: Explained) -> RecordExplanation:
    """Say by which events, in which places of Kafka, a record counts what it counts.

    A volunteer is told it of their own records, and Kafka is not asked. What caused each event, activities knows.
    """
    async with store.transaction(caller.district) as tx:
        found = await explain_record(tx, caller.district, record_id)
    if not caller.may_see(found.volunteer_id):
        raise ProblemError(403, "forbidden")
    if caller.reach is not Reach.DISTRICT:
        return found
    find_places: FindPlaces = request.app.state.event_places
    return found.with_places(await find_places(record_id, found.steps))


@router.get("/imports/{import_id}/progress", tags=["imports"])
async def show_progress(import_id: UUID, store: ApiStore, caller: Staff) -> ImportProgress:
    """Say how much of an import of service records is in the ledger; it is closed once all of it is.

    What nothing has arrived of is at zero, for the import may have only just begun.
    """
    async with store.transaction(caller.district) as tx:
        return await progress_of(tx, caller.district, import_id)

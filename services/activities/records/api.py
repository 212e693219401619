"""Service records over HTTP: look up and correct. They come in by check-out and by import."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records import queries
from services.activities.records.commands import CorrectedRecord, correct_record
from services.activities.records.domain import RightMinutes, RightTimes
from services.activities.records.explanation import RecordEvent, events_of_record
from services.activities.records.queries import RecordView
from services.activities.register.repository import person_of
from shared.contracts.actor import STAFF, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage, moment, whole_number
from shared.http.problems import ProblemError
from shared.http.versions import ExpectedVersion, set_etag

router = APIRouter(prefix="/v1/service-records", tags=["service records"])

Reader = Annotated[Caller, Depends(caller_with(*STAFF, own=[Role.VOLUNTEER]))]
Explained = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR, own=[Role.VOLUNTEER]))
]
Corrector = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]


class Correction(BaseModel):
    """The right number of minutes (0 voids the record), or the real times and breaks; and why.

    More than lies between the record's start and end is corrected to by stating the real times.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"minutes": 90, "reason": "提前半小时离开"},
                {
                    "started_at": "2026-03-01T09:00:00+08:00",
                    "ended_at": "2026-03-01T11:00:00+08:00",
                    "break_minutes": 10,
                    "reason": "误点签退",
                },
            ]
        }
    )

    minutes: int | None = None
    started_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    break_minutes: int = 0
    reason: Paragraphs = ""

    def figure(self) -> RightMinutes | RightTimes:
        """Return what the record should say. Raises RefusedError where neither minutes nor times are given, or both."""
        if self.minutes is not None and self.started_at is None and self.ended_at is None:
            return RightMinutes(self.minutes)
        if self.minutes is None and self.started_at and self.ended_at:
            return RightTimes(self.started_at, self.ended_at, self.break_minutes)
        raise RefusedError(Fault("minutes", Code.MISSING))


@router.get("")
async def list_records(
    store: ApiStore, caller: Reader, page: RequestedPage, volunteer_id: UUID | None = None
) -> Page[RecordView]:
    """List a volunteer's service records, latest first; without ``volunteer_id`` the caller's own."""
    wanted = volunteer_id or caller.volunteer_id
    if wanted is None:
        raise RefusedError(Fault("volunteer_id", Code.MISSING))
    _check_may_see(caller, wanted)
    after = page.position(moment, UUID)
    async with store.transaction(caller.district) as tx:
        found = await queries.records_of_volunteer(tx, caller.district, wanted, after, page.limit + 1)
    return Page.of(found, page.limit, lambda record: (record.started_at.isoformat(), str(record.id)))


@router.get("/{record_id}")
async def show_record(record_id: UUID, response: Response, store: ApiStore, caller: Reader) -> RecordView:
    """Show one record; its ETag is what a correction names in If-Match."""
    async with store.transaction(caller.district) as tx:
        record = await _seen(tx, caller, record_id)
    set_etag(response, record.version)
    return record


@router.get("/{record_id}/events")
async def list_events(record_id: UUID, store: ApiStore, caller: Explained, page: RequestedPage) -> Page[RecordEvent]:
    """List the events that make a record what it is, the first one first, and what caused each."""
    (after,) = page.position(whole_number) or (0,)
    async with store.transaction(caller.district) as tx:
        await _seen(tx, caller, record_id)
        found = await events_of_record(tx, caller.district, record_id, after, page.limit + 1)
    return Page.of(found, page.limit, lambda event: (str(event.version),))


@router.post("/{record_id}/corrections", status_code=201, response_model=CorrectedRecord)
async def correct(
    record_id: UUID, body: Correction, version: ExpectedVersion, store: ApiStore, caller: Corrector, key: IdempotencyKey
) -> Response:
    """Correct a record's minutes or times; a station's manager, of that station.

    If-Match names the version that the correction is based on.
    """
    async with store.transaction(caller.district) as tx:
        command = partial(correct_record, tx, caller, record_id, version, body.figure(), body.reason)
        return await idempotent(tx, caller, key, 201, command)


async def _seen(tx: AsyncConnection, caller: Caller, record_id: UUID) -> RecordView:
    """Return a record that the caller may see: whose entry it was made for may be merged into the caller's."""
    record = await queries.find_record(tx, caller.district, record_id)
    whose = await person_of(tx, caller.district, record.volunteer_id) if record else None
    if record is None or whose is None:
        raise RefusedError(Fault("record_id", Code.NOT_FOUND))
    _check_may_see(caller, whose)
    return record


def _check_may_see(caller: Caller, volunteer_id: UUID) -> None:
    if not caller.may_see(volunteer_id):
        raise ProblemError(403, "forbidden")

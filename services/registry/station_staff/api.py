"""Staff of stations over HTTP, for the district's office and the station's manager."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.people.dependencies import KeyedIdempotencyKey, Keys
from services.registry.station_staff import queries
from services.registry.station_staff.commands import (
    StaffInClear,
    StaffNoted,
    begin_work,
    end_work,
    require_own,
    reveal_staff,
)
from services.registry.station_staff.queries import StaffView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["station staff"])

FIRST = (False, UUID(int=0))
"""Before everybody's position."""
_Text = Annotated[str, Field(max_length=500)]
Editor = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[Role.STATION_MANAGER]))]


class StaffForm(BaseModel):
    """Somebody who begins: ``employment`` and ``source`` are codes."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"name": "李文静", "employment": "full_time", "source": "western_plan", "since": "2026-03-01"}]
        }
    )

    name: _Text = ""
    employment: _Text = ""
    source: _Text = ""
    since: _Text = ""


class EndingForm(BaseModel):
    """The last day in the district's zone; today where none is named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"until": "2026-11-30"}]})

    until: date | None = None


class RevealForm(BaseModel):
    """Why the name is read; it is kept in the access log."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "calling back"}]})

    reason: _Text


@router.get("/stations/{station_id}/staff")
async def list_staff(
    station_id: UUID, store: ApiStore, keys: Keys, caller: Reader, page: RequestedPage
) -> Page[StaffView]:
    """List who works at a station, names masked; those who do no more come last."""
    require_own(caller, station_id)
    after = page.position(lambda value: value == "1", UUID) or FIRST
    async with store.transaction(caller.district) as tx:
        await queries.require_station(tx, caller.district, station_id)
        found = await queries.staff_of(tx, keys, caller.district, station_id, (after[0], after[1]), page.limit + 1)
    return Page.of(found, page.limit, lambda one: ("1" if one.until else "0", str(one.id)))


@router.post("/stations/{station_id}/staff", status_code=201, response_model=StaffNoted)
async def begin(
    station_id: UUID, form: StaffForm, store: ApiStore, keys: Keys, caller: Editor, key: KeyedIdempotencyKey
) -> Response:
    """Note that somebody works at a station: not as a volunteer."""
    async with store.transaction(caller.district) as tx:
        command = partial(begin_work, tx, keys, caller, station_id, form.model_dump())
        return await idempotent(tx, caller, key, 201, command)


@router.post("/station-staff/{staff_id}/ending", response_model=StaffNoted)
async def end(staff_id: UUID, form: EndingForm, store: ApiStore, caller: Editor, key: IdempotencyKey) -> Response:
    """Note the last day that somebody works at a station."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(end_work, tx, caller, staff_id, form.until))


@router.post("/station-staff/{staff_id}/reveal")
async def reveal(staff_id: UUID, form: RevealForm, store: ApiStore, keys: Keys, caller: Editor) -> StaffInClear:
    """Show a name in clear, for a reason, which stands in the access log."""
    async with store.transaction(caller.district) as tx:
        return await reveal_staff(tx, keys, caller, staff_id, form.reason)

"""Districts and their reference data over HTTP. They are public: whoever registers has to choose from them."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.places import queries
from services.registry.places.commands import (
    ORGANISATION,
    STATION,
    EntryChanged,
    EntryClosed,
    close_entry,
    register_guiding_body,
    set_operators,
    set_seat,
)
from services.registry.places.queries import (
    DistrictView,
    DivisionView,
    GuidingBodyView,
    OrganisationView,
    StationView,
    TeamView,
)
from shared.contracts.actor import Role
from shared.http.auth import Caller, anyone, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, PageRequest, RequestedPage
from shared.http.public import InDistrict

router = APIRouter(prefix="/v1", tags=["reference data"])


class Closing(BaseModel):
    """From which day on it is closed, in the district's zone; today where none is named."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"closed_on": "2026-11-30"}]})

    closed_on: date | None = None


class GuidingBodyForm(BaseModel):
    """A body that guides organisations."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "510115-LEAGUE", "name": "共青团温江区委"}]})

    code: Annotated[str, Field(max_length=500)]
    name: Annotated[str, Field(max_length=500)]


class SeatForm(BaseModel):
    """An organisation's host unit by name, and the codes of what it is a member of and who guides it; empty: none."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"host_unit": "西南财经大学", "parent_code": "510115-ORG-07", "guiding_body_code": "510115-LEAGUE"}
            ]
        }
    )

    host_unit: Annotated[str, Field(max_length=500)] = ""
    parent_code: Annotated[str, Field(max_length=500)] = ""
    guiding_body_code: Annotated[str, Field(max_length=500)] = ""


class OperatorsForm(BaseModel):
    """The units that run the centre jointly, by name: none, or two and more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"operators": ["共青团温江区委", "温江区教育局"]}]})

    operators: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=20)]


Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Closer = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.OPERATOR))]


def _after(page: PageRequest) -> str:
    return str((page.position(str) or ("",))[0])


@router.get("/districts", dependencies=[Depends(anyone)])
async def list_districts(store: ApiStore, page: RequestedPage) -> Page[DistrictView]:
    """List the open districts."""
    async with store.transaction() as tx:
        found = await queries.districts(tx, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.get("/divisions", dependencies=[Depends(anyone)])
async def list_divisions(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[DivisionView]:
    """List a district's divisions."""
    async with store.transaction(district) as tx:
        found = await queries.divisions(tx, district, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.get("/guiding-bodies", dependencies=[Depends(anyone)])
async def list_guiding_bodies(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[GuidingBodyView]:
    """List the bodies that guide a district's organisations."""
    async with store.transaction(district) as tx:
        found = await queries.guiding_bodies(tx, district, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.post("/guiding-bodies", status_code=201, response_model=EntryChanged)
async def register_new_guiding_body(
    form: GuidingBodyForm, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Put a body on the register that guides organisations."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(register_guiding_body, tx, caller, form.model_dump()))


@router.get("/organisations", dependencies=[Depends(anyone)])
async def list_organisations(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[OrganisationView]:
    """List a district's organisations."""
    async with store.transaction(district) as tx:
        found = await queries.organisations(tx, district, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.get("/stations", dependencies=[Depends(anyone)])
async def list_stations(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[StationView]:
    """List a district's stations."""
    async with store.transaction(district) as tx:
        found = await queries.stations(tx, district, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.get("/teams", dependencies=[Depends(anyone)])
async def list_teams(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[TeamView]:
    """List a district's teams."""
    async with store.transaction(district) as tx:
        found = await queries.teams(tx, district, _after(page), page.limit + 1)
    return Page.of(found, page.limit, lambda entry: (entry.code,))


@router.post("/organisations/{organisation_id}/closing", response_model=EntryClosed)
async def close_organisation(
    organisation_id: UUID, body: Closing, store: ApiStore, caller: Closer, key: IdempotencyKey
) -> Response:
    """Close an organisation; its entry stays on the register."""
    async with store.transaction(caller.district) as tx:
        command = partial(close_entry, tx, caller, ORGANISATION, organisation_id, body.closed_on)
        return await idempotent(tx, caller, key, 200, command)


@router.post("/stations/{station_id}/closing", response_model=EntryClosed)
async def close_station(
    station_id: UUID, body: Closing, store: ApiStore, caller: Closer, key: IdempotencyKey
) -> Response:
    """Close a station: no activity can be published there any more."""
    async with store.transaction(caller.district) as tx:
        command = partial(close_entry, tx, caller, STATION, station_id, body.closed_on)
        return await idempotent(tx, caller, key, 200, command)


@router.put("/organisations/{organisation_id}/seat", response_model=EntryChanged)
async def change_seat(
    organisation_id: UUID, form: SeatForm, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Say where an organisation has its seat, of which one it is a member, and which body guides it."""
    async with store.transaction(caller.district) as tx:
        command = partial(set_seat, tx, caller, organisation_id, form.model_dump())
        return await idempotent(tx, caller, key, 200, command)


@router.put("/stations/{station_id}/operators", response_model=EntryChanged)
async def change_operators(
    station_id: UUID, form: OperatorsForm, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Say which units run the district's centre jointly."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(set_operators, tx, caller, station_id, form.operators))

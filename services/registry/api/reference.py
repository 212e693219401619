"""Districts and their reference data over HTTP. They are public: whoever registers has to choose from them."""

from datetime import date
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry import queries
from services.registry.api.dependencies import PUBLIC, InDistrict, KeyedIdempotencyKey
from services.registry.commands.districts import DistrictOpened, open_district
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, PageRequest, RequestedPage, cursor

router = APIRouter(prefix="/v1", tags=["reference data"])


class DistrictForm(BaseModel):
    """A district to open: GB/T 2260 code and name."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"code": "510115", "name": "温江区"}]})

    code: Annotated[str, Field(pattern="^[0-9]{6}$")]
    name: Annotated[str, Field(max_length=500)]


class DistrictView(BaseModel):
    """A district that is open."""

    code: str
    name: str


class DivisionView(BaseModel):
    """The county (6 digits), a township (9) or a community (12)."""

    code: str
    level: str
    name: str
    parent_code: str


class OrganisationView(BaseModel):
    """An association of volunteers."""

    id: UUID
    code: str
    name: str
    kind: str
    longitude: float | None
    latitude: float | None
    version: int


class StationView(BaseModel):
    """A service station or the district's centre; ``demand`` is volunteers needed a week, by service."""

    id: UUID
    code: str
    name: str
    level: str
    division_code: str
    longitude: float | None
    latitude: float | None
    opened_on: date | None
    volunteer_quota: int
    demand: dict[str, int]
    version: int


class TeamView(BaseModel):
    """A service team; ``organisation`` and ``station`` are codes."""

    id: UUID
    code: str
    name: str
    kind: str
    organisation: str | None
    station: str | None
    focus_service: str | None
    version: int


V = TypeVar("V", bound=BaseModel)


def _page(view: type[V], rows: list[dict[str, Any]], page: PageRequest) -> Page[V]:
    next_cursor = cursor(rows[-1]["code"]) if len(rows) == page.limit else None
    return Page(items=[view.model_validate(row) for row in rows], next_cursor=next_cursor)


@router.post("/districts", status_code=201, response_model=DistrictOpened)
async def open_new_district(
    form: DistrictForm,
    store: ApiStore,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Open a district (``X-District`` names it, too). Everything else about it is imported."""
    return (await open_district(store, caller, key, form.code, form.name)).response()


@router.get("/districts", dependencies=[PUBLIC])
async def list_districts(store: ApiStore, page: RequestedPage) -> Page[DistrictView]:
    """List the open districts."""
    return _page(DistrictView, await queries.districts(store, page), page)


@router.get("/divisions", dependencies=[PUBLIC])
async def list_divisions(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[DivisionView]:
    """List a district's divisions."""
    return _page(DivisionView, await queries.divisions(store, district, page), page)


@router.get("/organisations", dependencies=[PUBLIC])
async def list_organisations(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[OrganisationView]:
    """List a district's organisations."""
    return _page(OrganisationView, await queries.organisations(store, district, page), page)


@router.get("/stations", dependencies=[PUBLIC])
async def list_stations(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[StationView]:
    """List a district's stations."""
    return _page(StationView, await queries.stations(store, district, page), page)


@router.get("/teams", dependencies=[PUBLIC])
async def list_teams(store: ApiStore, district: InDistrict, page: RequestedPage) -> Page[TeamView]:
    """List a district's teams."""
    return _page(TeamView, await queries.teams(store, district, page), page)

"""Districts over HTTP, for the operator of the installation."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.accounts.dependencies import PasswordThreads
from services.registry.accounts.domain import check_password
from services.registry.districts import queries
from services.registry.districts.commands import NewAdministrator, OpenDistrict, open_district
from services.registry.districts.queries import DistrictState
from services.registry.people.dependencies import KeyedIdempotencyKey
from services.registry.places.queries import districts
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import idempotent
from shared.http.pages import Page, RequestedPage

router = APIRouter(prefix="/v1", tags=["operations"])

_Text = Annotated[str, Field(max_length=500)]


class AdministratorForm(BaseModel):
    """Who is to administer the district; the password must be changed at the first log-in."""

    user_name: _Text
    password: _Text


class DistrictForm(BaseModel):
    """A district to open: GB/T 2260 code and name, and its first administrator, where the form opens an account too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "510115",
                    "name": "温江区",
                    "administrator": {"user_name": "admin.510115", "password": "good for one log-in"},
                }
            ]
        }
    )

    code: Annotated[str, Field(pattern="^[0-9]{6}$")]
    name: _Text
    administrator: AdministratorForm | None = None


@router.post("/districts", status_code=201, response_model=OpenDistrict)
async def open_new_district(
    form: DistrictForm,
    store: ApiStore,
    passwords: PasswordThreads,
    caller: Annotated[Caller, Depends(caller_with(Role.OPERATOR, stepped_up=True))],
    key: KeyedIdempotencyKey,
) -> Response:
    """Open a district (``X-District`` names it, too). Everything else about it is imported by its administrator."""
    administrator = None
    if form.administrator:
        check_password(form.administrator.password)
        password_hash = await passwords.hash(form.administrator.password)
        administrator = NewAdministrator(form.administrator.user_name, password_hash)
    async with store.transaction(caller.district, form.code) as tx:
        command = partial(open_district, tx, caller, form.code, form.name, administrator)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/operations/districts", dependencies=[Depends(caller_with(Role.OPERATOR))])
async def list_district_states(store: ApiStore, page: RequestedPage) -> Page[DistrictState]:
    """List every district with how far it has come: has somebody logged in, are its places and people on file."""
    after = str((page.position(str) or ("",))[0])
    async with store.transaction() as tx:
        codes = [district.code for district in await districts(tx, after, page.limit + 1)]
    found = []
    if codes:
        async with store.transaction(*codes) as tx:
            found = await queries.district_states(tx, codes)
    return Page.of(found, page.limit, lambda district: (district.code,))

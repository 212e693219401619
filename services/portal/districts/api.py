"""The operator's pages of districts and keys: which there are and how far each is, opening one, another signing key.

Invariant: the password of a new administrator is in the one answer to the form, on no address and kept nowhere.
"""

import asyncio
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Form, Query, Response
from pydantic import BaseModel

from services.portal.districts import queries
from services.portal.districts.domain import one_time_password
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.districts import Districts
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/operations/districts", include_in_schema=False)

Operator = Annotated[Visit, Depends(page_for(Role.OPERATOR))]


class DistrictForm(BaseModel):
    """A district to open, and the user name of its first administrator."""

    code: ShortText = ""
    name: ShortText = ""
    user_name: ShortText = ""
    key: ShortText = ""


@router.get("")
async def list_districts(
    visit: Operator,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    done: Annotated[str, Query(max_length=30)] = "",
) -> Response:
    """Show every district with how far it has come, and the keys that sign."""
    found, keys = await asyncio.gather(
        unless_away(visit.calls.read(queries.DISTRICTS, cursor=cursor)),
        unless_away(visit.calls.read(queries.SIGNING_KEYS)),
    )
    is_sure = await stepped_up_lately(visit)
    return visit.page("districts/list.html", found=found, keys=keys, done=done, is_sure=is_sure, now=now())


@router.get("/new")
async def show_form(visit: Operator) -> Response:
    """Show the form that opens a district."""
    return await _new(visit, DistrictForm())


@router.post("/new")
async def open_district(visit: Operator, form: Annotated[DistrictForm, Form()]) -> Response:
    """Open a district, and show this once how its administrator gets in."""
    site: Site = visit.request.app.state.site
    key = form.key or str(uuid4())
    password = one_time_password(site.session_key, key)
    administrator = {"user_name": form.user_name, "password": password}
    body = {"code": form.code, "name": form.name, "administrator": administrator}
    try:
        opened = await visit.calls.change(queries.OPEN, body, key=key)
    except RefusedByServiceError as refused:
        if not refused.faults or refused.has("step_up"):
            raise
        return await _new(visit, form, refused)
    districts: Districts = visit.request.app.state.districts
    districts.ask_again()
    return visit.page("districts/opened.html", opened=opened, password=password)


@router.post("/signing-key")
async def replace_signing_key(visit: Operator, key: Annotated[ShortText, Form()] = "") -> Response:
    """Let a new key sign from now on."""
    await visit.calls.change(queries.REPLACE_KEY, key=key or None)
    return visit.go("/staff/operations/districts?done=key")


async def _new(visit: Visit, form: DistrictForm, refused: RefusedByServiceError | None = None) -> Response:
    shown = {"form": form, "faults": faults_of(refused) if refused else {}, "is_sure": await stepped_up_lately(visit)}
    return visit.page("districts/new.html", refused.status if refused else 200, **shown)

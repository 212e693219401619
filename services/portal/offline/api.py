"""The offline list of a shift: its page, the service worker that keeps the page's shell, and what the page sends.

Invariant: the shell is nobody's and says nothing of a shift; the page of a shift is the same with the shift's name, for
whoever staffs it. Names leave the server in a list that activities has signed for one device, and are kept by nobody
on the way. All is below one path, which is as far as the service worker reaches.
"""

import asyncio
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from services.portal.offline import queries
from services.portal.offline.domain import Worker
from services.portal.offline.queries import GivenList, ListKey, Verdicts
from services.portal.roster.queries import as_forbidden, find_roster
from services.portal.sessions.dependencies import Organiser
from services.portal.shell.ids import id_of
from services.portal.shell.look import look_of
from services.portal.shell.pages import Pages
from shared.http.auth import anyone
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError

router = APIRouter(prefix="/staff/offline", include_in_schema=False)
_JAVASCRIPT = "text/javascript; charset=utf-8"
_TEMPLATE = "offline/offline.html"


class Device(BaseModel):
    """A device that wants a list: its public key and its clock; activities looks at both."""

    device_key_jwk: dict[str, Any]
    device_time: str = Field(max_length=50)


class Brought(BaseModel):
    """What a device has noted, signed."""

    device_id: UUID
    entries: list[str] = Field([], max_length=500)


class ForDevice(GivenList):
    """A list for a device, and the key that activities publishes, to hold it against."""

    key: ListKey


@router.get("/sw.js", dependencies=[Depends(anyone)])
async def show_worker(request: Request) -> Response:
    """Serve the service worker; browsers ask for it again with every page below its path."""
    worker: Worker = request.app.state.offline_worker
    return Response(worker.text, media_type=_JAVASCRIPT)


@router.get("/shell/{version}", dependencies=[Depends(anyone)])
async def show_shell(request: Request, version: str) -> Response:
    """Serve the page without a shift; only with the files that this worker keeps."""
    worker: Worker = request.app.state.offline_worker
    if version != worker.version:
        raise ProblemError(404, "not-found")
    pages: Pages = request.app.state.pages
    return pages.response(_TEMPLATE, look_of(request), visit=None, roster=None)


@router.get("/{shift_id}")
async def show_list(visit: Organiser, shift_id: str) -> Response:
    """Show the page of a shift's list; what is in the list, the browser has."""
    return visit.page(_TEMPLATE, roster=await find_roster(visit.calls, id_of(shift_id), limit=1))


@router.post("/{shift_id}/list")
async def give_list(visit: Organiser, shift_id: str, device: Device) -> ForDevice:
    """Give a device the list."""
    key, given = await asyncio.gather(
        visit.calls.read(queries.KEY),
        queries.give_list(visit.calls, id_of(shift_id), device.device_key_jwk, device.device_time),
    )
    return ForDevice(**given.model_dump(), key=key)


@router.post("/{shift_id}/entries")
async def take_in(visit: Organiser, shift_id: str, brought: Brought) -> Verdicts:
    """Bring activities what a device has noted."""
    try:
        return await visit.calls.change(queries.TAKE_IN, brought.model_dump(mode="json"), shift_id=id_of(shift_id))
    except RefusedByServiceError as refused:
        raise as_forbidden(refused) from None

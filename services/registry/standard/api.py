"""Stations by the standard over HTTP: looked at by their managers and the district, judged by its centre."""

from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.people.dependencies import Keys
from services.registry.standard import commands, queries
from services.registry.standard.commands import CriterionIsJudged, EvidenceAdded, EvidenceRemoved, StandardIsAdopted
from services.registry.standard.queries import StandingSummary, StandingView, TemplateView
from shared.contracts import text
from shared.contracts.actor import Role
from shared.contracts.evidence import ENDINGS, LARGEST_EVIDENCE
from shared.http.attachments import handed_out
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage

PREFIX = "/v1/station-standings"
"""Larger bodies than elsewhere are taken there."""
LARGEST_BODY = LARGEST_EVIDENCE + 1024
router = APIRouter(prefix="/v1", tags=["standard"])

Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Manager = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[Role.STATION_MANAGER]))]
_FILE = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {media_type: {} for media_type in ENDINGS}, "description": "The file, as an attachment."}
}


class JudgementForm(BaseModel):
    """Whether a criterion holds, and the last day that it holds for; none is as long as the template allows."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"criterion": "staff", "holds": True, "expires_on": "2027-03-01", "note": ""}]}
    )

    criterion: Line
    holds: bool
    expires_on: date | None = None
    note: Annotated[Paragraphs, Field(max_length=2000)] = ""


class StandardForm(BaseModel):
    """The list of criteria to go by, with its version."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"template": "national-2024.1"}]})

    template: str


@router.get("/station-standings")
async def list_standings(store: ApiStore, caller: Reader, page: RequestedPage) -> Page[StandingSummary]:
    """List how the open stations stand by the standard, by code; a manager's are the stations they manage."""
    (after,) = page.position(str) or ("",)
    async with store.transaction(caller.district) as tx:
        found = await queries.standings(tx, caller, after, page.limit + 1)
    return Page.of(found, page.limit, lambda standing: (standing.code,))


@router.get("/station-standings/{station_id}")
async def show_standing(station_id: UUID, store: ApiStore, caller: Reader) -> StandingView:
    """Show how a station stands, criterion by criterion, with what is shown for each."""
    async with store.transaction(caller.district) as tx:
        return await queries.find_standing(tx, caller, station_id)


@router.post(
    "/station-standings/{station_id}/evidence",
    status_code=201,
    response_model=EvidenceAdded,
    openapi_extra={"requestBody": _FILE},
)
async def add_evidence(
    station_id: UUID,
    request: Request,
    store: ApiStore,
    caller: Manager,
    key: IdempotencyKey,
    keys: Keys,
    criterion: Annotated[str, Query(max_length=100)] = "",
    title: Annotated[str, Query(max_length=500, description="What the file shows, without names of people.")] = "",
) -> Response:
    """Show that a criterion holds, by a file: PDF, JPEG or PNG of 5 MiB at most, known by its content, kept sealed."""
    content = await request.body()
    async with store.transaction(caller.district) as tx:
        command = partial(commands.add_evidence, tx, caller, keys, station_id, criterion, text.line(title), content)
        return await idempotent(tx, caller, key, 201, command)


@router.get("/evidence/{evidence_id}", response_class=Response, responses=_FILES)
async def show_evidence(evidence_id: UUID, store: ApiStore, caller: Reader, keys: Keys) -> Response:
    """Hand out a file, as an attachment: nothing that somebody has uploaded is shown as a page."""
    async with store.transaction(caller.district) as tx:
        opened = await commands.open_evidence(tx, caller, keys, evidence_id)
    return handed_out(opened.title, opened.media_type, opened.content)


@router.post("/evidence/{evidence_id}/removal", response_model=EvidenceRemoved)
async def remove_evidence(evidence_id: UUID, store: ApiStore, caller: Manager, key: IdempotencyKey) -> Response:
    """Destroy a file that should not have been shown, with its key; that there was one stays on file."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.remove_evidence, tx, caller, evidence_id))


@router.post("/station-standings/{station_id}/judgements", status_code=201, response_model=CriterionIsJudged)
async def judge(
    station_id: UUID, form: JudgementForm, store: ApiStore, caller: Office, key: IdempotencyKey
) -> Response:
    """Judge a criterion; how the station stands follows at once."""
    async with store.transaction(caller.district) as tx:
        command = partial(
            commands.judge, tx, caller, station_id, form.criterion, form.note, form.expires_on, holds=form.holds
        )
        return await idempotent(tx, caller, key, 201, command)


@router.get("/station-standards")
async def list_standards(store: ApiStore, caller: Reader) -> list[TemplateView]:
    """List the lists of criteria that there are, and which one the district goes by."""
    async with store.transaction(caller.district) as tx:
        return await queries.templates(tx, caller.district)


@router.post("/station-standards/adoption", response_model=StandardIsAdopted)
async def adopt(form: StandardForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Go by another list of criteria; every station is reviewed by it at once."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(commands.adopt_standard, tx, caller, form.template))

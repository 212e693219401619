"""Stations by the standard, as pages: the map for the centre, one's own station for its manager."""

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response, UploadFile

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.standard import queries
from services.portal.standard.drawing import WIDTH, map_of
from services.portal.standard.forms import JudgementForm
from services.portal.standard.queries import Criterion, Station
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.contracts.faults import Code, Fault
from shared.http.attachments import handed_out
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

PREFIX = "/staff/standard"
LARGEST_BODY = 6 * 1024 * 1024
"""A file of 5 MiB, and the form around it; what is larger registry would refuse."""
router = APIRouter(prefix=PREFIX, include_in_schema=False)

Reader = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, Role.AUDITOR, units=[Role.STATION_MANAGER]))]
Manager = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER]))]
Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
_DISTRICT = frozenset({Role.DISTRICT_ADMIN, Role.AUDITOR})


def _has(visit: Visit, *roles: Role) -> bool:
    return visit.session is not None and not visit.session.roles.isdisjoint(roles)


async def _in_one(content: bytes) -> AsyncIterator[bytes]:
    yield content


@router.get("")
async def show_stations(visit: Reader, cursor: str | None = None) -> Response:
    """Show where the stations are and how they stand; who manages one alone is shown that one."""
    found = await unless_away(visit.calls.read(queries.STANDINGS, cursor=cursor, limit=queries.A_PAGE))
    if found and len(found.items) == 1 and cursor is None and not _has(visit, *_DISTRICT):
        return visit.go(f"{PREFIX}/{found.items[0].station_id}")
    drawn = map_of(found.items) if found else None
    return visit.page(
        "standard/stations.html", found=found, drawn=drawn, width=WIDTH, of_centre=_has(visit, *_DISTRICT)
    )


@router.get("/templates")
async def show_templates(visit: Centre) -> Response:
    """Show the lists of criteria that there are, and which one holds."""
    return visit.page("standard/templates.html", templates=await unless_away(visit.calls.read(queries.TEMPLATES)))


@router.post("/templates")
async def adopt_template(
    visit: Centre, template: Annotated[ShortText, Form()] = "", key: Annotated[ShortText, Form()] = ""
) -> Response:
    """Go by another list of criteria."""
    try:
        await visit.calls.change(queries.ADOPT, {"template": template}, key=key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
    return visit.go(f"{PREFIX}/templates")


@router.get("/{station_id}")
async def show_station(visit: Reader, station_id: str) -> Response:
    """Show how a station stands: what is missing, each criterion, how regular service is."""
    station = await visit.calls.read(queries.STATION, station_id=id_of(station_id))
    most = max((one.days for one in station.by_month), default=0)
    return visit.page(
        "standard/station.html",
        station=station,
        most=most,
        of_centre=_has(visit, *_DISTRICT),
        today=district_day(now()),
    )


@router.get("/{station_id}/{criterion}")
async def show_criterion(visit: Reader, station_id: str, criterion: str, done: str = "") -> Response:
    """Show a criterion of a station: what counts, what was shown, what was said."""
    return await _criterion(visit, id_of(station_id), criterion, done=done)


@router.get("/{station_id}/{criterion}/evidence/{evidence_id}")
async def hand_out_evidence(visit: Reader, station_id: str, criterion: str, evidence_id: str) -> Response:
    """Hand out a file, as an attachment: nothing that somebody has uploaded is shown as a page."""
    wanted = id_of(evidence_id)
    station = await visit.calls.read(queries.STATION, station_id=id_of(station_id))
    of = station.criterion(criterion)
    shown = next((one for one in of.evidence if one.id == wanted), None) if of else None
    if shown is None:
        raise ProblemError(404, "not-found")
    content = await visit.calls.fetch(queries.EVIDENCE[shown.media_type], evidence_id=wanted)
    return handed_out(shown.title, shown.media_type, content)


@router.post("/{station_id}/{criterion}/evidence")
async def add_evidence(
    visit: Manager,
    station_id: str,
    criterion: str,
    file: UploadFile | None = None,
    title: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Show that a criterion holds, by a file."""
    station = id_of(station_id)
    content = await file.read(LARGEST_EVIDENCE + 1) if file else b""
    if len(content) > LARGEST_EVIDENCE:
        faults = {"file": Fault("", Code.TOO_LARGE).message(visit.look.language)}
        return await _criterion(visit, station, criterion, faults=faults, title=title)
    try:
        await visit.calls.upload(
            queries.ADD_EVIDENCE,
            _in_one(content),
            "application/octet-stream",
            key=key or None,
            station_id=station,
            criterion=criterion,
            title=title,
        )
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _criterion(visit, station, criterion, faults=faults_of(refused), title=title)
    return visit.go(f"{PREFIX}/{station}/{quote(criterion)}?done=added")


@router.post("/{station_id}/{criterion}/removal")
async def remove_evidence(
    visit: Manager,
    station_id: str,
    criterion: str,
    evidence: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Destroy a file that should not have been shown."""
    await visit.calls.change(queries.REMOVE_EVIDENCE, {}, key=key or None, evidence_id=id_of(evidence))
    return visit.go(f"{PREFIX}/{id_of(station_id)}/{quote(criterion)}?done=removed")


@router.post("/{station_id}/{criterion}/judgement")
async def judge(visit: Centre, station_id: str, criterion: str, form: Annotated[JudgementForm, Form()]) -> Response:
    """Say whether a criterion holds."""
    station = id_of(station_id)
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            await visit.calls.change(queries.JUDGE, form.body(criterion), key=form.key or None, station_id=station)
            return visit.go(f"{PREFIX}/{station}/{quote(criterion)}?done=judged")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request:
                raise
            faults = faults_of(refused)
    return await _criterion(visit, station, criterion, faults=faults, form=form)


async def _criterion(
    visit: Visit,
    station_id: UUID,
    code: str,
    *,
    faults: dict[str, str] | None = None,
    form: JudgementForm | None = None,
    title: str = "",
    done: str = "",
) -> Response:
    station: Station = await visit.calls.read(queries.STATION, station_id=station_id)
    criterion: Criterion | None = station.criterion(code)
    if criterion is None:
        raise ProblemError(404, "not-found")
    return visit.page(
        "standard/criterion.html",
        422 if faults else 200,
        station=station,
        criterion=criterion,
        faults=faults or {},
        form=form or JudgementForm(expires_on=str(criterion.latest_expiry or "")),
        title=title,
        done=done,
        may_show=_has(visit, Role.DISTRICT_ADMIN, Role.STATION_MANAGER),
        may_judge=_has(visit, Role.DISTRICT_ADMIN),
        today=district_day(now()),
    )

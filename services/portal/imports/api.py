"""Files of the centre: dropped on a page, handed on as they come, followed to their last line.

Invariant: no file is held here: the bytes of a form go on to the service that takes it as they come, and a report comes
back in the same way. The form's key is the import's Idempotency-Key: sent twice it is one import.
"""

from typing import Annotated, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from services.portal.imports import queries
from services.portal.imports.domain import KINDS, Kind, Service
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.downloads import attachment, handed_on
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.problems import ProblemError
from shared.http.upstream import AwayError, RefusedByServiceError

PATH = "/staff/imports"
"""Larger bodies than elsewhere are taken there."""
router = APIRouter(prefix=PATH, include_in_schema=False)

Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Outcome = Literal["accepted", "normalised", "unchanged", "rejected"]
Cursor = Annotated[str | None, Query(max_length=500)]
Key = Annotated[str, Query(max_length=100)]


def _kind(kind: str) -> Kind:
    if kind not in KINDS:
        raise ProblemError(404, "not-found")
    return KINDS[kind]


OfKind = Annotated[Kind, Depends(_kind)]


@router.get("")
async def list_imports(visit: Centre) -> Response:
    """Show what can be imported, and the last imports."""
    return visit.page("imports/list.html", kinds=KINDS, latest=await queries.latest(visit.calls))


@router.get("/new/{kind}")
async def show_form(visit: Centre, kind: OfKind) -> Response:
    """Show the form for a file, and what its columns mean."""
    return _form(visit, kind, str(uuid4()))


@router.post("/new/{kind}")
async def take_file(request: Request, visit: Centre, kind: OfKind, key: Key = "", dry_run: bool = False) -> Response:
    """Hand a file on as it comes, and go to where one sees how far it is."""
    content_type = request.headers.get("content-type", "")
    try:
        made = await visit.calls.upload(
            queries.TAKERS[kind.service].upload,
            request.stream(),
            content_type,
            key=key or None,
            kind=kind.name,
            dry_run=dry_run,
        )
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        # nothing was made by this key, or something else: the next try has its own
        return _form(visit, kind, str(uuid4()), faults=faults_of(refused), status=refused.status)
    except AwayError:
        return _form(visit, kind, key or str(uuid4()), is_lost=True, status=503)
    return visit.go(f"{PATH}/{kind.service}/{made.id}")


def _form(
    visit: Visit,
    kind: Kind,
    key: str,
    *,
    faults: dict[str, str] | None = None,
    is_lost: bool = False,
    status: int = 200,
) -> Response:
    return visit.page("imports/new.html", status, kind=kind, key=key, faults=faults or {}, is_lost=is_lost)


@router.get("/samples/{kind}.csv")
async def download_sample(visit: Centre, kind: OfKind) -> Response:
    """Hand out a sample of a kind of file."""
    headers = {"Content-Disposition": attachment(f"{kind.name}.csv")}
    return Response(kind.sample(visit.district), 200, headers, "text/csv; charset=utf-8")


@router.get("/of/{service}")
async def list_older(visit: Centre, service: Service, cursor: Cursor = None) -> Response:
    """Show the imports of a service, page by page."""
    found = await queries.older(visit.calls, service, cursor)
    return visit.page("imports/older.html", kinds=KINDS, service=service, found=found)


@router.get("/{service}/{import_id}")
async def show_import(visit: Centre, service: Service, import_id: str) -> Response:
    """Show how far an import is; asked for again while it goes on."""
    found, credited = await queries.find_import(visit.calls, service, id_of(import_id))
    shown = {"one": found, "credited": credited, "service": service, "kinds": KINDS}
    return visit.page("imports/_progress.html" if visit.by_htmx else "imports/import.html", **shown)


@router.get("/{service}/{import_id}/verdicts")
async def list_verdicts(
    visit: Centre, service: Service, import_id: str, only: Outcome | None = None, cursor: Cursor = None
) -> Response:
    """Show what became of each line, page by page."""
    one, verdicts = await queries.find_verdicts(visit.calls, service, id_of(import_id), only, cursor)
    shown = {"one": one, "verdicts": verdicts, "only": only, "service": service, "kinds": KINDS}
    return visit.page("imports/verdicts.html", **shown)


@router.get("/{service}/{import_id}/report.csv")
async def download_report(visit: Centre, service: Service, import_id: UUID, only: Outcome | None = None) -> Response:
    """Hand the verdict on each line out, as CSV."""
    report = queries.TAKERS[service].report
    headers = {"Content-Disposition": attachment(f"verdicts-{import_id}.csv")}
    return await handed_on(visit.calls, report, headers, import_id=import_id, only=only)

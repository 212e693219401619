"""Rule documents for the district's centre: published, ended, counted, and those reminded who have not accepted.

Invariant: what was typed is not lost where the centre has to show once more who it is: the form stays as it is.
"""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.rule_documents import queries
from services.portal.rule_documents.forms import DocumentForm
from services.portal.rule_documents.queries import DocumentCounted
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import LongText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.text import whole
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/rule-documents", include_in_schema=False)

Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Cursor = Annotated[str | None, Query(max_length=500)]
_HOME = "/staff/rule-documents"
_UNPROCESSABLE = 422
_A_PAGE = 20


@router.get("")
async def list_documents(visit: Centre, cursor: Cursor = None) -> Response:
    """List the district's documents with how many have accepted each."""
    found = await unless_away(visit.calls.read(queries.LIST, cursor=cursor))
    return visit.page("rule_documents/documents.html", found=found, today=district_day(now()))


@router.get("/new")
async def show_new(visit: Centre) -> Response:
    """Show the form of a new document."""
    return await _form(visit, DocumentForm())


@router.post("/new")
async def publish(visit: Centre, form: Annotated[DocumentForm, Form()]) -> Response:
    """Publish a new document."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            made = await visit.calls.change(queries.PUBLISH, form.body(), key=form.key or None)
            return visit.go(f"{_HOME}/{made.document_id}?done=published")
        except RefusedByServiceError as refused:
            return await _form(visit, form, refused=refused)
    return await _form(visit, form, faults=faults)


@router.get("/{document_id}")
async def show_document(visit: Centre, document_id: str, cursor: Cursor = None, done: str = "") -> Response:
    """Show a document's versions, how many have accepted each, and who has not accepted the one in force."""
    return await _document(visit, id_of(document_id), cursor=cursor, done=done)


@router.get("/{document_id}/new")
async def show_next(visit: Centre, document_id: str) -> Response:
    """Show the form of a document's next version, filled in with the one published last."""
    found = id_of(document_id)
    document = await visit.calls.read(queries.ONE, document_id=found)
    text = await visit.calls.read(
        queries.TEXT_OF_VERSION, district=visit.district, document_id=found, version=document.newest.version
    )
    form = DocumentForm(title=text.title, text=text.text, version=str(text.version))
    return await _form(visit, form, document)


@router.post("/{document_id}/new")
async def publish_next(visit: Centre, document_id: str, form: Annotated[DocumentForm, Form()]) -> Response:
    """Publish a document's next version."""
    found = id_of(document_id)
    faults = form.faults(visit.look.language)
    refused = None
    if not faults:
        try:
            await visit.calls.change(queries.PUBLISH_NEXT, form.body(), key=form.key or None, document_id=found)
            return visit.go(f"{_HOME}/{found}?done=published")
        except RefusedByServiceError as error:
            refused = error
    document = await visit.calls.read(queries.ONE, document_id=found)
    return await _form(visit, form, document, faults, refused)


@router.post("/{document_id}/reminders")
async def remind(
    visit: Centre,
    document_id: str,
    version: Annotated[str, Form(max_length=20)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Have those reminded who have not accepted the version in force."""
    found = id_of(document_id)
    try:
        await visit.calls.change(queries.REMIND, {"version": whole(version) or 0}, key=key or None, document_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("not_found"):
            raise
        return await _document(visit, found, refused=refused)
    return visit.go(f"{_HOME}/{found}?done=reminded")


@router.post("/{document_id}/{version}/ending")
async def end(
    visit: Centre,
    document_id: str,
    version: str,
    reason: Annotated[LongText, Form()] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Withdraw a version before its first day, or end the one in force."""
    found, number = id_of(document_id), whole(version) or 0
    try:
        await visit.calls.change(queries.END, {"reason": reason}, key=key or None, document_id=found, version=number)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up") or refused.has("not_found"):
            raise
        return await _document(visit, found, refused=refused, ending=(number, reason))
    return visit.go(f"{_HOME}/{found}?done=ended")


async def _document(
    visit: Visit,
    document_id: UUID,
    *,
    cursor: str | None = None,
    done: str = "",
    refused: RefusedByServiceError | None = None,
    ending: tuple[int | None, str] = (None, ""),
) -> Response:
    """Show a document; ``ending``: which version was refused to be ended, and what was typed."""
    document = await visit.calls.read(queries.ONE, document_id=document_id)
    missing = None
    if held := document.in_force:
        missing = await unless_away(
            visit.calls.read(
                queries.MISSING, document_id=document_id, version=held.version, cursor=cursor, limit=_A_PAGE
            )
        )
    shown: dict[str, Any] = {"document": document, "missing": missing, "first": cursor is None, "done": done}
    shown |= {"faults": faults_of(refused) if refused else {}, "today": district_day(now())}
    shown |= {"ending": ending[0], "typed": ending[1]}
    return visit.page("rule_documents/document.html", refused.status if refused else 200, **shown)


async def _form(
    visit: Visit,
    form: DocumentForm,
    document: DocumentCounted | None = None,
    faults: dict[str, str] | None = None,
    refused: RefusedByServiceError | None = None,
) -> Response:
    """Show the form as it was typed; whoever has to show who they are does it in another tab, and sends it again."""
    to_prove = refused is not None and refused.has("step_up")
    if refused is not None and not to_prove:
        if not refused.is_about_the_request or refused.has("not_found"):
            raise refused
        faults = faults_of(refused)
    status = refused.status if refused else _UNPROCESSABLE if faults else 200
    is_sure = not to_prove and await stepped_up_lately(visit)
    shown = {"form": form, "document": document, "faults": faults or {}, "today": district_day(now())}
    return visit.page("rule_documents/new.html", status, **shown, is_sure=is_sure)

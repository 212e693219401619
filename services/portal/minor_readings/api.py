"""Asking to read a minor's data, answering that, and the auditor's year (未成年人网络保护条例 art. 36, 37)."""

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Form, Path, Query, Response
from pydantic import BaseModel

from services.portal.minor_readings import queries
from services.portal.sessions.dependencies import Organiser, page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/minor-readings", include_in_schema=False)

Centre = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Auditor = Annotated[Visit, Depends(page_for(Role.AUDITOR, Role.OPERATOR))]
Year = Annotated[int, Path(ge=2000, le=2999)]
Cursor = Annotated[str | None, Query(max_length=500)]
_A_PAGE = 30


class Asking(BaseModel):
    """A request, as typed."""

    volunteer_number: ShortText = ""
    purpose: ShortText = "contact"
    reason: ShortText = ""
    key: ShortText = ""


class Answering(BaseModel):
    """An answer, as typed."""

    answer: ShortText = ""
    key: ShortText = ""


@router.get("")
async def show_readings(
    visit: Organiser, cursor: Cursor = None, listed: Literal["waiting", "all"] = "all", done: ShortText = ""
) -> Response:
    """Show requests and how they stand: the district's, or of who heads a unit their own."""
    return await _list(visit, listed=listed, cursor=cursor, done=done)


@router.get("/new")
async def show_asking(visit: Organiser, number: ShortText = "", purpose: ShortText = "contact") -> Response:
    """Show the form by which one asks."""
    return visit.page("minor_readings/ask.html", form=Asking(volunteer_number=number, purpose=purpose), faults={})


@router.post("/new")
async def ask(visit: Organiser, form: Annotated[Asking, Form()]) -> Response:
    """Ask to read a minor's data."""
    try:
        await visit.calls.change(queries.ASK, form.model_dump(exclude={"key"}), key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return visit.page("minor_readings/ask.html", refused.status, form=form, faults=faults_of(refused))
    return visit.go("/staff/minor-readings?done=asked")


@router.get("/years")
async def show_this_year(visit: Auditor) -> Response:
    """Show the present year's list."""
    return await _year(visit, district_day(now()).year)


@router.get("/years/{year}")
async def show_year(visit: Auditor, year: Year, cursor: Cursor = None) -> Response:
    """Show a year's requests, answers and readings, and what was read without approval."""
    return await _year(visit, year, cursor)


async def _year(visit: Visit, year: int, cursor: str | None = None) -> Response:
    found = await unless_away(visit.calls.read(queries.YEAR, year=year, cursor=cursor, limit=_A_PAGE))
    return visit.page("minor_readings/year.html", found=found, year=year, this_year=district_day(now()).year)


@router.post("/years/{year}")
async def download_year(visit: Auditor, year: Year) -> Response:
    """Hand a year's list out as a file."""
    content = queries.as_csv(await queries.whole_year(visit.calls, year))
    disposition = f'attachment; filename="minor-readings-{year}.csv"'
    headers = {"Content-Disposition": disposition, "Cache-Control": "no-store"}
    return Response(content, 200, headers, "text/csv; charset=utf-8")


@router.post("/{reading_id}/{verdict}")
async def answer(
    visit: Centre, reading_id: str, verdict: Literal["approve", "refuse"], form: Annotated[Answering, Form()]
) -> Response:
    """Approve somebody else's request, or refuse it and say why."""
    found = id_of(reading_id)
    body = {"approved": verdict == "approve", "answer": form.answer}
    try:
        await visit.calls.change(queries.ANSWER, body, key=form.key or None, reading_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        about = {"id": found, "answer": form.answer}
        return await _list(visit, listed="all", about=about, refused=refused)
    return visit.go(f"/staff/minor-readings?done={verdict}")


async def _list(
    visit: Visit,
    *,
    listed: str,
    cursor: str | None = None,
    done: str = "",
    about: dict[str, object] | None = None,
    refused: RefusedByServiceError | None = None,
) -> Response:
    waiting = True if listed == "waiting" else None
    asked = visit.calls.read(queries.READINGS, cursor=cursor, waiting=waiting, limit=_A_PAGE)
    shown = {"found": await unless_away(asked), "listed": listed, "done": done, "about": about or {}}
    faults = faults_of(refused) if refused else {}
    return visit.page("minor_readings/list.html", refused.status if refused else 200, **shown, faults=faults)

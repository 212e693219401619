"""Pages of an activity until it is published: the form, copied from an old one or empty, and drafts.

Invariant: a form that is refused comes back as it was typed, with every fault at once, also where somebody else has
changed, published or thrown away the draft meanwhile.
"""

from typing import Annotated

from fastapi import APIRouter, Form, Query, Response

from services.portal.publishing import queries
from services.portal.publishing.domain import MOST_WEEKS, ShiftRow, rows_to_copy
from services.portal.publishing.forms import TEXTS, PublishForm, form_of, in_order, publishing_faults
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.ids import id_of, uuid_of
from shared.contracts.faults import Code
from shared.http.upstream import RefusedByServiceError
from shared.store.event_log import now

router = APIRouter(prefix="/staff", include_in_schema=False)


@router.get("/activities/new")
async def show_form(
    visit: Organiser,
    kept: KeptAnswers,
    copy: Annotated[str, Query(alias="from")] = "",
    community: Annotated[str, Query(max_length=50)] = "",
    theme: Annotated[str, Query(max_length=50)] = "",
) -> Response:
    """Show the form for a new activity, filled in from an old one or with what a community needs where one is named."""
    source = uuid_of(copy)
    if source is None:
        return await _form(visit, kept, await _needed(visit, kept, community, theme))
    wording, standing = await queries.find_own(visit.calls, visit.district, source)
    rows = rows_to_copy([(one.starts_at, one.ends_at, one.capacity) for one in standing.shifts], now())
    texts = {name: getattr(wording, name) for name in TEXTS}
    dangerous = "yes" if wording.dangerous else ""
    form = form_of(wording.station_code, texts, rows, needs=wording.needs, dangerous=dangerous)
    return await _form(visit, kept, form, copied=wording.title)


async def _needed(visit: Visit, kept: KeptAnswers, community: str, theme: str) -> PublishForm:
    """Return the form with a theme as its service, and the station of a community where the caller has one there."""
    if not community:
        return PublishForm(service=theme)
    stations = await queries.own_stations(visit.calls, kept, visit.district, _roles(visit))
    open_ones = (one for one in stations if not one.closed_on)
    there = next((one.code for one in open_ones if one.division_code == community), "")
    return PublishForm(service=theme, station=there)


@router.get("/activities/drafts/{draft_id}")
async def show_draft(visit: Organiser, kept: KeptAnswers, draft_id: str, done: str = "") -> Response:
    """Show a draft in the form, to be written on or published."""
    draft = await visit.calls.read(queries.DRAFT, draft_id=id_of(draft_id))
    rows = [ShiftRow(one.day, one.starts, one.ends, one.capacity) for one in draft.shifts]
    texts = {name: getattr(draft, name) for name in TEXTS}
    form = form_of(
        draft.station,
        texts,
        rows,
        weeks=draft.weeks,
        needs=draft.needs,
        dangerous=draft.dangerous,
        draft=str(draft.id),
        version=str(draft.version),
    )
    return await _form(visit, kept, form, done=done)


@router.post("/activities/drafts/{draft_id}/discard")
async def discard(visit: Organiser, draft_id: str) -> Response:
    """Throw a draft away; one that is gone already is."""
    try:
        await visit.calls.change(queries.DISCARD, draft_id=id_of(draft_id))
    except RefusedByServiceError as refused:
        if not refused.has(Code.NOT_FOUND):
            raise
    return visit.go("/staff/activities?state=draft&done=discarded")


@router.post("/activities")
async def take_in(visit: Organiser, kept: KeptAnswers, form: Annotated[PublishForm, Form()]) -> Response:
    """Publish, keep as a draft, or add a row to the form."""
    rows = form.rows()
    if form.do == "add":
        last = rows[-1]
        return await _form(visit, kept, form, rows=[*rows, ShiftRow("", last.starts, last.ends, last.capacity)])
    return await (_keep if form.do == "save" else _publish)(visit, kept, form, rows)


async def _publish(visit: Visit, kept: KeptAnswers, form: PublishForm, rows: list[ShiftRow]) -> Response:
    missing = form.missing(visit.look.language)
    body = form.body(complete=not any(row.missing for row in rows))
    try:
        done = await visit.calls.change(queries.PUBLISH, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        faults = publishing_faults(refused, rows) | missing
        if not body["shifts"]:
            faults.pop("shifts", None)
        return await _again(visit, kept, form, refused, faults)
    return visit.go(f"/staff/activities/{done.id}?done=published")


async def _keep(visit: Visit, kept: KeptAnswers, form: PublishForm, rows: list[ShiftRow]) -> Response:
    body, draft_id = form.draft_body(), uuid_of(form.draft)
    try:
        if draft_id:
            done = await visit.calls.change(queries.KEEP_CHANGED, body, draft_id=draft_id)
        else:
            done = await visit.calls.change(queries.KEEP, body, key=form.key or None)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _again(visit, kept, form, refused, publishing_faults(refused, rows))
    return visit.go(f"/staff/activities/drafts/{done.id}?done=saved")


async def _again(
    visit: Visit, kept: KeptAnswers, form: PublishForm, refused: RefusedByServiceError, faults: dict[str, str]
) -> Response:
    """Show the form as it was typed: what is pressed next goes by the draft as it stands now."""
    done, draft_id = "", uuid_of(form.draft)
    if faults.pop("draft_id", None):
        done, form = "gone", form.model_copy(update={"draft": "", "version": ""})
    elif draft_id and faults.pop("version", None):
        newest = await visit.calls.read(queries.DRAFT, draft_id=draft_id)
        done, form = "changed", form.model_copy(update={"version": str(newest.version)})
    return await _form(visit, kept, form, faults=faults, status=refused.status, done=done)


async def _form(
    visit: Visit,
    kept: KeptAnswers,
    form: PublishForm,
    *,
    rows: list[ShiftRow] | None = None,
    copied: str = "",
    faults: dict[str, str] | None = None,
    status: int = 200,
    done: str = "",
) -> Response:
    stations = await queries.own_stations(visit.calls, kept, visit.district, _roles(visit))
    shown = {"form": form, "rows": rows or form.rows(), "stations": stations, "most_weeks": MOST_WEEKS, "done": done}
    return visit.page("publishing/new.html", status, **shown, copied=copied, faults=faults or {}, in_order=in_order)


def _roles(visit: Visit) -> frozenset[str]:
    return visit.session.roles if visit.session else frozenset()

"""Pages of what one has published: listed, changed, cancelled.

Invariant: a form that is refused comes back as it was typed, with every fault at once; a change says which version it
is based on.
"""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel

from services.portal.publishing import queries
from services.portal.publishing.domain import ShiftRow, changes, row_of
from services.portal.publishing.forms import TEXTS, TextForm, number_of, shift_faults
from services.portal.publishing.queries import OwnShift, Standing, State
from services.portal.roster.queries import ALL, HOLDING, find_roster
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of, uuid_of
from services.portal.volunteers.queries import names
from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff", include_in_schema=False)

STATES: tuple[State, ...] = ("open", "running", "ended", "cancelled")
DRAFT = "draft"
Key = Annotated[str, Form(max_length=100)]
Reason = Annotated[str, Form(max_length=2000)]


class ShiftForm(BaseModel):
    """One shift; ``leaving`` are the sign-ups that lose their place where there are fewer places than are held."""

    day: ShortText = ""
    starts: ShortText = ""
    ends: ShortText = ""
    capacity: ShortText = ""
    leaving: list[ShortText] = []
    version: ShortText = ""
    key: ShortText = ""

    def row(self) -> ShiftRow:
        """Return what was typed."""
        return ShiftRow(self.day, self.starts, self.ends, self.capacity)

    def missing(self, language: str) -> dict[str, str]:
        """Return what activities could not even be asked about."""
        return dict.fromkeys(self.row().missing, Fault("", Code.MISSING).message(language))


@router.get("/activities")
async def list_activities(
    visit: Organiser, state: str = "open", cursor: Annotated[str | None, Query(max_length=500)] = None, done: str = ""
) -> Response:
    """List the activities that one deals with, by state; drafts are of none."""
    shown = {"states": (DRAFT, *STATES), "now": now()}
    if state == DRAFT:
        found, drafts = await asyncio.gather(
            unless_away(queries.own_activities(visit.calls, "open", limit=1)),
            unless_away(visit.calls.read(queries.DRAFTS, cursor=cursor)),
        )
        return visit.page("publishing/list.html", **shown, chosen=DRAFT, found=found, drafts=drafts, done=done)
    chosen: State = next((one for one in STATES if one == state), "open")
    found = await unless_away(queries.own_activities(visit.calls, chosen, cursor))
    return visit.page("publishing/list.html", **shown, chosen=chosen, found=found, done=done)


@router.get("/activities/{activity_id}")
async def show_activity(visit: Organiser, activity_id: str, done: str = "") -> Response:
    """Show an activity with its shifts, and what can be done about each."""
    wording, standing = await queries.find_own(visit.calls, visit.district, id_of(activity_id))
    return visit.page("publishing/activity.html", activity=wording, standing=standing, done=done, now=now())


@router.get("/activities/{activity_id}/edit")
async def show_edit(visit: Organiser, activity_id: str) -> Response:
    """Show the text of an activity to be changed."""
    wording, _ = await queries.find_own(visit.calls, visit.district, id_of(activity_id))
    form = TextForm(**wording.model_dump(include=set(TEXTS)), version=str(wording.version))
    return visit.page("publishing/edit.html", activity=wording, form=form, faults={})


@router.post("/activities/{activity_id}/edit")
async def edit(visit: Organiser, activity_id: str, form: Annotated[TextForm, Form()]) -> Response:
    """Change the text of an activity; those concerned are told."""
    activity = id_of(activity_id)
    try:
        await visit.calls.change(
            queries.EDIT, {**form.texts(), "version": number_of(form.version)}, activity_id=activity
        )
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        wording, _ = await queries.find_own(visit.calls, visit.district, activity)
        kept_form = form.model_copy(update={"version": str(wording.version)})
        shown = {"activity": wording, "form": kept_form, "faults": faults_of(refused)}
        return visit.page("publishing/edit.html", refused.status, **shown)
    return visit.go(f"/staff/activities/{activity}?done=changed")


@router.get("/activities/{activity_id}/cancel")
async def ask_before_cancelling(visit: Organiser, activity_id: str, shift: str = "") -> Response:
    """Say whom it concerns, and ask why."""
    return await _cancel_form(visit, id_of(activity_id), uuid_of(shift))


@router.post("/activities/{activity_id}/cancel")
async def cancel(
    visit: Organiser, activity_id: str, shift: Annotated[str, Form()] = "", reason: Reason = ""
) -> Response:
    """Cancel an activity, or one of its shifts; everybody on it is told."""
    activity, one = id_of(activity_id), uuid_of(shift)
    body = {"reason": reason.strip()}
    try:
        if one:
            await visit.calls.change(queries.CANCEL_SHIFT, body, shift_id=one)
        else:
            await visit.calls.change(queries.CANCEL, body, activity_id=activity)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _cancel_form(visit, activity, one, refused=refused, reason=reason)
    return visit.go(f"/staff/activities/{activity}?done=cancelled")


@router.get("/activities/{activity_id}/shifts/new")
async def show_new_shift(visit: Organiser, activity_id: str) -> Response:
    """Show the form for one shift more."""
    return await _shift_form(visit, id_of(activity_id), None, ShiftForm())


@router.post("/activities/{activity_id}/shifts/new")
async def add_shift(visit: Organiser, activity_id: str, form: Annotated[ShiftForm, Form()]) -> Response:
    """Add a shift."""
    activity = id_of(activity_id)
    if missing := form.missing(visit.look.language):
        return await _shift_form(visit, activity, None, form, faults=missing, status=422)
    try:
        await visit.calls.change(queries.ADD_SHIFT, form.row().body(), key=form.key or None, activity_id=activity)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _shift_form(visit, activity, None, form, faults=shift_faults(refused), status=refused.status)
    return visit.go(f"/staff/activities/{activity}?done=added")


@router.get("/activities/{activity_id}/shifts/{shift_id}")
async def show_shift(visit: Organiser, activity_id: str, shift_id: str) -> Response:
    """Show the times and places of a shift to be changed."""
    activity, shift = id_of(activity_id), id_of(shift_id)
    wording, standing = await queries.find_own(visit.calls, visit.district, activity)
    found = _shift(standing, shift)
    row = row_of(found.starts_at, found.ends_at, found.capacity)
    form = ShiftForm(day=row.day, starts=row.starts, ends=row.ends, capacity=row.capacity, version=str(wording.version))
    return await _shift_form(visit, activity, shift, form)


@router.post("/activities/{activity_id}/shifts/{shift_id}")
async def change_shift(
    visit: Organiser, activity_id: str, shift_id: str, form: Annotated[ShiftForm, Form()]
) -> Response:
    """Move a shift, or give it more or fewer places."""
    activity, shift = id_of(activity_id), id_of(shift_id)
    if missing := form.missing(visit.look.language):
        return await _shift_form(visit, activity, shift, form, faults=missing, status=422)
    leaving = [str(one) for one in map(uuid_of, form.leaving) if one]
    _, standing = await queries.find_own(visit.calls, visit.district, activity)
    found = _shift(standing, shift)
    different = changes(form.row(), row_of(found.starts_at, found.ends_at, found.capacity))
    body = {**different, "version": number_of(form.version), "leaving": leaving}
    try:
        await visit.calls.change(queries.CHANGE_SHIFT, body, shift_id=shift)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _shift_form(
            visit,
            activity,
            shift,
            form,
            faults=shift_faults(refused),
            status=refused.status,
            below=refused.has(Code.BELOW_CONFIRMED),
        )
    done = "moved" if "starts_at" in different or "ends_at" in different else "changed"
    return visit.go(f"/staff/activities/{activity}?done={done}")


async def _shift_form(
    visit: Visit,
    activity_id: UUID,
    shift_id: UUID | None,
    form: ShiftForm,
    *,
    faults: dict[str, str] | None = None,
    status: int = 200,
    below: bool = False,
) -> Response:
    """Show a shift's form; ``below``: with those who have a place, to say who leaves."""
    wording, standing = await queries.find_own(visit.calls, visit.district, activity_id)
    roster = await find_roster(visit.calls, shift_id, state=HOLDING, limit=ALL) if shift_id and below else None
    known = await names(visit.calls, [one.volunteer_id for one in roster.items]) if roster else {}
    return visit.page(
        "publishing/shift.html",
        status,
        activity=wording,
        shift=_shift(standing, shift_id) if shift_id else None,
        form=form.model_copy(update={"version": str(wording.version)}),
        faults=faults or {},
        roster=roster,
        names=known,
    )


async def _cancel_form(
    visit: Visit,
    activity_id: UUID,
    shift_id: UUID | None,
    *,
    refused: RefusedByServiceError | None = None,
    reason: str = "",
) -> Response:
    wording, standing = await queries.find_own(visit.calls, visit.district, activity_id)
    shown = {"activity": wording, "shift": _shift(standing, shift_id) if shift_id else None, "reason": reason}
    at = now()
    concerned = [one for one in standing.shifts if one.starts_at > at and not one.is_cancelled]
    if shift_id:
        concerned = [one for one in concerned if one.shift_id == shift_id]
    faults = faults_of(refused) if refused else {}
    status = refused.status if refused else 200
    return visit.page("publishing/cancel.html", status, **shown, concerned=concerned, faults=faults)


def _shift(standing: Standing, shift_id: UUID) -> OwnShift:
    found = next((one for one in standing.shifts if one.shift_id == shift_id), None)
    if found is None:
        raise ProblemError(404, "not-found")
    return found

"""Pages of a shift's roster.

Invariant: a row's action answers with the row as the service has it afterwards, whoever else has changed it meanwhile.
Without scripts the page comes back at that row.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel

from services.portal.check_in.queries import CheckedIn, CheckedOut, Undone
from services.portal.roster import queries
from services.portal.roster.queries import Entry, Roster
from services.portal.roster.workbook import MEDIA_TYPE, attachment, workbook_of
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of
from services.portal.volunteers.queries import Name, names
from shared.http.problems import ProblemError
from shared.http.upstream import Change, Nothing, RefusedByServiceError
from shared.store.event_log import now

router = APIRouter(prefix="/staff", include_in_schema=False)

STATES = (
    *("confirmed", "attending", "completed", "missing_check_out", "waiting", "offered", "asked_again"),
    *("withdrawn", "cancelled"),
)
"""By what a roster can be narrowed."""
ACTIONS: Mapping[str, Change[CheckedIn] | Change[CheckedOut] | Change[Undone]] = {
    "check-in": queries.CHECK_IN,
    "check-out": queries.CHECK_OUT,
    "undo": queries.UNDO,
}
_LAST_FOUR = 4


class RowForm(BaseModel):
    """What a row's button says: of which shift, whose last four digits, and how the list was narrowed."""

    shift: ShortText = ""
    last_four: ShortText = ""
    state: ShortText = ""
    text: ShortText = ""
    key: ShortText = ""


class ReasonForm(RowForm):
    """Why, in the organiser's words."""

    reason: LongText = ""


@dataclass(frozen=True, slots=True)
class WithReason:
    """What is done about one only with a reason, and the page that asks for it."""

    change: Change[Nothing]
    template: str


WITH_REASON = {
    "excuse": WithReason(queries.EXCUSE, "roster/excuse.html"),
    "take-off": WithReason(queries.TAKE_OFF, "roster/take_off.html"),
}


@dataclass(frozen=True, slots=True)
class Narrowed:
    """How a list is narrowed: to a state, and by four digits or the beginning of a name."""

    state: str = ""
    text: str = ""

    @property
    def last_four(self) -> str | None:
        """The four digits, where that is what was typed."""
        return self.text if len(self.text) == _LAST_FOUR and self.text.isdecimal() else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of what was done before: ``said`` is a refusal, ``faults`` are of the form that adds somebody."""

    done: str = ""
    said: str = ""
    number: str = ""
    faults: Mapping[str, str] = field(default_factory=dict)
    status: int = 200


@router.get("/shifts/{shift_id}")
async def show_roster(
    visit: Organiser,
    shift_id: str,
    state: Annotated[str, Query()] = "",
    text: Annotated[str, Query(max_length=50)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    done: str = "",
) -> Response:
    """Show who is on a shift, and what can be done about each."""
    narrowed = Narrowed(state if state in STATES else "", text.strip())
    return await _roster(visit, id_of(shift_id), narrowed, Outcome(done=done), cursor=cursor)


@router.get("/shifts/{shift_id}/counts")
async def show_counts(visit: Organiser, shift_id: str) -> Response:
    """Show how many there are of each: asked for when something has changed while the page is open."""
    roster = await queries.find_roster(visit.calls, id_of(shift_id), limit=1)
    return visit.page("roster/_counts.html", roster=roster)


@router.get("/shifts/{shift_id}/sheet")
async def show_sheet(visit: Organiser, shift_id: str) -> Response:
    """Show the list for the door, to be printed."""
    roster = await queries.find_whole_roster(visit.calls, id_of(shift_id))
    expected = [one for one in roster.items if one.state not in ("withdrawn", "cancelled")]
    known = await names(visit.calls, [one.volunteer_id for one in expected])
    return visit.page("roster/sheet.html", roster=roster, rows=expected, names=known)


@router.get("/shifts/{shift_id}/roster.xlsx")
async def download_roster(visit: Organiser, shift_id: str) -> Response:
    """Hand out the list as a spreadsheet: whoever has been on it, named as on the page."""
    roster = await queries.find_whole_roster(visit.calls, id_of(shift_id))
    known = await names(visit.calls, [one.volunteer_id for one in roster.items])
    content = await asyncio.to_thread(workbook_of, roster, known, visit.look.language)
    headers = {"Content-Disposition": attachment(roster, visit.look.language)}
    return Response(content, 200, headers, MEDIA_TYPE)


@router.post("/shifts/{shift_id}/people")
async def add(
    visit: Organiser,
    shift_id: str,
    number: Annotated[str, Form(max_length=100)] = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Add somebody by number: with check-in open they are checked in at once, before it they are signed up."""
    shift, typed = id_of(shift_id), number.strip()
    roster = await queries.find_roster(visit.calls, shift, limit=1)
    try:
        if now() >= roster.opens_at:
            await visit.calls.change(queries.WALK_IN, {"volunteer_number": typed}, key=key or None, shift_id=shift)
        else:
            await visit.calls.change(queries.SIGN_UP, {"group": [typed]}, key=key or None, shift_id=shift)
    except RefusedByServiceError as refusal:
        faults = {"number": next(iter(faults_of(refusal).values()))}
        return await _roster(visit, shift, Narrowed(), Outcome(number=typed, faults=faults, status=refusal.status))
    return visit.go(f"/staff/shifts/{shift}?done=added")


@router.get("/sign-ups/{sign_up_id}/{what}")
async def ask_why(visit: Organiser, sign_up_id: str, what: str, shift: str = "", last_four: str = "") -> Response:
    """Ask why an absence is not to count, or why somebody is taken off the shift."""
    return await _why(visit, _asked(what), id_of(sign_up_id), id_of(shift), last_four)


@router.post("/sign-ups/{sign_up_id}/excuse")
async def excuse(visit: Organiser, sign_up_id: str, form: Annotated[ReasonForm, Form()]) -> Response:
    """Take back that somebody did not come, or withdrew late."""
    return await _with_reason(visit, "excuse", id_of(sign_up_id), form)


@router.post("/sign-ups/{sign_up_id}/take-off")
async def take_off(visit: Organiser, sign_up_id: str, form: Annotated[ReasonForm, Form()]) -> Response:
    """Take somebody off the shift; they are told why."""
    return await _with_reason(visit, "take-off", id_of(sign_up_id), form)


@router.post("/sign-ups/{sign_up_id}/{action}")
async def act(visit: Organiser, sign_up_id: str, action: str, form: Annotated[RowForm, Form()]) -> Response:
    """Check somebody in or out, or take the last tap back."""
    sign_up, shift, change = id_of(sign_up_id), id_of(form.shift), ACTIONS.get(action)
    if change is None:
        raise ProblemError(404, "not-found")
    narrowed, said, status = Narrowed(form.state, form.text), "", 200
    try:
        await visit.calls.change(change, key=form.key or None, sign_up_id=sign_up)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        said, status = next(iter(faults_of(refused).values())), refused.status
    if not visit.by_htmx:
        if said:
            return await _roster(visit, shift, narrowed, Outcome(said=said, status=status))
        return visit.go(f"/staff/shifts/{shift}?{urlencode({'state': form.state, 'text': form.text})}#s-{sign_up}")
    roster, entry = await queries.find_entry(visit.calls, shift, sign_up, form.last_four)
    known = await names(visit.calls, [entry.volunteer_id]) if entry else {}
    shown = {"roster": roster, "one": entry, "names": known, "said": said, "narrowed": narrowed}
    return visit.page("roster/_row.html", **shown, now=now())


async def _with_reason(visit: Visit, what: str, sign_up_id: UUID, form: ReasonForm) -> Response:
    shift = id_of(form.shift)
    try:
        await visit.calls.change(_asked(what).change, {"reason": form.reason}, sign_up_id=sign_up_id)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        return await _why(visit, _asked(what), sign_up_id, shift, form.last_four, refused=refused, reason=form.reason)
    return visit.go(f"/staff/shifts/{shift}#s-{sign_up_id}")


async def _why(
    visit: Visit,
    asked: WithReason,
    sign_up_id: UUID,
    shift_id: UUID,
    last_four: str,
    *,
    refused: RefusedByServiceError | None = None,
    reason: str = "",
) -> Response:
    roster, entry = await queries.find_entry(visit.calls, shift_id, sign_up_id, last_four)
    if entry is None:
        raise ProblemError(404, "not-found")
    known = await names(visit.calls, [entry.volunteer_id])
    shown = {"roster": roster, "one": entry, "names": known, "reason": reason}
    faults = faults_of(refused) if refused else {}
    return visit.page(asked.template, refused.status if refused else 200, **shown, faults=faults)


def _asked(what: str) -> WithReason:
    found = WITH_REASON.get(what)
    if found is None:
        raise ProblemError(404, "not-found")
    return found


async def _roster(
    visit: Visit, shift_id: UUID, narrowed: Narrowed, outcome: Outcome, *, cursor: str | None = None
) -> Response:
    by_name = bool(narrowed.text) and narrowed.last_four is None
    roster = await queries.find_roster(
        visit.calls,
        shift_id,
        state=narrowed.state or None,
        last_four=narrowed.last_four,
        cursor=None if by_name else cursor,
        limit=queries.ALL if by_name else queries.A_PAGE,
    )
    known = await names(visit.calls, [one.volunteer_id for one in roster.items])
    rows = _named_as(roster, known, narrowed)
    shown = {"roster": roster, "rows_shown": rows, "names": known, "narrowed": narrowed, "states": STATES}
    template = "roster/_list.html" if visit.by_htmx else "roster/roster.html"
    return visit.page(template, outcome.status, **shown, outcome=outcome, now=now())


def _named_as(roster: Roster, known: Mapping[UUID, Name], narrowed: Narrowed) -> Sequence[Entry]:
    """Return those whose masked name begins with what was typed, where that is not four digits; of all then."""
    if not narrowed.text or narrowed.last_four:
        return roster.items
    shown = ((one, known.get(one.volunteer_id)) for one in roster.items)
    return [one for one, name in shown if name and name.name_masked.startswith(narrowed.text[0])]

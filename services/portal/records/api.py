"""Pages of service records, for staff.

Invariant: a correction is based on the version that was on the page, so nobody overwrites what they have not seen.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query, Response
from pydantic import BaseModel

from services.portal.records import queries
from services.portal.records.queries import Record
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.clocks import read_moment
from services.portal.shell.forms import LongText, ShortText, faults_of
from services.portal.shell.ids import id_of, uuid_of
from services.portal.volunteers.queries import VOLUNTEER, VOLUNTEERS, names
from shared.contracts.actor import Role
from shared.contracts.calendar import CHINA, district_day
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/records", include_in_schema=False)

CORRECTORS = frozenset({Role.DISTRICT_ADMIN, Role.STATION_MANAGER})
"""Who may correct a record (services/activities/records); a team leader closes the shift, or asks them."""


class CorrectionForm(BaseModel):
    """The real times with breaks, or the minutes alone; and why."""

    way: ShortText = "times"
    start: ShortText = ""
    end: ShortText = ""
    rest: ShortText = ""
    minutes: ShortText = ""
    reason: LongText = ""
    version: ShortText = ""
    key: ShortText = ""

    def body(self) -> dict[str, object]:
        """Return it as activities wants it."""
        if self.way == "minutes":
            figure: dict[str, object] = {"minutes": whole(self.minutes)}
        else:
            figure = {
                "started_at": _moment(self.start),
                "ended_at": _moment(self.end),
                "break_minutes": whole(self.rest or "0"),
            }
        return figure | {"reason": self.reason}


class AnswerForm(BaseModel):
    """What is said to a claim: ``do`` is ``accept`` or ``refuse``; the times are what is accepted."""

    do: ShortText = ""
    reason: LongText = ""
    start: ShortText = ""
    end: ShortText = ""
    rest: ShortText = ""
    key: ShortText = ""

    def body(self) -> dict[str, object]:
        """Return it as activities wants it; the times that are accepted, but for a refusal."""
        if self.do != "accept":
            return {"accepted": False, "reason": self.reason}
        times = {
            "started_at": _moment(self.start),
            "ended_at": _moment(self.end),
            "break_minutes": whole(self.rest or "0"),
        }
        return {"accepted": True, "reason": self.reason, **times}

    def missing(self, language: str) -> dict[str, str]:
        """Return which times cannot be read: without them others would be accepted."""
        if self.do != "accept":
            return {}
        said = Fault("", Code.MISSING).message(language)
        return {name: said for name, typed in (("start", self.start), ("end", self.end)) if _moment(typed) is None}


@router.get("")
async def list_records(
    visit: Organiser,
    query: Annotated[str, Query(max_length=100)] = "",
    volunteer: str = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    done: str = "",
) -> Response:
    """Look for whose records to see, or show somebody's."""
    asked, chosen = query.strip(), uuid_of(volunteer)
    people = await unless_away(visit.calls.read(VOLUNTEERS, query=asked)) if asked else None
    who = await unless_away(visit.calls.read(VOLUNTEER, volunteer_id=chosen)) if chosen else None
    found = await unless_away(visit.calls.read(queries.RECORDS, volunteer_id=chosen, cursor=cursor)) if chosen else None
    claims = await unless_away(queries.open_claims(visit.calls))
    known = await names(visit.calls, [claim.volunteer_id for claim in claims.items]) if claims else {}
    shown = {"claims": claims, "names": known, "today": district_day(now())}
    return visit.page(
        "records/list.html", **shown, query=asked, people=people, chosen=chosen, who=who, found=found, done=done
    )


@router.get("/claims/{claim_id}")
async def show_claim(visit: Organiser, claim_id: str) -> Response:
    """Show a claim beside what is on file, and ask for the answer."""
    return await _claim(visit, id_of(claim_id), None)


@router.post("/claims/{claim_id}")
async def answer(visit: Organiser, claim_id: str, form: Annotated[AnswerForm, Form()]) -> Response:
    """Accept a claim or refuse it; the volunteer is told why."""
    claim = id_of(claim_id)
    if missing := form.missing(visit.look.language):
        return await _claim(visit, claim, form, faults=missing)
    try:
        await visit.calls.change(queries.ANSWER, form.body(), key=form.key or None, claim_id=claim)
    except RefusedByServiceError as refused:
        if not refused.faults:
            raise
        faults = {_FIELDS.get(field, field): said for field, said in faults_of(refused).items()}
        return await _claim(visit, claim, form, faults=faults, status=refused.status)
    return visit.go("/staff/records?done=answered")


@router.get("/{record_id}")
async def show_record(visit: Organiser, record_id: str, done: str = "") -> Response:
    """Show a record, and the form that puts it right."""
    record = await visit.calls.read(queries.RECORD, record_id=id_of(record_id))
    return await _record(visit, record, CorrectionForm(), done=done)


@router.post("/{record_id}/correct")
async def correct(visit: Organiser, record_id: str, form: Annotated[CorrectionForm, Form()]) -> Response:
    """Correct a record; the hours follow."""
    record = id_of(record_id)
    headers = {"If-Match": f'"{form.version}"'}
    try:
        await visit.calls.change(queries.CORRECT, form.body(), key=form.key or None, headers=headers, record_id=record)
    except RefusedByServiceError as refused:
        if not refused.faults and refused.status not in (409, 412):
            raise
        on_file = await visit.calls.read(queries.RECORD, record_id=record)
        return await _record(visit, on_file, form, refused=refused)
    return visit.go(f"/staff/records/{record}?done=corrected")


async def _claim(
    visit: Visit,
    claim_id: UUID,
    form: AnswerForm | None,
    *,
    faults: dict[str, str] | None = None,
    status: int = 422,
) -> Response:
    claim = await queries.find_claim(visit.calls, claim_id)
    if claim is None:
        raise ProblemError(404, "not-found")
    record = await visit.calls.read(queries.RECORD, record_id=claim.record_id) if claim.record_id else None
    known = await names(visit.calls, [claim.volunteer_id])
    said = form or AnswerForm(start=_local(claim.started_at), end=_local(claim.ended_at))
    shown = {"claim": claim, "record": record, "name": known.get(claim.volunteer_id), "form": said}
    shown_status = status if faults else 200
    return visit.page("records/claim.html", shown_status, **shown, faults=faults or {}, today=district_day(now()))


async def _record(
    visit: Visit,
    record: Record,
    form: CorrectionForm,
    *,
    refused: RefusedByServiceError | None = None,
    done: str = "",
) -> Response:
    known = await names(visit.calls, [record.volunteer_id])
    may = visit.session is not None and not visit.session.roles.isdisjoint(CORRECTORS)
    faults = {_FIELDS.get(field, field): said for field, said in faults_of(refused).items()} if refused else {}
    shown = {"record": record, "name": known.get(record.volunteer_id), "form": form, "may_correct": may, "done": done}
    local = {"start": _local(record.started_at), "end": _local(record.ended_at)}
    return visit.page("records/record.html", refused.status if refused else 200, **shown, local=local, faults=faults)


_FIELDS = {"started_at": "start", "ended_at": "end", "break_minutes": "rest"}


def _moment(text: str) -> str | None:
    moment = read_moment(text)
    return moment.isoformat() if moment else None


def _local(moment: datetime) -> str:
    return f"{moment.astimezone(CHINA):%Y-%m-%dT%H:%M}"

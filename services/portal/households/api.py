"""Pages of households: a list and a page for whoever may see that there is one, its file for who is assigned.

Invariant: what is in clear is in the answer to a form that says why, is on no address, and is kept nowhere.
"""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.households import queries
from services.portal.households.forms import FileForm, PairingForm, VisitForm
from services.portal.households.queries import HouseholdFile
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts import text
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.problems import ProblemError
from shared.http.upstream import Change, RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/households", include_in_schema=False)

Reader = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.CASE_WORKER]))]
CaseWorker = Annotated[Visit, Depends(page_for(own=[Role.CASE_WORKER]))]
Office = Annotated[Visit, Depends(page_for(Role.DISTRICT_ADMIN))]
Key = Annotated[ShortText, Form()]


@router.get("")
async def list_households(
    visit: Reader,
    number: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """List the households that somebody may see, by number."""
    wanted = text.whole(number)
    asked = {"number": wanted or None, "cursor": cursor}
    found = await unless_away(visit.calls.read(queries.HOUSEHOLDS, **asked))
    return visit.page("households/list.html", found=found, number=number.strip(), today=district_day(now()))


@router.get("/new")
async def show_form(visit: CaseWorker, kept: KeptAnswers) -> Response:
    """Show the form for taking a household into care."""
    return await _new(visit, kept, FileForm())


@router.post("/new")
async def open_household(visit: CaseWorker, kept: KeptAnswers, form: Annotated[FileForm, Form()]) -> Response:
    """Take a household into care."""
    try:
        done = await visit.calls.change(queries.OPEN, form.body("station"), key=form.key or None)
    except RefusedByServiceError as refused:
        return await _new(visit, kept, form, refused)
    return visit.go(f"/staff/households/{done.id}?done=opened")


@router.get("/{household_id}")
async def show_household(visit: Reader, household_id: str, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Show what everybody sees of a household, its pairings and who is assigned."""
    return await _household(visit, id_of(household_id), done=done)


@router.post("/{household_id}/reveal")
async def read_household(
    visit: CaseWorker, household_id: str, reason: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Show all that is known of a household; why is kept in the access log."""
    found = id_of(household_id)
    try:
        file = await visit.calls.change(queries.READ, {"reason": reason}, household_id=found)
    except RefusedByServiceError as refused:
        return await _refused(visit, found, refused)
    return visit.page("households/file.html", household_id=found, file=file, form=_filled(file), faults={})


@router.post("/{household_id}/change")
async def change_household(visit: CaseWorker, household_id: str, form: Annotated[FileForm, Form()]) -> Response:
    """Replace what is known of a household."""
    found = id_of(household_id)
    body = form.body() | {"version": text.whole(form.version) or 0}
    try:
        await visit.calls.change(queries.CHANGE, body, household_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or not refused.faults or refused.has("not_found"):
            raise
        shown = {"household_id": found, "file": None, "form": form, "faults": faults_of(refused)}
        return visit.page("households/file.html", refused.status, **shown)
    return visit.go(f"/staff/households/{found}?done=changed")


@router.post("/{household_id}/pairings")
async def begin_pairing(visit: CaseWorker, household_id: str, form: Annotated[PairingForm, Form()]) -> Response:
    """Pair a volunteer or a team with a household."""
    found = id_of(household_id)
    try:
        await visit.calls.change(queries.PAIR, form.body(), key=form.key or None, household_id=found)
    except RefusedByServiceError as refused:
        return await _refused(visit, found, refused, pairing=form)
    return visit.go(f"/staff/households/{found}?done=paired")


@router.post("/{household_id}/closing")
async def close_household(visit: CaseWorker, household_id: str, key: Key = "") -> Response:
    """End the care for a household."""
    return await _done(visit, household_id, queries.CLOSE, "closed", key)


@router.post("/{household_id}/erasure")
async def erase_household(visit: CaseWorker, household_id: str) -> Response:
    """Erase a household that is closed; it is nobody's to see afterwards but the office's."""
    found = id_of(household_id)
    await visit.calls.change(queries.ERASE, household_id=found)
    return visit.go("/staff/households")


@router.post("/{household_id}/assignments")
async def assign_household(visit: Office, household_id: str, account_id: Key = "") -> Response:
    """Assign a household to a case worker."""
    return await _done(visit, household_id, queries.ASSIGN, "assigned", body={"account_id": account_id})


@router.post("/{household_id}/assignments/{account_id}/ending")
async def unassign_household(visit: Office, household_id: str, account_id: str) -> Response:
    """Take a household from a case worker."""
    return await _done(visit, household_id, queries.UNASSIGN, "unassigned", account_id=id_of(account_id))


@router.get("/{household_id}/pairings/{pairing_id}")
async def show_pairing(
    visit: Reader,
    household_id: str,
    pairing_id: str,
    done: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Response:
    """Show a pairing and its visits."""
    return await _pairing(visit, id_of(household_id), id_of(pairing_id), cursor=cursor, done=done)


@router.post("/{household_id}/pairings/{pairing_id}/visits")
async def note_visit(
    visit: CaseWorker, household_id: str, pairing_id: str, form: Annotated[VisitForm, Form()]
) -> Response:
    """Note a visit."""
    household, pairing = id_of(household_id), id_of(pairing_id)
    try:
        await visit.calls.change(queries.NOTE_VISIT, form.body(), key=form.key or None, pairing_id=pairing)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("not_found"):
            raise
        return await _pairing(visit, household, pairing, form=form, refused=refused)
    return visit.go(f"/staff/households/{household}/pairings/{pairing}?done=noted")


@router.post("/{household_id}/pairings/{pairing_id}/ending")
async def end_pairing(visit: CaseWorker, household_id: str, pairing_id: str, key: Key = "") -> Response:
    """End a pairing today."""
    household, pairing = id_of(household_id), id_of(pairing_id)
    try:
        await visit.calls.change(queries.END_PAIRING, {}, key=key or None, pairing_id=pairing)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("not_found"):
            raise
        return await _pairing(visit, household, pairing, refused=refused)
    return visit.go(f"/staff/households/{household}/pairings/{pairing}?done=ended")


def _filled(file: HouseholdFile) -> FileForm:
    """Return the form filled in with what is on file."""
    return FileForm(
        version=str(file.version),
        address=file.address,
        phone=file.phone,
        note=file.note,
        person_name=[one.name for one in file.people],
        person_category=[one.category for one in file.people],
        person_phone=[one.phone for one in file.people],
        person_note=[one.note for one in file.people],
    )


async def _done(
    visit: Visit,
    household_id: str,
    change: Change[Any],
    done: str,
    key: str = "",
    body: Mapping[str, str] | None = None,
    account_id: UUID | None = None,
) -> Response:
    found = id_of(household_id)
    try:
        await visit.calls.change(change, body, key=key or None, household_id=found, account_id=account_id)
    except RefusedByServiceError as refused:
        return await _refused(visit, found, refused)
    return visit.go(f"/staff/households/{found}?done={done}")


async def _refused(
    visit: Visit, household_id: UUID, refused: RefusedByServiceError, pairing: PairingForm | None = None
) -> Response:
    """Show the household again with what is wrong; what is not about the form has a page of its own."""
    if not refused.faults or refused.has("step_up") or refused.has("not_found"):
        raise refused
    return await _household(visit, household_id, refused=refused, pairing=pairing)


async def _household(
    visit: Visit,
    household_id: UUID,
    *,
    refused: RefusedByServiceError | None = None,
    pairing: PairingForm | None = None,
    done: str = "",
) -> Response:
    household = await visit.calls.read(queries.HOUSEHOLD, household_id=household_id)
    roles = visit.session.roles if visit.session else frozenset()
    may_assign = Role.DISTRICT_ADMIN in roles
    today = district_day(now())
    shown = {
        "household": household,
        "may_assign": may_assign,
        "workers": await queries.case_workers(visit.calls, household.station) if may_assign else [],
        "pairing": pairing or PairingForm(rhythm="weekly", starts_on=today.isoformat()),
        "faults": faults_of(refused) if refused else {},
        "today": today,
        "done": done,
    }
    return visit.page("households/household.html", refused.status if refused else 200, **shown)


async def _pairing(
    visit: Visit,
    household_id: UUID,
    pairing_id: UUID,
    *,
    cursor: str | None = None,
    form: VisitForm | None = None,
    refused: RefusedByServiceError | None = None,
    done: str = "",
) -> Response:
    household, visits = await asyncio.gather(
        visit.calls.read(queries.HOUSEHOLD, household_id=household_id),
        visit.calls.read(queries.VISITS, pairing_id=pairing_id, cursor=cursor),
    )
    pairing = next((one for one in household.paired_with if one.id == pairing_id), None)
    if pairing is None:
        raise ProblemError(404, "not-found")
    today = district_day(now())
    shown = {
        "household": household,
        "pairing": pairing,
        "visits": visits,
        "form": form or VisitForm(visited_on=today.isoformat(), minutes="60"),
        "faults": faults_of(refused) if refused else {},
        "today": today,
        "done": done,
        "first": cursor is None,
    }
    return visit.page("households/pairing.html", refused.status if refused else 200, **shown)


async def _new(
    visit: Visit, kept: KeptAnswers, form: FileForm, refused: RefusedByServiceError | None = None
) -> Response:
    if refused is not None and not refused.faults:
        raise refused
    stations = await queries.own_stations(visit.calls, kept, visit.district)
    shown = {"form": form, "stations": stations, "faults": faults_of(refused) if refused else {}}
    return visit.page("households/new.html", refused.status if refused else 200, **shown)

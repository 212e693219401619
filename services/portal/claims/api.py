"""Claiming: saying when one really served, of an attendance or of a record.

Invariant: a form has one key for all of its attempts, so a double tap is one claim; what was typed stays in the form.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Response

from services.portal.claims import queries
from services.portal.claims.forms import ClaimForm, claim_faults, filled
from services.portal.claims.queries import ClaimedRecord
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.ids import id_of
from services.portal.timetable.queries import MySignUp, own_sign_up
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
ClaimTyped = Annotated[ClaimForm, Form()]


@router.get("/sign-ups/{sign_up_id}/claim")
async def show_of_sign_up(visit: Volunteer, sign_up_id: str) -> Response:
    """Show the form for a shift that one served, with its times filled in."""
    sign_up = await own_sign_up(visit.calls, sign_up_id)
    began = sign_up.checked_in_at or sign_up.starts_at
    return _of_sign_up(visit, sign_up, filled(began, sign_up.checked_out_at or max(began, sign_up.ends_at)))


@router.post("/sign-ups/{sign_up_id}/claim")
async def claim_sign_up(visit: Volunteer, sign_up_id: str, form: ClaimTyped) -> Response:
    """Say when one really served at a shift; the receipt says by when it is answered."""
    sign_up = await own_sign_up(visit.calls, sign_up_id)
    try:
        await visit.calls.change(
            queries.CLAIM_ATTENDANCE, form.body(), key=form.key or None, sign_up_id=sign_up.sign_up_id
        )
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return _of_sign_up(visit, sign_up, form, refused)
    return visit.go(f"/sign-ups/{sign_up.sign_up_id}?done=claimed")


@router.get("/me/records/{record_id}/claim")
async def show_of_record(visit: Volunteer, record_id: str) -> Response:
    """Show the form for a record that one holds to be wrong."""
    record = await _record(visit, record_id)
    return _of_record(visit, record, filled(record.started_at, record.ended_at))


@router.post("/me/records/{record_id}/claim")
async def claim_record(visit: Volunteer, record_id: str, form: ClaimTyped) -> Response:
    """Say when one really served, of a record; its page says by when it is answered."""
    record = await _record(visit, record_id)
    try:
        await visit.calls.change(queries.CLAIM_RECORD, form.body(), key=form.key or None, record_id=record.id)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return _of_record(visit, record, form, refused)
    return visit.go(f"/me/records/{record.id}?done=claimed")


def _of_sign_up(
    visit: Visit, sign_up: MySignUp, form: ClaimForm, refused: RefusedByServiceError | None = None
) -> Response:
    back, path = f"/sign-ups/{sign_up.sign_up_id}", f"/sign-ups/{sign_up.sign_up_id}/claim"
    missed = sign_up.state == "missing_check_out"
    return _page(visit, form, refused, title=sign_up.title, on_file=sign_up, back=back, path=path, missed=missed)


def _of_record(
    visit: Visit, record: ClaimedRecord, form: ClaimForm, refused: RefusedByServiceError | None = None
) -> Response:
    back, path = f"/me/records/{record.id}", f"/me/records/{record.id}/claim"
    return _page(visit, form, refused, title=record.activity, on_file=record, back=back, path=path, missed=False)


def _page(visit: Visit, form: ClaimForm, refused: RefusedByServiceError | None, **shown: object) -> Response:
    status, faults = (refused.status, claim_faults(refused)) if refused else (200, {})
    due_on = str(refused.problem.get("due_on", "")) if refused else ""
    return visit.page("claims/claim.html", status, form=form, faults=faults, due_on=due_on, **shown)


async def _record(visit: Visit, text: str) -> ClaimedRecord:
    return await visit.calls.read(queries.CLAIMED_RECORD, record_id=id_of(text))

"""The operator's pages of deliveries: how they stand, which mails have failed for good, and sending them again."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.deliveries import queries
from services.portal.deliveries.queries import SendingForm, Standing
from services.portal.sessions.dependencies import page_for, stepped_up_lately
from services.portal.sessions.visits import Visit
from services.portal.shell.districts import Districts
from services.portal.shell.forms import ShortText, faults_of
from services.portal.shell.ids import id_of
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(prefix="/staff/operations/deliveries", include_in_schema=False)


Operator = Annotated[Visit, Depends(page_for(Role.OPERATOR))]
_FAILED = "/staff/operations/deliveries/failed"
_UNPROCESSABLE = 422


@router.get("")
async def show_deliveries(visit: Operator) -> Response:
    """Show how a district's deliveries stand, and why some have failed or wait."""
    districts: Districts = visit.request.app.state.districts
    counts = await unless_away(visit.calls.read(queries.SUMMARY))
    standing = None if counts is None else Standing(counts)
    shown = {"standing": standing, "districts": await districts.all(), "now": now()}
    return visit.page("deliveries/summary.html", **shown)


@router.get("/failed")
async def list_failed(
    visit: Operator,
    cursor: Annotated[str | None, Query(max_length=500)] = None,
    done: str = "",
    failed: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """List a district's mails that have failed for good, with the forms to send them again."""
    return await _failed(visit, SendingForm(), cursor=cursor, done=done, ordered=failed)


@router.post("/sending-again")
async def send_all_again(visit: Operator, form: Annotated[SendingForm, Form()]) -> Response:
    """Have all of some days sent again."""
    faults = form.faults(visit.look.language)
    if not faults:
        try:
            ordered = await visit.calls.change(queries.SEND_ALL_AGAIN, form.body(), key=form.key or None)
            return visit.go(f"{_FAILED}?done=ordered&failed={ordered.failed}")
        except RefusedByServiceError as refused:
            if not refused.is_about_the_request or refused.has("step_up"):
                raise
            faults = faults_of(refused)
    return await _failed(visit, form, faults=faults)


@router.post("/{delivery_id}/sending-again")
async def send_again(
    visit: Operator,
    delivery_id: str,
    reason: Annotated[ShortText, Form()] = "",
    key: Annotated[ShortText, Form()] = "",
) -> Response:
    """Have one sent again."""
    found = id_of(delivery_id)
    try:
        await visit.calls.change(queries.SEND_AGAIN, {"reason": reason}, key=key or None, delivery_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("step_up") or refused.has("not_found"):
            raise
        return await _failed(visit, SendingForm(), faults=faults_of(refused), about=(found, reason))
    return visit.go(f"{_FAILED}?done=ordered&failed=1")


async def _failed(
    visit: Visit,
    form: SendingForm,
    *,
    cursor: str | None = None,
    done: str = "",
    ordered: int = 0,
    faults: dict[str, str] | None = None,
    about: tuple[UUID | None, str] = (None, ""),
) -> Response:
    """Show what has failed; ``about``: which one was refused to be sent again, and what was typed."""
    found = await unless_away(visit.calls.read(queries.FAILED, cursor=cursor))
    shown = {"found": found, "form": form, "faults": faults or {}, "about": about, "done": done, "ordered": ordered}
    is_sure = await stepped_up_lately(visit)
    return visit.page("deliveries/failed.html", _UNPROCESSABLE if faults else 200, **shown, is_sure=is_sure)

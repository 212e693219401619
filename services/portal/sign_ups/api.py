"""Signing up and leaving again.

Invariant: a form has one key for all of its attempts, so a double tap is one sign-up; repeated, it shows the same
receipt.
"""

import asyncio
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from services.portal.activities.queries import ACTIVITY, Activity, find_activity
from services.portal.claims.queries import Claim, latest_about, my_claims
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.ids import id_of, uuid_of
from services.portal.shell.kept import Kept
from services.portal.sign_ups import queries
from services.portal.timetable.queries import Listed, MySignUp, find_for_shift, find_mine, mine, own_sign_up
from shared.contracts.actor import Role
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Key = Annotated[str, Form(max_length=100)]
LISTS: tuple[Listed, ...] = ("upcoming", "waiting", "past")


@router.post("/shifts/{shift_id}/sign-up")
async def sign_up(
    visit: Volunteer, kept: KeptAnswers, shift_id: str, activity: Annotated[str, Form()] = "", key: Key = ""
) -> Response:
    """Take a place, or one on the waiting list; beside htmx the row of the shift shows what came of it."""
    shift, of = id_of(shift_id), uuid_of(activity)
    try:
        answer = await visit.calls.change(queries.SIGN_UP, key=key or None, shift_id=shift)
    except RefusedByServiceError as refused:
        if refused.has("already_signed_up") and (found := await find_for_shift(visit.calls, shift)):
            return visit.go(f"/sign-ups/{found.sign_up_id}")
        if not refused.is_about_the_request:
            raise
        template = "sign_ups/_refused.html" if visit.by_htmx else "sign_ups/refused.html"
        return visit.page(template, refused.status, refused=refused, activity=of)
    if not visit.by_htmx:
        return visit.go(f"/sign-ups/{answer.sign_up_id}?new=1")
    found = await find_mine(visit.calls, answer.sign_up_id)
    places = await unless_away(_counted_anew(visit, kept, found.activity_id)) if found else None
    row = next((each for each in places.shifts if each.shift_id == shift), None) if places else None
    return visit.page("sign_ups/_row.html", sign_up=found, answer=answer, shift=row)


@router.get("/sign-ups/{sign_up_id}")
async def show_receipt(visit: Volunteer, kept: KeptAnswers, sign_up_id: str, new: str = "", done: str = "") -> Response:
    """Show one sign-up: the place or the position, when and where, what one can do about it."""
    return await _receipt(visit, kept, await own_sign_up(visit.calls, sign_up_id), done="new" if new == "1" else done)


@router.get("/sign-ups/{sign_up_id}/calendar.ics")
async def download_calendar(visit: Volunteer, sign_up_id: str) -> Response:
    """Hand out the sign-up as an entry for a calendar."""
    content = await visit.calls.fetch(
        queries.CALENDAR, sign_up_id=(await own_sign_up(visit.calls, sign_up_id)).sign_up_id
    )
    return Response(content, 200, {"Content-Disposition": 'attachment; filename="linbang.ics"'}, "text/calendar")


@router.get("/sign-ups/{sign_up_id}/withdraw")
async def ask_before_withdrawing(visit: Volunteer, sign_up_id: str) -> Response:
    """Say what leaving means, and ask."""
    return visit.page("sign_ups/withdraw.html", sign_up=await own_sign_up(visit.calls, sign_up_id), now=now())


@router.post("/sign-ups/{sign_up_id}/withdraw")
async def withdraw(visit: Volunteer, kept: KeptAnswers, sign_up_id: str) -> Response:
    """Leave; the place goes to the next who waits."""
    sign_up = await own_sign_up(visit.calls, sign_up_id)
    try:
        await visit.calls.change(queries.WITHDRAW, sign_up_id=sign_up.sign_up_id)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _receipt(visit, kept, await own_sign_up(visit.calls, sign_up_id), refused)
    return visit.go("/me/sign-ups?done=withdrawn")


@router.post("/sign-ups/{sign_up_id}/accept")
async def accept(visit: Volunteer, kept: KeptAnswers, sign_up_id: str, key: Key = "") -> Response:
    """Take the place that is offered, or that is free in the last hour; or agree to new times."""
    sign_up = await own_sign_up(visit.calls, sign_up_id)
    try:
        await visit.calls.change(queries.ACCEPT, key=key or None, sign_up_id=sign_up.sign_up_id)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _receipt(visit, kept, await own_sign_up(visit.calls, sign_up_id), refused)
    return visit.go(f"/sign-ups/{sign_up.sign_up_id}?done=accepted")


@router.get("/me/sign-ups")
async def list_mine(visit: Volunteer, listed: str = "upcoming", cursor: str | None = None, done: str = "") -> Response:
    """List what one has signed up for: to come, waiting, past."""
    chosen: Listed = next((one for one in LISTS if one == listed), "upcoming")
    found = await unless_away(mine(visit.calls, chosen, cursor))
    return visit.page("sign_ups/list.html", found=found, listed=chosen, lists=LISTS, withdrawn=done == "withdrawn")


async def _counted_anew(visit: Visit, kept: Kept, activity_id: UUID) -> Activity:
    """Return an activity with the place that was just taken."""
    kept.forget(ACTIVITY, visit.district, activity_id)
    return await find_activity(visit.calls, kept, visit.district, activity_id)


async def _receipt(
    visit: Visit, kept: Kept, sign_up: MySignUp, refused: RefusedByServiceError | None = None, *, done: str = ""
) -> Response:
    """Return the receipt, with why something was refused, or what was done."""
    at = now()
    activity, claims = await asyncio.gather(
        unless_away(find_activity(visit.calls, kept, visit.district, sign_up.activity_id)),
        unless_away(my_claims(visit.calls) if sign_up.can_claim(at) else _nothing()),
    )
    shift = next((each for each in activity.shifts if each.shift_id == sign_up.shift_id), None) if activity else None
    shown = {
        "sign_up": sign_up,
        "activity": activity,
        "claim": latest_about(claims or [], sign_up.sign_up_id, sign_up.record_id),
        "takes_free": sign_up.waits_for_a_free_place(at) and shift is not None and not shift.is_full,
        "refused": refused,
        "done": done,
        "now": at,
    }
    template = "sign_ups/_receipt.html" if visit.by_htmx else "sign_ups/receipt.html"
    return visit.page(template, refused.status if refused else 200, **shown)


async def _nothing() -> list[Claim]:
    return []

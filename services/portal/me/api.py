"""A volunteer's own pages: what is next, hours and what they rest on, stars, messages."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from services.portal.me import queries
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.charts import month_bars
from services.portal.shell.districts import Districts
from services.portal.shell.ids import id_of, uuid_of
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]


def _volunteer_id(visit: Volunteer) -> UUID:
    if visit.session is None or visit.session.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return visit.session.volunteer_id


Self = Annotated[UUID, Depends(_volunteer_id)]


@router.get("/me")
async def show_start(visit: Volunteer) -> Response:
    """Show what is next, what waits for an answer, hours and messages."""
    return visit.page("me/start.html", start=await queries.start(visit.calls), now=now())


@router.get("/me/hours")
async def show_hours(visit: Volunteer, volunteer_id: Self, cursor: str | None = None) -> Response:
    """Show the hours by month and kind, and every entry that they are the sum of."""
    found = await queries.hours(visit.calls, volunteer_id, cursor)
    months = month_bars([(one.month, one.minutes) for one in found.hours.by_month], now()) if found.hours else None
    carried = [(await _district(visit, one.from_district), one) for one in (found.hours.carried if found.hours else ())]
    return visit.page("me/hours.html", found=found, months=months, carried=carried, first=cursor is None)


async def _district(visit: Visit, code: str) -> str:
    """Return what a district is called."""
    districts: Districts = visit.request.app.state.districts
    return await districts.name(code)


@router.get("/me/records/{record_id}")
async def show_record(visit: Volunteer, volunteer_id: Self, record_id: str, done: str = "") -> Response:
    """Show one record: times, who vouches for it, and what the ledger made of it."""
    shown = await queries.record(visit.calls, volunteer_id, id_of(record_id))
    return visit.page("me/record.html", record=shown.record, entries=shown.entries, claim=shown.claim, done=done)


@router.get("/me/stars")
async def show_stars(visit: Volunteer) -> Response:
    """Show the level, what is missing for the next, and what every level needs."""
    hours, rules = await queries.stars(visit.calls)
    return visit.page("me/stars.html", hours=hours, rules=rules)


@router.get("/me/inbox")
async def show_inbox(visit: Volunteer, cursor: str | None = None) -> Response:
    """Show the messages, newest first."""
    return visit.page("me/inbox.html", inbox=await unless_away(visit.calls.read(queries.MY_MESSAGES, cursor=cursor)))


@router.post("/me/inbox/read")
async def read_messages(visit: Volunteer, message: Annotated[list[str] | None, Form()] = None) -> Response:
    """Mark messages read."""
    for one in filter(None, map(uuid_of, (message or [])[:100])):
        await visit.calls.change(queries.READ_MESSAGE, message_id=one)
    return visit.go("/me/inbox")


@router.get("/me/placements")
async def show_placements(visit: Volunteer, done: str = "") -> Response:
    """Show the places that were proposed, why, and what one has answered."""
    return await _placements(visit, done=done)


@router.post("/me/placements/{placement_id}/{answer}")
async def answer_placement(
    visit: Volunteer, placement_id: str, answer: Literal["accept", "decline"], key: Annotated[str, Form()] = ""
) -> Response:
    """Accept or decline a place; either is as good."""
    body = {"accepted": answer == "accept"}
    try:
        await visit.calls.change(queries.ANSWER_PLACEMENT, body, key=key or None, placement_id=id_of(placement_id))
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        return await _placements(visit, refused=refused)
    return visit.go(f"/me/placements?done={answer}")


async def _placements(visit: Visit, done: str = "", refused: RefusedByServiceError | None = None) -> Response:
    found = await unless_away(visit.calls.read(queries.PLACEMENTS))
    status = refused.status if refused else 200
    return visit.page("me/placements.html", status, placements=found, done=done, refused=refused)


@router.get("/me/pairings")
async def show_pairings(visit: Volunteer) -> Response:
    """Show at which stations one is paired with a household, and when a visit is due."""
    found = await unless_away(visit.calls.read(queries.PAIRINGS))
    return visit.page("me/pairings.html", pairings=found, today=district_day(now()))


@router.get("/me/profile")
async def show_profile(visit: Volunteer, done: str = "") -> Response:
    """Show what is on file of oneself, masked, and the way to everything that is one's own."""
    return visit.page("me/profile.html", me=await unless_away(visit.calls.read(queries.ME)), done=done)

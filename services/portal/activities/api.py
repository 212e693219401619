"""Finding an activity. A stranger sees what is open, a volunteer what they may take, at the same address."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Response

from services.portal.activities import queries
from services.portal.activities.queries import Wanted
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.clocks import read_day
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.ids import id_of, uuid_of
from services.portal.timetable.queries import MySignUp, latest, standings
from shared.contracts.codes import SERVICES
from shared.contracts.text import whole
from shared.http.problems import ProblemError
from shared.http.upstream import unless_away

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
SPANS = (1, 7, 30)
"""How many days the list can show."""


def read_wanted(
    days: Annotated[str, Query()] = "",
    first: Annotated[str, Query(alias="from")] = "",
    station: Annotated[str, Query()] = "",
    service: Annotated[str, Query()] = "",
    free: Annotated[str, Query()] = "",
    everything: Annotated[str, Query(alias="all")] = "",
    text: Annotated[str, Query()] = "",
    cursor: Annotated[str | None, Query(max_length=500)] = None,
) -> Wanted:
    """Read the filters of an address; what is none of ours is as if it were not there."""
    return Wanted(
        first=read_day(first),
        days=span if (span := whole(days)) in SPANS else 7,
        station_id=uuid_of(station),
        service=service if service in SERVICES else None,
        free=free == "1",
        everything=everything == "1",
        text=text.strip()[:50],
        cursor=cursor,
    )


@router.get("/activities")
async def list_activities(
    visit: Public, kept: KeptAnswers, wanted: Annotated[Wanted, Depends(read_wanted)]
) -> Response:
    """List shifts by day, with how places stand."""
    own: list[MySignUp] = []
    if visit.is_volunteer and not wanted.everything:
        found = await unless_away(queries.open_to_me(visit.calls, wanted))
    else:
        found = await unless_away(queries.open_to_all(visit.calls, kept, visit.district, wanted))
        own = await _own(visit)
    stations = await queries.stations(visit.calls, kept, visit.district)
    return visit.page(
        "activities/_list.html" if visit.by_htmx else "activities/list.html",
        found=found,
        standings=standings([shift for day in found.days for shift in day.rows], own) if found else {},
        wanted=wanted,
        stations=stations,
        more=f"/activities?{address(wanted, found.next_cursor)}" if found and found.next_cursor else None,
        spans=SPANS,
        address=address,
    )


@router.get("/activities/{activity_id}")
async def show_activity(visit: Public, kept: KeptAnswers, activity_id: str) -> Response:
    """Show one activity: all that one should know before signing up; its shifts alone to the page that is open."""
    activity = await queries.find_activity(visit.calls, kept, visit.district, id_of(activity_id))
    template = "activities/_shifts.html" if visit.by_htmx else "activities/activity.html"
    return visit.page(template, activity=activity, standings=standings(activity.shifts, await _own(visit)))


@router.get("/activities/{activity_id}/shifts/{shift_id}")
async def show_row(visit: Public, kept: KeptAnswers, activity_id: str, shift_id: str) -> Response:
    """Show a shift's row of the list as it stands now; without scripts the activity's page."""
    activity_of, shift_of = id_of(activity_id), id_of(shift_id)
    if not visit.by_htmx:
        return visit.go(f"/activities/{activity_of}")
    activity = await queries.find_activity(visit.calls, kept, visit.district, activity_of)
    shift = next((one for one in queries.shifts_of([activity]) if one.shift_id == shift_of), None)
    if shift is None:
        raise ProblemError(404, "not-found")
    return visit.page("activities/_row.html", shift=shift, standings=standings([shift], await _own(visit)))


async def _own(visit: Visit) -> list[MySignUp]:
    """Return what the volunteer who looks has signed up for; nothing for others, and while activities is away."""
    return (await unless_away(latest(visit.calls)) if visit.is_volunteer else None) or []


def address(wanted: Wanted, cursor: str | None = None, **changed: object) -> str:
    """Return the query of an address that shows what is wanted, with something changed."""
    values = {
        "days": wanted.days,
        "from": wanted.first,
        "station": wanted.station_id,
        "service": wanted.service,
        "free": "1" if wanted.free else None,
        "all": "1" if wanted.everything else None,
        "text": wanted.text,
        "cursor": cursor,
    } | changed
    return urlencode({name: str(value) for name, value in values.items() if value})

"""A district's figures over HTTP."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import StringConstraints

from services.assessment.statistics import queries
from services.assessment.statistics.entries import FigureEntry, entries_of
from services.assessment.statistics.period import Period
from services.assessment.statistics.queries import Grouping, StarStatistics, Statistics
from services.assessment.statistics.volunteers import VolunteerFigures, hours_by_volunteer, hours_of_served
from shared.contracts import Provenance
from shared.contracts.actor import STAFF
from shared.contracts.faults import Code, Fault
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, whole_number
from shared.http.problems import ProblemError
from shared.store.event_log import now

router = APIRouter(prefix="/v1")

Staff = Annotated[Caller, Depends(caller_with(*STAFF))]
Code40 = Annotated[str, StringConstraints(pattern="^[0-9A-Za-z_-]{1,40}$")]
"""A code of a station, service, category or team (``-``: `NONE`), or a volunteer's number."""


async def _period(
    start: Annotated[date | None, Query(alias="from", description="First day that counts, in China's time.")] = None,
    end: Annotated[date | None, Query(alias="to", description="The day after the last that counts.")] = None,
    provenance: Annotated[Provenance | None, Query(description="Only records that are vouched for so.")] = None,
    station: Annotated[Code40 | None, Query(description="Only records of this station; - of none.")] = None,
    service: Annotated[Code40 | None, Query(description="Only records of this kind of service.")] = None,
    category: Annotated[Code40 | None, Query(description="Only records of people of this category; - of none.")] = None,
    team: Annotated[Code40 | None, Query(description="Only records of who was in this team; - in none.")] = None,
    volunteer: Annotated[Code40 | None, Query(description="Only records of the volunteer with this number.")] = None,
) -> Period:
    if start and end and end < start:
        raise ProblemError(422, "invalid-request", [Fault("to", Code.OUT_OF_RANGE)])
    return Period(start, end, provenance, station, service, category, team, volunteer)


RequestedPeriod = Annotated[Period, Depends(_period)]


@router.get("/volunteer-hours", tags=["statistics"])
async def list_hours(
    store: ApiStore,
    caller: Staff,
    period: RequestedPeriod,
    page: RequestedPage,
    served: Annotated[bool, Query(description="Only who has a record in the period.")] = False,
) -> Page[VolunteerFigures]:
    """List the figures of everybody who has a record, by volunteer number."""
    (after,) = page.position(str) or (None,)
    listed = hours_of_served if served else hours_by_volunteer
    async with store.transaction(caller.district) as tx:
        found = await listed(tx, caller.district, period, after, page.limit + 1)
    return Page.of(found, page.limit, lambda figures: (figures.volunteer_no,))


@router.get("/ledger-entries", tags=["statistics"])
async def list_entries(
    store: ApiStore, caller: Staff, period: RequestedPeriod, page: RequestedPage
) -> Page[FigureEntry]:
    """List the ledger's entries that a figure of the period is the sum of, latest day of service first."""
    after = page.position(date.fromisoformat, UUID, whole_number, whole_number)
    async with store.transaction(caller.district) as tx:
        found = await entries_of(tx, caller.district, period, after, page.limit + 1)
    return Page.of(found, page.limit, _position)


def _position(entry: FigureEntry) -> tuple[str, ...]:
    return entry.service_on.isoformat(), str(entry.record_id), str(entry.version), str(entry.minutes)


@router.get("/statistics", tags=["statistics"])
async def show_statistics(
    store: ApiStore, caller: Staff, period: RequestedPeriod, by: Grouping | None = None
) -> Statistics:
    """Show the district's minutes, sessions and volunteers of a period, in total and by group."""
    async with store.transaction(caller.district) as tx:
        return await queries.statistics(tx, caller.district, period, by, now())


@router.get("/statistics/stars", tags=["statistics"])
async def show_stars(store: ApiStore, caller: Staff) -> StarStatistics:
    """Count the volunteers at each star level."""
    async with store.transaction(caller.district) as tx:
        return await queries.star_statistics(tx, caller.district)

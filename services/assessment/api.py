"""Hours, ledger, statistics and the annual assessment over HTTP; all of it reading."""

from datetime import date
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.assessment.domain import RuleSet
from services.assessment.queries import assessments, rules, statistics, volunteers
from services.assessment.queries.assessments import AssessmentPreview
from services.assessment.queries.statistics import Grouping, ImportProgress, Period, StarStatistics, Statistics
from services.assessment.queries.volunteers import LedgerEntry, VolunteerFigures, VolunteerHours
from shared.contracts import Provenance
from shared.contracts.actor import Reach, Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.pages import Page, RequestedPage, cursor, moment, whole_number
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1")

T = TypeVar("T")

STAFF = (Role.TEAM_LEADER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR)
"""Who may see everybody's figures; a volunteer sees their own (MCA Order 67, art. 12)."""
Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]
Reader = Annotated[Caller, Depends(caller_with(*STAFF, own=[Role.VOLUNTEER]))]
Staff = Annotated[Caller, Depends(caller_with(*STAFF))]
Anybody = Annotated[Caller, Depends(caller_with(*Role))]


async def _period(
    start: Annotated[date | None, Query(alias="from", description="First day that counts, in China's time.")] = None,
    end: Annotated[date | None, Query(alias="to", description="The day after the last that counts.")] = None,
    provenance: Annotated[Provenance | None, Query(description="Only records that are vouched for so.")] = None,
) -> Period:
    if start and end and end < start:
        raise ProblemError(422, "invalid-request", [Fault("to", Code.OUT_OF_RANGE)])
    return Period(start, end, provenance)


RequestedPeriod = Annotated[Period, Depends(_period)]


@router.get("/me/hours", tags=["hours"])
async def show_my_hours(store: ApiStore, caller: Volunteer) -> VolunteerHours:
    """Show the caller's own hours, stars, and what is missing for the next star."""
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return _found(await volunteers.hours_of(store, caller.district, caller.volunteer_id))


@router.get("/volunteers/{volunteer_id}/hours", tags=["hours"])
async def show_hours(volunteer_id: UUID, store: ApiStore, caller: Reader) -> VolunteerHours:
    """Show a volunteer's hours, stars, and what is missing for the next star."""
    _check_may_see(caller, volunteer_id)
    return _found(await volunteers.hours_of(store, caller.district, volunteer_id))


@router.get("/volunteers/{volunteer_id}/ledger", tags=["hours"])
async def list_ledger(volunteer_id: UUID, store: ApiStore, caller: Reader, page: RequestedPage) -> Page[LedgerEntry]:
    """List the entries that a volunteer's hours are the sum of, latest service first."""
    _check_may_see(caller, volunteer_id)
    after = page.position(moment, UUID, whole_number, whole_number)
    found = _found(await volunteers.ledger_of(store, caller.district, volunteer_id, after, page.limit + 1))
    shown = found[: page.limit]
    return Page(items=shown, next_cursor=_ledger_cursor(shown[-1]) if len(found) > page.limit else None)


def _ledger_cursor(entry: LedgerEntry) -> str:
    return cursor(entry.started_at.isoformat(), str(entry.record_id), str(entry.version), str(entry.minutes))


@router.get("/volunteer-hours", tags=["statistics"])
async def list_hours(
    store: ApiStore, caller: Staff, period: RequestedPeriod, page: RequestedPage
) -> Page[VolunteerFigures]:
    """List the figures of everybody who has a record, by volunteer number."""
    (after,) = page.position(str) or (None,)
    found = await volunteers.hours_by_volunteer(store, caller.district, period, after, page.limit + 1)
    shown = found[: page.limit]
    return Page(items=shown, next_cursor=cursor(shown[-1].volunteer_no) if len(found) > page.limit else None)


@router.get("/statistics", tags=["statistics"])
async def show_statistics(
    store: ApiStore, caller: Staff, period: RequestedPeriod, by: Grouping | None = None
) -> Statistics:
    """Show the district's minutes, sessions and volunteers of a period, in total and by group."""
    return await statistics.statistics(store, caller.district, period, by)


@router.get("/statistics/stars", tags=["statistics"])
async def show_stars(store: ApiStore, caller: Staff) -> StarStatistics:
    """Count the volunteers at each star level."""
    return await statistics.star_statistics(store, caller.district)


@router.get("/imports/{import_id}/progress", tags=["imports"])
async def show_progress(import_id: UUID, store: ApiStore, caller: Staff) -> ImportProgress:
    """Say how much of an import of service records is in the ledger; it is closed once all of it is.

    What nothing has arrived of is at zero, for the import may have only just begun.
    """
    return await statistics.import_progress(store, caller.district, import_id)


@router.get("/rule-sets/current", tags=["assessments"])
async def show_rules(store: ApiStore, caller: Anybody) -> RuleSet:
    """Show the rules that the district's figures follow today."""
    return await rules.current_rules(store, caller.district)


@router.get("/assessments/{year}/preview", tags=["assessments"])
async def preview_assessment(
    year: Annotated[int, Path(ge=2001, le=2999)], store: ApiStore, caller: Staff
) -> AssessmentPreview:
    """Work out who would be nominated for a year, from the ledger as it stands."""
    return await assessments.preview(store, caller.district, year)


def _check_may_see(caller: Caller, volunteer_id: UUID) -> None:
    if volunteer_id != caller.volunteer_id and caller.reach < Reach.DISTRICT:
        raise ProblemError(403, "forbidden")


def _found(found: T | None) -> T:
    if found is None:
        raise RefusedError(Fault("volunteer_id", Code.NOT_FOUND))
    return found

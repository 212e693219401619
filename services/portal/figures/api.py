"""Public statistics: a year that one chooses, as a chart, tables and a file; nobody logs in for it (P5)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from services.portal.figures.queries import YearFigures, year_figures
from services.portal.figures.workbook import rows_of
from services.portal.sessions.dependencies import public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.charts import Bars, month_bars
from services.portal.shell.csv_files import CSV, csv_of
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.downloads import attachment
from shared.contracts.calendar import CHINA, district_day
from shared.contracts.faults import Code, Fault
from shared.http.problems import ProblemError
from shared.http.public import tagged
from shared.store.event_log import now

router = APIRouter(prefix="/statistics", include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
TypedYear = Annotated[str, Query(max_length=10)]
_FIRST_YEAR, _OFFERED = 2001, 6
_UNPROCESSABLE = 422


@router.get("")
async def show_statistics(visit: Public, kept: KeptAnswers, year: TypedYear = "") -> Response:
    """Show a year: how many volunteers, hours and activities, by month, community and station."""
    this_year = district_day(now()).year
    chosen = _chosen(year, this_year)
    found = await year_figures(visit.calls, kept, visit.district, chosen) if chosen else None
    faults = {} if chosen else {"year": Fault("", Code.OUT_OF_RANGE).message(visit.look.language)}
    offered = sorted({*range(this_year - _OFFERED + 1, this_year + 1), chosen or this_year}, reverse=True)
    years = [(str(one), str(one)) for one in offered]
    shown = {
        "found": found,
        "bars": _bars(found) if found else None,
        "chosen": chosen,
        "years": years,
        "this_year": this_year,
    }
    return visit.page("figures/statistics.html", _UNPROCESSABLE if faults else 200, **shown, faults=faults)


@router.get("/figures.csv")
async def download(request: Request, visit: Public, kept: KeptAnswers, year: TypedYear = "") -> Response:
    """Hand the tables out as CSV; whoever holds the same already is told so."""
    chosen = _chosen(year, district_day(now()).year)
    if chosen is None:
        raise ProblemError(_UNPROCESSABLE, "invalid-request", [Fault("year", Code.OUT_OF_RANGE)])
    figures = await year_figures(visit.calls, kept, visit.district, chosen)
    content = csv_of(rows_of(figures, visit.look.language)).decode()
    # the language and the district are in cookies
    headers = {"Content-Disposition": attachment(f"statistics-{chosen}.csv"), "Vary": "Cookie, Accept-Language"}
    return tagged(request, content, content, CSV, headers)


def _chosen(typed: str, this_year: int) -> int | None:
    """Return the year that was chosen, this one where none was; None for what is no year, or is to come."""
    if not typed:
        return this_year
    year = int(typed) if typed.isascii() and typed.isdecimal() else 0
    return year if _FIRST_YEAR <= year <= this_year else None


def _bars(found: YearFigures) -> Bars:
    """Return the bars of the year's months; a month whose hours are not shown has none."""
    shown = [(row.code or "", row.served.hours or 0) for row in found.months if row.served]
    return month_bars(shown, datetime(found.year, 12, 31, tzinfo=CHINA))

"""Figures for staff: of a period, by group, of one provenance; each leads to the people whose hours it is.

Invariant: chart, table and files show the numbers that assessment has added up; nothing is added up here but what a
chart leaves out of sight.
"""

from contextlib import suppress
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query, Response

from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from services.portal.shell.catalogue import translations
from services.portal.shell.charts import ranked_bars
from services.portal.shell.csv_files import CSV, csv_of
from services.portal.shell.downloads import Handed, attachment
from services.portal.shell.forms import faults_of
from services.portal.shell.words import WordsOf
from services.portal.statistics import queries
from services.portal.statistics.forms import GROUPINGS, NARROWED, WantedFigures
from services.portal.statistics.queries import GroupFigures, PersonFigures, Statistics
from services.portal.statistics.workbook import XLSX, group_rows, people_csv, xlsx_of
from shared.contracts.actor import STAFF
from shared.http.problems import ProblemError
from shared.http.upstream import AwayError, RefusedByServiceError
from shared.store.event_log import now

router = APIRouter(prefix="/staff/statistics", include_in_schema=False)

Staff = Annotated[Visit, Depends(page_for(*STAFF))]
Wanted = Annotated[WantedFigures, Query()]
Cursor = Annotated[str | None, Query(max_length=500)]
_BARS = 20
_UNPROCESSABLE = 422


@router.get("")
async def show_statistics(visit: Staff, wanted: Wanted) -> Response:
    """Show a period by group, as a chart and as a table."""
    faults, found = wanted.faults(visit.look.language), None
    try:
        found = None if faults else await queries.statistics(visit.calls, wanted.by, wanted.asked())
    except AwayError:
        pass
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request:
            raise
        faults = faults_of(refused)
    names = _names(visit, wanted, found) if found else []
    ranked = list(zip(names, (group.minutes for group in found.groups), strict=True)) if found else []
    if wanted.by != "month":
        ranked.sort(key=lambda pair: -pair[1])
    bars = ranked_bars(ranked, _BARS, translations(visit.look.language).gettext("其他"))
    shown = {"wanted": wanted, "found": found, "names": names, "bars": bars, "groupings": GROUPINGS}
    status = _UNPROCESSABLE if faults else 200
    return visit.page("statistics/statistics.html", status, **shown, faults=faults, narrowed=NARROWED)


@router.get("/people")
async def list_people(visit: Staff, wanted: Wanted, cursor: Cursor = None) -> Response:
    """Show whose hours a figure is, person by person."""
    if wanted.faults(visit.look.language):
        raise ProblemError(_UNPROCESSABLE, "invalid-request")
    found = None
    with suppress(AwayError):
        found = await queries.people(visit.calls, wanted.asked(), cursor)
    return visit.page("statistics/people.html", wanted=wanted, found=found, now=now())


@router.get("/entries")
async def list_entries(visit: Staff, wanted: Wanted, cursor: Cursor = None) -> Response:
    """Show the entries of the ledger that a figure is the sum of; each leads to its events."""
    if wanted.faults(visit.look.language):
        raise ProblemError(_UNPROCESSABLE, "invalid-request")
    figure = entries = None
    with suppress(AwayError):
        figure, entries = await queries.entries(visit.calls, wanted.asked(), cursor)
    return visit.page("statistics/entries.html", wanted=wanted, figure=figure, entries=entries)


@router.get("/files/{name}")
async def download(visit: Staff, wanted: Wanted, name: Literal["groups.csv", "groups.xlsx", "people.csv"]) -> Response:
    """Hand the table out as CSV or a spreadsheet, or everybody's figures as CSV, written as they are read."""
    if wanted.faults(visit.look.language):
        raise ProblemError(_UNPROCESSABLE, "invalid-request")
    headers = {"Content-Disposition": attachment(name)}
    if name == "people.csv":
        pages = queries.everybody(visit.calls, wanted.asked())
        first: list[PersonFigures] = await anext(pages, [])  # refused or away before any of it is sent
        return Handed(people_csv(first, pages, visit.look.language), headers, CSV)
    found = await queries.statistics(visit.calls, wanted.by, wanted.asked())
    rows = group_rows(found, _names(visit, wanted, found), visit.look.language)
    if name == "groups.csv":
        return Response(csv_of(rows), 200, headers, CSV)
    title = translations(visit.look.language).gettext("统计")
    return Response(xlsx_of(rows, title), 200, headers, XLSX)


def _names(visit: Visit, wanted: WantedFigures, found: Statistics) -> list[str]:
    """Return what the groups are called."""
    language = visit.look.language
    texts = translations(language)
    words = WordsOf(language, texts)

    def name(group: GroupFigures) -> str:
        if group.code is None:
            return texts.gettext("没有服务队") if wanted.by == "team" else texts.gettext("未登记")
        if wanted.by == "service":
            return words.service(group.code)
        return words.category(group.code) if wanted.by == "category" else group.name or group.code

    return [name(group) for group in found.groups]

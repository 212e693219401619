"""The auditor's page of the access log, and its file."""

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Response

from services.portal.access_log import queries
from services.portal.access_log.queries import Wanted
from services.portal.sessions.dependencies import page_for
from services.portal.sessions.visits import Visit
from shared.contracts.actor import Role
from shared.http.upstream import unless_away

router = APIRouter(prefix="/staff/access-log", include_in_schema=False)

Auditor = Annotated[Visit, Depends(page_for(Role.AUDITOR, Role.OPERATOR))]
_Typed = Annotated[str, Query(max_length=100)]


def _wanted(person: _Typed = "", reader: _Typed = "", since: _Typed = "", until: _Typed = "") -> Wanted:
    return Wanted(person=person.strip(), reader=reader.strip(), since=since.strip(), until=until.strip())


Looked = Annotated[Wanted, Depends(_wanted)]


@router.get("")
async def show_access_log(
    visit: Auditor, wanted: Looked, cursor: Annotated[str | None, Query(max_length=500)] = None
) -> Response:
    """Show who did what to whose data: by person, reader and time."""
    asked = visit.calls.read(queries.ENTRIES, **wanted.parameters(), cursor=cursor, limit=50)
    found = await unless_away(asked)
    return visit.page("access_log/log.html", 422 if wanted.wrong else 200, found=found, wanted=wanted)


@router.post("")
async def download_access_log(visit: Auditor, wanted: Annotated[Wanted, Form()]) -> Response:
    """Hand out what is looked for as a file."""
    content = queries.as_csv(await queries.all_entries(visit.calls, wanted))
    headers = {"Content-Disposition": 'attachment; filename="access-log.csv"', "Cache-Control": "no-store"}
    return Response(content, 200, headers, "text/csv; charset=utf-8")

"""Pages of a file that the offline list has saved.

Invariant: it is brought to the route that devices bring to, by whoever staffs the shift. It is not below the path of
the offline list, whose service worker would answer for the server where that takes its time.
"""

from collections import Counter
from collections.abc import Mapping
from uuid import UUID

from fastapi import APIRouter, Response, UploadFile

from services.portal.offline import queries
from services.portal.offline.domain import read_file
from services.portal.roster.queries import as_forbidden, find_roster
from services.portal.sessions.dependencies import Organiser
from services.portal.sessions.visits import Visit
from services.portal.shell.ids import id_of
from shared.contracts.faults import Code
from shared.http.upstream import RefusedByServiceError

FILES = "/staff/offline-files"
"""Larger bodies than elsewhere are taken there."""
router = APIRouter(prefix=FILES, include_in_schema=False)


@router.get("/{shift_id}")
async def ask_for_file(visit: Organiser, shift_id: str) -> Response:
    """Ask for a file that a page of the list has saved."""
    return await _file_page(visit, id_of(shift_id))


@router.post("/{shift_id}")
async def take_file(visit: Organiser, shift_id: str, file: UploadFile | None = None) -> Response:
    """Bring activities what a saved file holds; it takes what the device has signed, once, whoever brings it."""
    shift = id_of(shift_id)
    saved = read_file(await file.read()) if file else None
    if saved is None:
        return await _file_page(visit, shift, wrong="unreadable" if file and file.filename else "missing")
    if saved.shift_id != shift:
        return await _file_page(visit, shift, wrong="other_shift")
    try:
        verdicts = await queries.bring(visit.calls, saved)
    except RefusedByServiceError as refused:
        if not refused.has(Code.EXPIRED):
            raise as_forbidden(refused) from None
        return await _file_page(visit, shift, wrong="expired")
    of_people = (one.verdict for entry, one in zip(saved.entries, verdicts, strict=True) if entry.is_of_somebody)
    return await _file_page(visit, shift, came=Counter(of_people))


async def _file_page(
    visit: Visit, shift_id: UUID, *, wrong: str = "", came: Mapping[str, int] | None = None
) -> Response:
    """Show the form for a file with what is wrong with the one before, or what came of it."""
    roster = await find_roster(visit.calls, shift_id, limit=1)
    return visit.page("offline/file.html", 422 if wrong else 200, roster=roster, wrong=wrong, came=came)

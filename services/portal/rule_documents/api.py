"""Rule documents for everybody, and what a volunteer has accepted of them.

Invariant: the whole text stands on the page on which it is accepted, and what is accepted is the version shown there.
"""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, Form, Response

from services.portal.rule_documents import queries
from services.portal.sessions.beginning import RULES, with_then
from services.portal.sessions.dependencies import page_for, public_page
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.forms import faults_of
from services.portal.shell.ids import id_of
from services.portal.shell.kept import Kept
from services.portal.shell.look import local_path
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.text import whole
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Volunteer = Annotated[Visit, Depends(page_for(own=[Role.VOLUNTEER]))]
Then = Annotated[str, Form(max_length=2000)]
_MOST_DIGITS = 6


@router.get("/rules")
async def show_rules(visit: Public, kept: KeptAnswers) -> Response:
    """Show what the district's volunteers keep to."""
    found = await unless_away(queries.rules_in_force(visit.calls, kept, visit.district))
    return visit.page("rule_documents/rules.html", found=found)


@router.get("/rules/{document_id}")
async def show_rule(visit: Public, kept: KeptAnswers, document_id: str) -> Response:
    """Show a document in the version in force."""
    shown = await queries.rule_text(visit.calls, kept, visit.district, id_of(document_id))
    return visit.page("rule_documents/rule.html", rule=shown, today=district_day(now()))


@router.get("/rules/{document_id}/{version}")
async def show_version(visit: Public, kept: KeptAnswers, document_id: str, version: str) -> Response:
    """Show a document as it was in a version."""
    number = whole(version) if len(version) <= _MOST_DIGITS else None
    if not number:
        raise ProblemError(404, "not-found")
    shown = await queries.rule_text(visit.calls, kept, visit.district, id_of(document_id), number)
    return visit.page("rule_documents/rule.html", rule=shown, today=district_day(now()))


@router.get(RULES)
async def show_own_rules(visit: Volunteer, then: str = "", done: str = "") -> Response:
    """Show what one has to accept, and what one has accepted; ``then`` is where one was led from at log-in."""
    found = await unless_away(visit.calls.read(queries.OWN))
    place = local_path(then) if then else ""
    shown = {"found": found, "then": place, "done": done, "today": district_day(now()), "with_then": with_then}
    return visit.page("rule_documents/mine.html", **shown)


@router.get(RULES + "/{document_id}")
async def show_own_rule(visit: Volunteer, kept: KeptAnswers, document_id: str, then: str = "") -> Response:
    """Show a document in the version in force, to read and accept it."""
    return await _reading(visit, kept, id_of(document_id), then)


@router.post(RULES + "/{document_id}")
async def accept(
    visit: Volunteer,
    kept: KeptAnswers,
    document_id: str,
    version: Annotated[str, Form(max_length=20)] = "",
    then: Then = "",
    key: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Accept the version that was shown, and go on to the next one, or to where one was led from."""
    found = id_of(document_id)
    body = {"version": whole(version) or 0, "channel": "log_in" if then else "own_page"}
    try:
        await visit.calls.change(queries.ACCEPT, body, key=key or None, document_id=found)
    except RefusedByServiceError as refused:
        if not refused.is_about_the_request or refused.has("not_found"):
            raise
        return await _reading(visit, kept, found, then, refused)
    own = await unless_away(visit.calls.read(queries.OWN)) or []
    left = [rule for rule in own if rule.accepted_at is None]
    place = local_path(then) if then else ""
    return visit.go(place if place and not left else f"{RULES}?{urlencode({'done': 'accepted', 'then': place})}")


async def _reading(
    visit: Visit, kept: Kept, document_id: UUID, then: str, refused: RefusedByServiceError | None = None
) -> Response:
    own = await visit.calls.read(queries.OWN)
    mine = next((rule for rule in own if rule.document_id == document_id), None)
    if mine is None:
        raise ProblemError(404, "not-found")
    text = await queries.rule_text(visit.calls, kept, visit.district, document_id, mine.version)
    shown = {"rule": text, "mine": mine, "then": local_path(then) if then else "", "with_then": with_then}
    shown |= {"faults": faults_of(refused) if refused else {}, "today": district_day(now())}
    return visit.page("rule_documents/read.html", refused.status if refused else 200, **shown)

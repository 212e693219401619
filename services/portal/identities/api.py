"""Logging in by an outside issuer, and linking one's identity there, over pages.

The issuer sends the browser back by a link from another site: ``SameSite=Lax`` lets both cookies, the session's and the
one of what was begun, come along with links and with nothing else. It is begun by a form, so by our own pages alone;
its answer is a page that goes on by itself, since browsers hold every redirect of a form, those that the issuer adds
as well, to ``form-action`` (ADR 0040).
"""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Form, Request, Response

from services.portal.identities import queries
from services.portal.identities.domain import SECONDS, Begun, hash_of, seal, unseal
from services.portal.sessions.beginning import log_in as begin_and_go_on
from services.portal.sessions.beginning import with_then
from services.portal.sessions.dependencies import page_for, public_page, stepped_up_lately
from services.portal.sessions.queries import issuers
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.look import local_path
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.http.problems import ProblemError
from shared.http.upstream import AwayError, RefusedByServiceError, unless_away

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
Account = Annotated[Visit, Depends(page_for(own=Role))]
Then = Annotated[str, Form(max_length=2000)]
_PAGE = "/settings/identities"


@router.post("/log-in/with/{issuer}")
async def start_log_in(visit: Public, kept: KeptAnswers, issuer: str, then: Then = "") -> Response:
    """Go to an issuer, to log in by it."""
    return await _leave(visit, await _title(visit, kept, issuer), Begun(issuer, "", local_path(then) if then else ""))


@router.get("/log-in/with/{issuer}")
async def finish(request: Request, visit: Public, issuer: str, code: str = "", state: str = "") -> Response:
    """Take what the browser brings back from an issuer: log in, or link the identity to the account that asked."""
    site: Site = request.app.state.site
    begun = unseal(site.session_key, request.cookies.get(_cookie_name(site), ""))
    if begun is None or not code or not begun.is_ended_by(issuer, state):
        response = visit.go(_log_in_page("refused", issuer, begun.then if begun and not begun.account_id else ""))
    elif begun.account_id:
        response = visit.go(await _link(visit, begun, code, state))
    else:
        response = await _log_in(request, visit, begun, code, state)
    response.delete_cookie(_cookie_name(site), path="/", secure=site.is_secure, httponly=True, samesite="lax")
    return response


@router.get(_PAGE)
async def show_identities(visit: Account, kept: KeptAnswers, then: str = "", done: str = "") -> Response:
    """Show by which issuers one may log in, and by which one can."""
    known = await issuers(visit.calls, kept, visit.look.language)
    found = await unless_away(visit.calls.read(queries.LINKED))
    linked = {one.issuer: one.linked_at for one in found.items} if found else None
    shown = {"issuers": known, "linked": linked, "then": local_path(then) if then else "", "done": done}
    return visit.page("identities/identities.html", **shown)


@router.post(_PAGE + "/{issuer}")
async def start_linking(visit: Account, kept: KeptAnswers, issuer: str, then: Then = "") -> Response:
    """Go to an issuer, to link the identity there; first show once more who one is."""
    title = await _title(visit, kept, issuer)
    place = local_path(then) if then else ""
    if not await stepped_up_lately(visit):
        return visit.go(with_then("/step-up", with_then(_PAGE, place)))
    assert visit.session is not None  # noqa: S101 - the page is for people who are logged in
    return await _leave(visit, title, Begun(issuer, "", place, str(visit.session.account_id)))


@router.post(_PAGE + "/{issuer}/remove")
async def unlink(visit: Account, issuer: str) -> Response:
    """Let the identity log in no more."""
    await visit.calls.change(queries.UNLINK, issuer=issuer)
    return visit.go(f"{_PAGE}?done=unlinked")


async def _title(visit: Visit, kept: KeptAnswers, issuer: str) -> str:
    """Return what an issuer is called. Raises ProblemError 404 for one that is not among the settings."""
    known = await issuers(visit.calls, kept, visit.look.language)
    if issuer not in known:
        raise ProblemError(404, "not-found")
    return known[issuer]


async def _leave(visit: Visit, title: str, begun: Begun) -> Response:
    """Send the browser to the issuer, with a cookie that says what it has begun."""
    try:
        found = await visit.calls.read(queries.START, issuer=begun.issuer)
    except AwayError:
        if begun.account_id:
            return visit.go(f"{_PAGE}?done=away")
        return visit.go(_log_in_page("away", begun.issuer, begun.then))
    site: Site = visit.request.app.state.site
    kept = Begun(begun.issuer, hash_of(found.state), begun.then, begun.account_id)
    response = visit.page("identities/leaving.html", url=found.url, title=title)
    response.set_cookie(
        _cookie_name(site),
        seal(site.session_key, kept),
        max_age=SECONDS,
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


async def _log_in(request: Request, visit: Visit, begun: Begun, code: str, state: str) -> Response:
    agent = {"User-Agent": request.headers.get("user-agent", "")}
    try:
        form = {"code": code, "state": state}
        answer = await visit.calls.change(queries.FINISH, form, headers=agent, issuer=begun.issuer)
    except AwayError:
        return visit.go(_log_in_page("away", begun.issuer, begun.then))
    except RefusedByServiceError as refused:
        if refused.has("not_linked"):
            return visit.go(_log_in_page("unlinked", begun.issuer, with_then(_PAGE, begun.then)))
        return visit.go(_log_in_page("refused", begun.issuer, begun.then))
    return await begin_and_go_on(visit, answer, begun.then)


async def _link(visit: Visit, begun: Begun, code: str, state: str) -> str:
    """Link an identity to the account that began it; return where to go on."""
    page = with_then(_PAGE, begun.then)
    if visit.session is None or str(visit.session.account_id) != begun.account_id:
        return with_then("/log-in", page)
    try:
        await visit.calls.change(queries.LINK, {"code": code, "state": state}, issuer=begun.issuer)
    except AwayError:
        done = "away"
    except RefusedByServiceError as refused:
        if refused.has("step_up"):
            return with_then("/step-up", page)
        done = "taken" if refused.has("already_registered") else "refused"
    else:
        done = "linked"
    return f"{_PAGE}?{urlencode({'done': done} | ({'then': begun.then} if begun.then else {}))}"


def _log_in_page(outside: str, issuer: str, then: str) -> str:
    return f"/log-in?{urlencode({'outside': outside, 'issuer': issuer} | ({'then': then} if then else {}))}"


def _cookie_name(site: Site) -> str:
    return f"{site.cookie_name}-outside"

"""Logging in by a password and out, and showing once more who one is.

Invariant: an unknown name and a wrong password are answered alike; who logs out leaves nothing that opens anything.
"""

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import URL

from services.portal.sessions.beginning import TO_PUT_RIGHT, begin, claims_of, first_page, with_then
from services.portal.sessions.beginning import log_in as begin_and_go_on
from services.portal.sessions.commands import end_session
from services.portal.sessions.dependencies import LogInFirstError, page_for, public_page
from services.portal.sessions.queries import END, LOG_IN, OWN_ACCOUNT, STEP_UP, issuers
from services.portal.sessions.visits import Visit
from services.portal.shell.dependencies import KeptAnswers
from services.portal.shell.look import local_path
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.contracts.tokens import Limit
from shared.http.dependencies import ApiStore
from shared.http.upstream import AwayError, RefusedByServiceError, unless_away
from shared.store.engine import Store

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
LoggedIn = Annotated[Visit, Depends(page_for(own=Role))]
_UNAUTHORIZED, _FORBIDDEN, _UNPROCESSABLE, _TOO_MANY, _SEE_OTHER = 401, 403, 422, 429, 303
_LACKING = {
    "password_to_change": Limit.PASSWORD,
    "second_factor_to_set_up": Limit.SECOND_FACTOR,
    "second_factor": Limit.STEP_UP,
}
"""What a service says of a token that is good for one thing alone (``shared/http/auth.py``)."""


@router.get("/log-in")
async def show_log_in(
    visit: Public,
    kept: KeptAnswers,
    then: str = "",
    reset: Annotated[str, Query(alias="new-password")] = "",
    outside: str = "",
    issuer: str = "",
) -> Response:
    """Show the form; whoever is logged in already goes on. ``outside`` is what came of an ``issuer``'s log-in."""
    if visit.session:
        return visit.go(local_path(then) if then else first_page(visit.session.roles))
    known = await issuers(visit.calls, kept, visit.look.language)
    told = {"has_new_password": reset == "1", "outside": outside, "issuer": known.get(issuer, "")}
    shown = {"then": local_path(then) if then else "", "issuers": known}
    return visit.page("sessions/log_in.html", **shown, **told, user_name="", refused=None, asks_code=False)


@router.post("/log-in")
async def log_in(
    request: Request,
    visit: Public,
    kept: KeptAnswers,
    user_name: Annotated[str, Form(max_length=500)] = "",
    password: Annotated[str, Form(max_length=500)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    then: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Begin a session, and go on to where somebody wanted to be."""
    try:
        answer = await visit.calls.change(
            LOG_IN,
            {"user_name": user_name, "password": password} | ({"code": code} if code else {}),
            headers={"User-Agent": request.headers.get("user-agent", "")},
        )
    except RefusedByServiceError as refused:
        status = refused.status if refused.status in (_UNAUTHORIZED, _TOO_MANY) else _UNAUTHORIZED
        shown = {"then": then, "user_name": user_name, "refused": status, "wait": refused.problem.get("detail")}
        shown |= {"asks_code": refused.has("second_factor"), "had_code": bool(code), "has_new_password": False}
        shown |= {"issuers": await issuers(visit.calls, kept, visit.look.language), "outside": "", "issuer": ""}
        return visit.page("sessions/log_in.html", status, **shown)
    return await begin_and_go_on(visit, answer, then)


@router.get("/step-up")
async def show_step_up(request: Request, visit: LoggedIn, store: ApiStore, then: str = "") -> Response:
    """Ask once more who somebody is, before what a phone that lies about must not do.

    Whose account is not in order yet logs in again: registry takes no step-up of theirs.
    """
    if visit.cookie and await _limit(visit) in (Limit.PASSWORD, Limit.SECOND_FACTOR):
        async with store.transaction(visit.cookie.district) as tx:
            await end_session(tx, visit.cookie)
        return _without_cookie(request, visit.go("/log-in"))
    return await _step_up_page(visit, then)


@router.post("/step-up")
async def step_up(
    visit: LoggedIn,
    password: Annotated[str, Form(max_length=500)] = "",
    code: Annotated[str, Form(max_length=100)] = "",
    then: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """Take the password or the code, and go on under a new cookie to what needed it."""
    try:
        answer = await visit.calls.change(STEP_UP, {"code": code.strip(), "password": password})
    except RefusedByServiceError as refused:
        if refused.has("session_ended") or refused.status not in (_UNAUTHORIZED, _TOO_MANY, _UNPROCESSABLE):
            raise
        return await _step_up_page(visit, then, refused)
    if await _limit(visit) == Limit.STEP_UP:
        return await begin_and_go_on(visit, answer, then)
    return await begin(visit, answer, local_path(then) if then else "/settings")


async def _step_up_page(visit: Visit, then: str, refused: RefusedByServiceError | None = None) -> Response:
    """Ask for the second factor where there is one: who came from an outside issuer may read nothing before it."""
    limited = await _limit(visit) == Limit.STEP_UP
    account = None if limited else await unless_away(visit.calls.read(OWN_ACCOUNT))
    asks_code = limited or (account.second_factor if account else None)
    shown = {"then": local_path(then) if then else "", "refused": refused, "asks_code": asks_code, "limited": limited}
    return visit.page("sessions/step_up.html", refused.status if refused else 200, **shown)


async def _limit(visit: Visit) -> str | None:
    """Return what the session's token is good for alone, if it is."""
    claims = await claims_of(visit, visit.session.tokens.access) if visit.session else {}
    only: str | None = claims.get("only")
    return only


@router.post("/log-out")
async def log_out(request: Request, visit: Public, store: ApiStore) -> Response:
    """End the session, here and at registry: none of its tokens is taken any more."""
    if visit.cookie and visit.session:
        with suppress(AwayError, RefusedByServiceError):  # it ends here all the same, and there by itself
            await visit.calls.change(END, {"refresh_token": visit.session.tokens.refresh})
        async with store.transaction(visit.cookie.district) as tx:
            await end_session(tx, visit.cookie)
    return _without_cookie(request, visit.go("/"))


def install(app: FastAPI, _settings: object) -> None:
    """Send whoever must log in first, or again, to that page; likewise who must show once more who they are."""
    app.add_exception_handler(LogInFirstError, _log_in_first)
    refused: Any = app.exception_handlers[RefusedByServiceError]

    async def or_log_in(request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusedByServiceError)  # noqa: S101 - what it is registered for
        visit: Visit | None = getattr(request.state, "visit", None)
        if visit is not None and visit.session and error.status == _FORBIDDEN:
            if error.has("step_up"):
                return visit.go(f"/step-up?{urlencode({'then': _form_of(request)})}")
            for lacking in (limit for code, limit in _LACKING.items() if error.has(code)):
                path = TO_PUT_RIGHT[lacking]
                return visit.go(with_then(path, _form_of(request)) if lacking is Limit.STEP_UP else path)
        if error.status != _UNAUTHORIZED or visit is None or visit.cookie is None:
            response: Response = await refused(request, error)
            return response
        store: Store = request.app.state.store
        async with store.transaction(visit.cookie.district) as tx:
            await end_session(tx, visit.cookie)
        return _without_cookie(request, await _log_in_first(request, error))

    app.add_exception_handler(RefusedByServiceError, or_log_in)


def _form_of(request: Request) -> str:
    """Return the page that somebody is to come back to: this one, or the one whose form was sent."""
    url = request.url if request.method == "GET" else URL(request.headers.get("referer", ""))
    return local_path(f"{url.path}?{url.query}" if url.query else url.path)


async def _log_in_first(request: Request, _error: Exception) -> Response:
    url = request.url
    then = (f"{url.path}?{url.query}" if url.query else url.path) if request.method == "GET" else ""
    path = f"/log-in?{urlencode({'then': then})}" if then else "/log-in"
    if "hx-request" in request.headers:
        return Response(status_code=204, headers={"HX-Redirect": path})
    return RedirectResponse(path, _SEE_OTHER)


def _without_cookie(request: Request, response: Response) -> Response:
    site: Site = request.app.state.site
    response.delete_cookie(site.cookie_name, path="/", secure=site.is_secure, httponly=True, samesite="lax")
    return response

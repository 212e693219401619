"""Logging in and out, and showing once more who one is.

Invariant: an unknown name and a wrong password are answered alike; the token goes into the session, never to the
browser; who logs in gets a new cookie, who logs out leaves nothing that opens anything.
"""

from contextlib import suppress
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import URL

from services.portal.sessions.commands import begin_session, end_session
from services.portal.sessions.dependencies import LogInFirstError, page_for, public_page
from services.portal.sessions.domain import lifetime
from services.portal.sessions.queries import END, LOG_IN, OWN_ACCOUNT, STEP_UP, TokenAnswer
from services.portal.sessions.visits import ORGANISERS, Visit
from services.portal.shell.look import local_path
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.http.auth import Verifier
from shared.http.dependencies import ApiStore
from shared.http.upstream import AwayError, RefusedByServiceError, unless_away
from shared.store.engine import Store
from shared.store.event_log import now

router = APIRouter(include_in_schema=False)

Public = Annotated[Visit, Depends(public_page)]
LoggedIn = Annotated[Visit, Depends(page_for(own=Role))]
_UNAUTHORIZED, _UNPROCESSABLE, _TOO_MANY, _SEE_OTHER = 401, 422, 429, 303


@router.get("/log-in")
async def show_log_in(
    visit: Public, then: str = "", reset: Annotated[str, Query(alias="new-password")] = ""
) -> Response:
    """Show the form; whoever is logged in already goes on."""
    if visit.session:
        return visit.go(local_path(then) if then else _first_page(visit.session.roles))
    shown = {"then": local_path(then) if then else "", "has_new_password": reset == "1"}
    return visit.page("sessions/log_in.html", **shown, user_name="", refused=None, asks_code=False)


@router.post("/log-in")
async def log_in(
    request: Request,
    visit: Public,
    store: ApiStore,
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
        return visit.page("sessions/log_in.html", status, **shown)
    roles = frozenset(map(str, (await _claims(request, answer))["roles"]))
    return await _begin(request, store, visit, answer, visit.go(_next_page(answer, roles, then)))


@router.get("/step-up")
async def show_step_up(visit: LoggedIn, then: str = "") -> Response:
    """Ask once more who somebody is, before what a phone that lies about must not do."""
    return await _step_up_page(visit, then)


@router.post("/step-up")
async def step_up(
    request: Request,
    visit: LoggedIn,
    store: ApiStore,
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
    return await _begin(request, store, visit, answer, visit.go(local_path(then) if then else "/settings"))


async def _step_up_page(visit: Visit, then: str, refused: RefusedByServiceError | None = None) -> Response:
    account = await unless_away(visit.calls.read(OWN_ACCOUNT))
    shown = {"then": local_path(then) if then else "", "account": account, "refused": refused}
    return visit.page("sessions/step_up.html", refused.status if refused else 200, **shown)


async def _begin(request: Request, store: Store, visit: Visit, answer: TokenAnswer, response: Response) -> Response:
    """Keep a new session in place of the one before, and give its cookie to the browser."""
    claims = await _claims(request, answer)
    district, roles = str(claims["district"]), frozenset(map(str, claims["roles"]))
    site: Site = request.app.state.site
    async with store.transaction(district) as tx:
        if visit.cookie and visit.cookie.district == district:
            await end_session(tx, visit.cookie)
        cookie = await begin_session(
            tx,
            site.session_key,
            district,
            UUID(claims["sub"]),
            _uuid(claims.get("vid")),
            roles,
            answer.tokens(now()),
            now(),
        )
    response.set_cookie(
        site.cookie_name,
        str(cookie),
        max_age=int(lifetime(roles).longest.total_seconds()),
        path="/",
        secure=site.is_secure,
        httponly=True,
        samesite="lax",
    )
    return response


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
        if error.has("step_up") and visit is not None and visit.session:
            return visit.go(f"/step-up?{urlencode({'then': _form_of(request)})}")
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


async def _claims(request: Request, answer: TokenAnswer) -> dict[str, Any]:
    verifier: Verifier = request.app.state.verifier
    return await verifier.verify(answer.access_token)


def _next_page(answer: TokenAnswer, roles: frozenset[str], then: str) -> str:
    """Return where to go on: first to what the account must do before its tokens are good for anything else."""
    if answer.must_change_password:
        return "/settings/password?first=1"
    if answer.second_factor == "needed_to_set_up":
        return "/settings/second-factor"
    return local_path(then) if then else _first_page(roles)


def _first_page(roles: frozenset[str]) -> str:
    if Role.VOLUNTEER in roles:
        return "/me"
    return "/" if roles.isdisjoint(ORGANISERS) else "/staff"


def _without_cookie(request: Request, response: Response) -> Response:
    site: Site = request.app.state.site
    response.delete_cookie(site.cookie_name, path="/", secure=site.is_secure, httponly=True, samesite="lax")
    return response


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None

"""Beginning a session in a browser, and where somebody goes on after it.

Invariant: the token goes into the session, never to the browser; who has just shown who they are gets a new cookie,
and is led first to what the account must do before its token is good for anything else.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response

from services.portal.sessions.commands import begin_session, end_session
from services.portal.sessions.domain import lifetime
from services.portal.sessions.queries import TokenAnswer
from services.portal.sessions.visits import ORGANISERS, Visit
from services.portal.shell.look import local_path
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.contracts.tokens import Limit
from shared.http.auth import Verifier
from shared.store.engine import Store
from shared.store.event_log import now

TO_PUT_RIGHT = {
    Limit.PASSWORD: "/settings/password?first=1",
    Limit.SECOND_FACTOR: "/settings/second-factor",
    Limit.STEP_UP: "/step-up",
}
"""Where somebody does what a token is good for alone."""


async def log_in(visit: Visit, answer: TokenAnswer, then: str) -> Response:
    """Begin a session, and go on to where somebody wanted to be."""
    claims = await claims_of(visit, answer.access_token)
    return await begin(visit, answer, _next_page(answer, claims, then))


async def begin(visit: Visit, answer: TokenAnswer, path: str) -> Response:
    """Keep a new session in place of the one before, give its cookie to the browser, and go on to a page."""
    response = visit.go(path)
    claims = await claims_of(visit, answer.access_token)
    district, roles = str(claims["district"]), frozenset(map(str, claims["roles"]))
    site: Site = visit.request.app.state.site
    store: Store = visit.request.app.state.store
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


async def claims_of(visit: Visit, access_token: str) -> dict[str, Any]:
    """Return what a token says."""
    verifier: Verifier = visit.request.app.state.verifier
    return await verifier.verify(access_token)


def first_page(roles: frozenset[str]) -> str:
    """Return the page that somebody of these roles begins with."""
    if Role.VOLUNTEER in roles:
        return "/me"
    if Role.OPERATOR in roles:
        return "/staff/operations"
    if roles.isdisjoint(ORGANISERS):
        return "/staff/households" if Role.CASE_WORKER in roles else "/"
    return "/staff"


def with_then(path: str, then: str) -> str:
    """Return a path that knows where somebody wants to be afterwards."""
    return f"{path}?{urlencode({'then': then})}" if then else path


def _next_page(answer: TokenAnswer, claims: dict[str, Any], then: str) -> str:
    place = local_path(then) if then else ""
    if claims.get("only") == Limit.STEP_UP:
        return with_then(TO_PUT_RIGHT[Limit.STEP_UP], place)
    if answer.must_change_password:
        return TO_PUT_RIGHT[Limit.PASSWORD]
    if answer.second_factor == "needed_to_set_up":
        return TO_PUT_RIGHT[Limit.SECOND_FACTOR]
    return place or first_page(frozenset(map(str, claims["roles"])))


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None

"""Beginning a session in a browser, and where somebody goes on after it.

Invariant: the token goes into the session, never to the browser; who has just shown who they are gets a new cookie,
and is led first to what the account must do before its token is good for anything else, then to rules to accept.
"""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import Response

from services.portal.sessions.commands import begin_session, end_session
from services.portal.sessions.domain import lifetime
from services.portal.sessions.queries import OWN_RULES, TokenAnswer
from services.portal.sessions.visits import ORGANISERS, Visit, calls_for
from services.portal.shell.look import local_path
from services.portal.shell.site import Site
from shared.contracts.actor import Role
from shared.contracts.tokens import Limit
from shared.http.auth import Verifier
from shared.http.upstream import RefusedByServiceError, unless_away
from shared.store.engine import Store
from shared.store.event_log import now

TO_PUT_RIGHT = {
    Limit.PASSWORD: "/settings/password?first=1",
    Limit.SECOND_FACTOR: "/settings/second-factor",
    Limit.STEP_UP: "/step-up",
}
"""Where somebody does what a token is good for alone."""
RULES = "/me/rules"
"""Where a volunteer is led who has not accepted a rule document in force; they may go on all the same."""


async def log_in(visit: Visit, answer: TokenAnswer, then: str) -> Response:
    """Begin a session, and go on to where somebody wanted to be."""
    claims = await claims_of(visit, answer.access_token)
    path = _to_put_right(answer, claims, then)
    if path is None:
        path = local_path(then) if then else first_page(frozenset(map(str, claims["roles"])))
        if claims.get("vid") and await _has_rules_to_accept(visit, answer.access_token):
            path = with_then(RULES, path)
    return await begin(visit, answer, path)


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


def _to_put_right(answer: TokenAnswer, claims: dict[str, Any], then: str) -> str | None:
    """Return where the account does first what it must do before its token is good for anything else."""
    if claims.get("only") == Limit.STEP_UP:
        return with_then(TO_PUT_RIGHT[Limit.STEP_UP], local_path(then) if then else "")
    if answer.must_change_password:
        return TO_PUT_RIGHT[Limit.PASSWORD]
    if answer.second_factor == "needed_to_set_up":
        return TO_PUT_RIGHT[Limit.SECOND_FACTOR]
    return None


async def _has_rules_to_accept(visit: Visit, token: str) -> bool:
    """Return whether a rule document is in force that somebody has not accepted; a log-in does not fail over it."""
    try:
        rules = await unless_away(calls_for(visit.request, token=token).read(OWN_RULES))
    except RefusedByServiceError:
        return False
    return any(rule.accepted_at is None for rule in rules or ())


def _uuid(text: str | None) -> UUID | None:
    return UUID(text) if text else None

"""Who looks: what a page's route says beside it (``page_for(Role…)``, ``public_page``), as in ``shared/http/auth.py``.

Invariant: the access token is read, and got anew, here alone; of many requests of one session at once, one gets it.
"""

import time
from dataclasses import replace
from datetime import timedelta
from typing import Annotated

from fastapi import Depends, Request

from services.portal.sessions import repository
from services.portal.sessions.domain import CookieValue, Session, read_cookie_value
from services.portal.sessions.queries import REFRESH
from services.portal.sessions.visits import Visit, calls_for
from services.portal.shell.districts import Districts
from services.portal.shell.look import look_of
from services.portal.shell.site import Site
from shared.contracts.actor import EVERY_DISTRICT, Role
from shared.contracts.operations import NO_DISTRICT
from shared.contracts.tokens import STEPPED_UP_FOR
from shared.http.auth import Declared, Verifier, anyone
from shared.http.problems import ProblemError
from shared.http.upstream import RefusedByServiceError
from shared.store.engine import Store
from shared.store.event_log import now

_REFRESH_SECONDS = 10.0
"""A connection to the database is held meanwhile, so it is less than for other changes."""
_SEEN_AGAIN_AFTER = timedelta(minutes=1)
_A_CODE_HOLDS = timedelta(minutes=5)
"""A code to a phone or mailbox (services/registry/codes)."""


class LogInFirstError(Exception):
    """The page is for people who are logged in. ``ended``: this one was, until now."""


async def _visit(request: Request) -> Visit:
    site: Site = request.app.state.site
    districts: Districts = request.app.state.districts
    look = look_of(request)
    cookie = read_cookie_value(request.cookies.get(site.cookie_name, ""))
    session = await _session(request, site.session_key, cookie) if cookie else None
    if session is None or session.district == EVERY_DISTRICT:
        district = look.district or site.district or await districts.first()
    else:
        district = session.district
    calls = calls_for(
        request,
        token=session.tokens.access if session else None,
        district=(district or NO_DISTRICT) if session and session.district == EVERY_DISTRICT else None,
    )
    name = await districts.name(district)
    visit = Visit(request, look, district, name, calls, session, cookie if session else None)
    request.state.visit = visit
    return visit


async def _session(request: Request, key: bytes, cookie: CookieValue) -> Session | None:
    store: Store = request.app.state.store
    async with store.transaction(cookie.district) as tx:
        session = await repository.find(tx, key, cookie)
        if session is None:
            return None
        if session.is_over(now()):
            await repository.delete(tx, cookie)
            return None
        if now() - session.seen_at > _SEEN_AGAIN_AFTER:
            await repository.see(tx, cookie, now())
    return await _with_newer_tokens(request, key, cookie) if session.tokens.end_soon(now()) else session


async def _with_newer_tokens(request: Request, key: bytes, cookie: CookieValue) -> Session | None:
    """Return the session with tokens that hold; None where registry gives it none any more, and it has ended.

    The row is locked while registry is asked, so that of a page's requests at once one asks: a refresh token is good
    once. Raises AwayError where registry is away.
    """
    store: Store = request.app.state.store
    async with store.transaction(cookie.district) as tx:
        session = await repository.find(tx, key, cookie, lock=True)
        if session is None or not session.tokens.end_soon(now()):
            return session
        try:
            form = {"refresh_token": session.tokens.refresh}
            answer = await calls_for(request).change(REFRESH, form, seconds=_REFRESH_SECONDS)
        except RefusedByServiceError:
            await repository.delete(tx, cookie)
            return None
        tokens = answer.tokens(now())
        await repository.set_tokens(tx, key, cookie, tokens)
    return replace(session, tokens=tokens)


AnyVisit = Annotated[Visit, Depends(_visit)]


async def public_page(visit: AnyVisit, _declared: Annotated[None, Depends(anyone)]) -> Visit:
    """Let everybody look, logged in or not."""
    return visit


class PageAccess(Declared):
    """The dependency that lets in whoever is logged in with one of the roles."""

    async def __call__(self, visit: AnyVisit) -> Visit:
        """Return the visit. Raises LogInFirstError for a stranger, ProblemError 403 for another role."""
        if visit.session is None:
            raise LogInFirstError
        if not visit.session.roles & self.reaches.keys():
            raise ProblemError(403, "forbidden")
        return visit


page_for = PageAccess


async def stepped_up_lately(visit: Visit) -> bool:
    """Return whether somebody has just shown who they are: for longer than a code that is sent holds."""
    verifier: Verifier = visit.request.app.state.verifier
    claims = await verifier.verify(visit.session.tokens.access) if visit.session else {}
    left = STEPPED_UP_FOR.total_seconds() - (time.time() - claims.get("stepped_up_at", 0))
    return bool(left > _A_CODE_HOLDS.total_seconds())


Organiser = Annotated[
    Visit, Depends(page_for(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]
"""Whoever has activities to deal with: in the district, at a station, or those that they have published."""

"""One request for a page: who looks, at which district, how they want it shown, and the services as they see them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.portal.sessions.domain import CookieValue, Session
from services.portal.shell.look import Look, look_of
from services.portal.shell.pages import Pages
from services.portal.shell.site import Site
from shared.contracts.actor import STAFF, Role
from shared.http.client_address import HEADER, ClientAddresses, signed_address
from shared.http.upstream import Upstream

ORGANISERS = (Role.TEAM_LEADER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN)
"""Who has activities to deal with, and so pages of staff."""
READ_RULES = (*ORGANISERS, Role.CASE_WORKER, Role.AUDITOR, Role.OPERATOR)
"""Who may read the district's rules, of today and of before."""
SEE_HOUSEHOLDS = (Role.CASE_WORKER, Role.STATION_MANAGER, Role.DISTRICT_ADMIN)
"""Who may see that there are households that are looked after."""
OPEN_ACCOUNTS = (Role.DISTRICT_ADMIN, Role.OPERATOR)
"""Who deals with the accounts of a district."""
SEE_OVERVIEW = (Role.DISTRICT_ADMIN, Role.AUDITOR)
"""Who may look at the targets of the network, and at every station."""
SEE_STATIONS = (*SEE_OVERVIEW, Role.STATION_MANAGER)
PLAN_BY_NEEDS = (*ORGANISERS, Role.AUDITOR)
"""Who may see what communities need beside what is planned there."""
EXPLAINED = (Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR)
"""Who is told by which events, of whom, a record counts what it counts."""
SEE_TREE = (*ORGANISERS, Role.AUDITOR)
"""Who may look at the whole of the district's tree; an officer of a guiding body sees what it guides."""
_SEE_OTHER = 303


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit; ``session`` and ``cookie`` are None for a stranger."""

    request: Request
    look: Look
    district: str
    district_name: str
    calls: Upstream
    session: Session | None = None
    cookie: CookieValue | None = None

    @property
    def is_volunteer(self) -> bool:
        """Whether somebody is logged in who serves."""
        return self.session is not None and self.session.volunteer_id is not None

    def _is_any(self, roles: Iterable[Role]) -> bool:
        """Return whether somebody is logged in who has one of these roles."""
        return self.session is not None and not self.session.roles.isdisjoint(roles)

    @property
    def is_staff(self) -> bool:
        """Whether somebody is logged in who has activities to deal with."""
        return self._is_any(ORGANISERS)

    @property
    def is_centre(self) -> bool:
        """Whether somebody is logged in who works at the district's centre."""
        return self._is_any((Role.DISTRICT_ADMIN,))

    @property
    def may_audit(self) -> bool:
        """Whether somebody is logged in who may read the access log."""
        return self._is_any((Role.AUDITOR, Role.OPERATOR))

    @property
    def may_read_rules(self) -> bool:
        """Whether somebody is logged in who may read the district's rules."""
        return self._is_any(READ_RULES)

    @property
    def reads_figures(self) -> bool:
        """Whether somebody is logged in who may read the district's figures."""
        return self._is_any(STAFF)

    @property
    def is_told_why(self) -> bool:
        """Whether somebody is logged in who may follow a figure to its events."""
        return self._is_any(EXPLAINED)

    @property
    def sees_stations(self) -> bool:
        """Whether somebody is logged in who manages stations, or looks at all of them."""
        return self._is_any(SEE_STATIONS)

    @property
    def plans_by_needs(self) -> bool:
        """Whether somebody is logged in who looks at what communities need."""
        return self._is_any(PLAN_BY_NEEDS)

    @property
    def sees_overview(self) -> bool:
        """Whether somebody is logged in who looks at the whole network."""
        return self._is_any(SEE_OVERVIEW)

    @property
    def is_operator(self) -> bool:
        """Whether somebody is logged in who keeps the system running."""
        return self._is_any((Role.OPERATOR,))

    @property
    def may_see_households(self) -> bool:
        """Whether somebody is logged in who may see which households are looked after."""
        return self._is_any(SEE_HOUSEHOLDS)

    @property
    def is_case_worker(self) -> bool:
        """Whether somebody is logged in whom households can be assigned to."""
        return self._is_any((Role.CASE_WORKER,))

    @property
    def may_open_accounts(self) -> bool:
        """Whether somebody is logged in who deals with the district's accounts."""
        return self._is_any(OPEN_ACCOUNTS)

    @property
    def sees_network(self) -> bool:
        """Whether somebody is logged in who may look at organisations and teams."""
        return self._is_any((*SEE_TREE, Role.GUIDE))

    @property
    def path(self) -> str:
        """The address of the page, to come back to it."""
        url = self.request.url
        return f"{url.path}?{url.query}" if url.query else url.path

    @property
    def by_htmx(self) -> bool:
        """Whether a part of a page is wanted, to be put into the page that is open."""
        return "HX-Request" in self.request.headers

    def page(self, template: str, status: int = 200, /, **shown: Any) -> HTMLResponse:  # noqa: ANN401 - templates take anything
        """Return a page, or a part of one, made of a template."""
        pages: Pages = self.request.app.state.pages
        return pages.response(template, self.look, status, visit=self, **shown)

    def go(self, path: str) -> Response:
        """Send the browser to another page after a form: reloading it then sends nothing again."""
        if self.by_htmx:
            return Response(status_code=204, headers={"HX-Redirect": path})
        return RedirectResponse(path, _SEE_OTHER)


def calls_for(request: Request, *, token: str | None = None, district: str | None = None) -> Upstream:
    """Return the services as the holder of a token sees them, or as a stranger does."""
    addresses: ClientAddresses = request.app.state.client_addresses
    more = {"Authorization": f"Bearer {token}"} if token else {}
    if district:
        more["X-District"] = district
    return calls_of(request.app, addresses.of(request), look_of(request).language, more)


def calls_of(app: FastAPI, address: str, language: str, more: Mapping[str, str] | None = None) -> Upstream:
    """Return the services as they answer in a language, their limits counted for an address; ``more`` are headers."""
    site: Site = app.state.site
    headers = {"Accept-Language": language, HEADER: signed_address(site.address_key, address, time.time())}
    return Upstream(app.state.connections, site.urls, {**headers, **(more or {})})

"""Every page, with every role there is: what its route declares decides (docs/authorisation.md)."""

import re

from shared.contracts.actor import Role
from shared.http.auth import access_of
from shared.http.openapi import routes_of
from tests.support.portal import Portal

PROBES = ("/health/live", "/health/ready", "/metrics")
PUBLIC = {
    ("GET", "/"),
    ("GET", "/help"),
    ("GET", "/privacy"),
    ("GET", "/rules"),
    ("GET", "/rules/{document_id}"),
    ("GET", "/rules/{document_id}/{version}"),
    ("GET", "/accessibility"),
    ("GET", "/about"),
    ("GET", "/statistics"),
    ("GET", "/statistics/figures.csv"),
    ("GET", "/activities"),
    ("GET", "/activities/{activity_id}"),
    ("GET", "/activities/{activity_id}/shifts/{shift_id}"),
    ("GET", "/calendar-feeds/{token}.ics"),  # whoever has the address: its token is the key
    ("GET", "/log-in"),
    ("POST", "/log-in"),
    ("GET", "/log-in/phone"),
    ("POST", "/log-in/phone"),
    ("GET", "/log-in/with/{issuer}"),
    ("POST", "/log-in/with/{issuer}"),
    ("POST", "/log-out"),
    ("POST", "/display"),
    ("GET", "/settings"),
    ("GET", "/needs"),
    ("GET", "/needs/{survey_id}"),
    ("POST", "/needs/{survey_id}"),
    ("GET", "/guardian"),  # a guardian has no account
    ("POST", "/guardian"),
    ("GET", "/register"),
    ("POST", "/register"),
    ("GET", "/left"),  # goodbye to who has just ended their registration
    ("GET", "/forgotten"),
    ("POST", "/forgotten"),
    ("GET", "/assets/{name}"),
    ("GET", "/live"),
    ("GET", "/staff/offline/sw.js"),
    ("GET", "/staff/offline/shell/{version}"),
}
"""Need no log-in; everything else does."""


def pages(portal: Portal) -> list[tuple[str, str, frozenset[Role] | None]]:
    """Return method, path and roles of every page; no roles where it is public."""
    declared = [(route, access_of(route.dependant)) for route in routes_of(portal.app)]
    return [
        (method, str(route.path_format), None if reaches is None else frozenset(reaches))
        for route, reaches in declared
        for method in sorted(route.methods or ())
        if route.path_format not in PROBES
    ]


def filled(path: str) -> str:
    return re.sub(r"{\w+}", "01900000-0000-7000-8000-000000000001", path)


def test_every_page_says_who_may_see_it_and_only_these_are_public(portal: Portal) -> None:
    assert {(method, path) for method, path, roles in pages(portal) if roles is None} == PUBLIC


async def test_a_stranger_is_sent_to_the_log_in_page_and_back(portal: Portal) -> None:
    async with portal.browser() as browser:
        for method, path, roles in pages(portal):
            if roles is not None:
                answer = await browser.request(method, filled(path))
                assert answer.status_code == 303, (method, path)
                assert answer.headers["location"].startswith("/log-in"), (method, path)


async def test_a_role_that_is_not_let_in_gets_403_and_no_service_is_asked(portal: Portal) -> None:
    for role in Role:
        browser = await portal.logged_in(role)
        for method, path, roles in pages(portal):
            if roles is None or role in roles:
                continue
            portal.services.asked.clear()
            answer = await browser.request(method, filled(path))
            assert answer.status_code == 403, (role, method, path)
            assert not [request for request in portal.services.asked if "authorization" in request.headers]
        await browser.aclose()


async def test_a_page_whose_services_are_all_away_says_so_and_is_no_error(portal: Portal) -> None:
    for role in Role:
        browser = await portal.logged_in(role)
        for method, path, roles in pages(portal):
            if method == "GET" and roles is not None and role in roles and "{" not in path:
                portal.services.asked.clear()
                answer = await browser.get(path)
                assert answer.status_code == 200, (role, path)
                # Of the frame, the list of districts is asked for again each minute, by nobody.
                asked = [request for request in portal.services.asked if "authorization" in request.headers]
                assert not asked or "暂时取不到，稍后再试" in answer.text, (role, path)
        await browser.aclose()

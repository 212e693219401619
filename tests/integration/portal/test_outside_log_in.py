"""Logging in by an outside issuer, and linking: a real OpenID provider; registry's part is answered for it here.

What registry does with code and state is tested in ``tests/integration/registry/accounts/test_outside_issuer.py``, all
of it together in ``tests/browser/whole/test_logging_in.py``.
"""

import json
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlencode, urlparse

import httpx
import pytest

from tests.support.eventually import eventually
from tests.support.outside_issuer import running_issuer
from tests.support.portal import ORIGIN, Portal, tokens

BACK = f"{ORIGIN}/log-in/with/campus"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    with running_issuer() as url:
        yield url


@dataclass
class Campus:
    """What registry does: begins, and ends by asking the provider who it is; ``linked`` are those it lets in."""

    provider: str
    linked: set[str] = field(default_factory=set)
    limit: str = ""

    def start(self, _request: httpx.Request) -> httpx.Response:
        state = secrets.token_urlsafe(32)
        asked = {"response_type": "code", "client_id": "linbang", "redirect_uri": BACK, "scope": "openid"}
        url = f"{self.provider}/oauth2/authorize?{urlencode({**asked, 'state': state, 'nonce': state[:8]})}"
        return httpx.Response(200, json={"url": url, "state": state})

    def finish(self, request: httpx.Request) -> httpx.Response:
        subject = self.subject(request)
        if subject not in self.linked:
            return _refusal(*(("not_linked", 403) if subject else ("outside_identity", 401)))
        return httpx.Response(200, json=tokens("volunteer", **({"only": self.limit} if self.limit else {})))

    def link(self, request: httpx.Request) -> httpx.Response:
        subject = self.subject(request)
        if subject is None:
            return _refusal("outside_identity", 401)
        if subject in self.linked:
            return _refusal("already_registered", 409)
        self.linked.add(subject)
        return httpx.Response(204)

    def subject(self, request: httpx.Request) -> str | None:
        """Return whom the provider vouches for; a code is good once."""
        form = {"grant_type": "authorization_code", "code": json.loads(request.content)["code"], "redirect_uri": BACK}
        answer = httpx.post(f"{self.provider}/oauth2/token", data=form, auth=("linbang", "s"))
        if answer.status_code != 200:
            return None
        claims = answer.json()["id_token"].split(".")[1]
        return str(json.loads(urlsafe_b64decode(claims + "=="))["sub"])


def _refusal(code: str, status: int) -> httpx.Response:
    body = {"type": "/problems/refused", "status": status, "faults": [{"field": "", "code": code, "message": code}]}
    return httpx.Response(status, json=body, headers={"Content-Type": "application/problem+json"})


@pytest.fixture
async def campus(portal: Portal, provider: str) -> Campus:
    """The issuer, at work, among registry's settings."""

    async def answers() -> bool:
        async with httpx.AsyncClient() as client:
            try:
                return (await client.get(f"{provider}/.well-known/openid-configuration")).status_code == 200
            except httpx.TransportError:
                return False

    assert await eventually(answers)
    made = Campus(provider)
    portal.services.answer("GET registry/v1/oidc", {"issuers": [{"name": "campus", "title": "校园账号"}]})
    portal.services.answers |= {
        "GET registry/v1/oidc/campus/start": made.start,
        "POST registry/v1/oidc/campus/finish": made.finish,
        "POST registry/v1/me/identities/campus": made.link,
    }
    portal.services.answer("GET registry/v1/me/identities", {"items": []})
    return made


async def vouched_for(page: httpx.Response, subject: str) -> str:
    """Follow the page to the issuer, log in there, and return where it sends the browser back to."""
    assert page.status_code == 200, page.text
    url = page.text.partition('http-equiv="refresh" content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    async with httpx.AsyncClient() as outside:
        back = await outside.post(url, data={"sub": subject})
    assert back.headers["location"].startswith(BACK)
    return str(back.headers["location"])


async def came_back(browser: httpx.AsyncClient, url: str) -> httpx.Response:
    """Follow a link from another site, as a browser does: no ``Origin``, and it says so."""
    browser.headers.pop("Origin", None)
    answer = await browser.get(url, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"})
    browser.headers["Origin"] = ORIGIN
    return answer


def goes_to(answer: httpx.Response) -> tuple[str, dict[str, str]]:
    assert answer.status_code == 303, answer.text
    place = urlparse(answer.headers["location"])
    return place.path, {name: value for name, (value,) in parse_qs(place.query).items()}


async def test_a_linked_identity_logs_in_to_where_one_wanted_to_be(portal: Portal, campus: Campus) -> None:
    campus.linked.add("li")
    async with portal.browser() as browser:
        page = await browser.post("/log-in/with/campus", data={"then": "/me/hours"})
        cookie = page.headers["set-cookie"]
        assert cookie.startswith("linbang-outside=")
        assert {"HttpOnly", "SameSite=lax", "Path=/", "Max-Age=600"} <= set(cookie.split("; "))
        assert "form-action 'self';" in page.headers["content-security-policy"]
        back = await vouched_for(page, "li")
        assert parse_qs(urlparse(back).query)["state"][0] not in cookie
        answer = await came_back(browser, back)
        assert goes_to(answer) == ("/me/hours", {})
        assert "linbang-outside" not in browser.cookies
        assert browser.cookies["linbang"]
        again = await came_back(browser, back)
        assert goes_to(again)[0] == "/log-in"


async def test_who_is_linked_to_nobody_logs_in_first_and_is_then_offered_linking(
    portal: Portal, campus: Campus
) -> None:
    portal.services.answer("POST registry/v1/tokens", tokens("volunteer", stepped_up_at=2_000_000_000))
    async with portal.browser() as browser:
        page = await browser.post("/log-in/with/campus", data={"then": "/me/hours"})
        place, told = goes_to(await came_back(browser, await vouched_for(page, "wang")))
        offered = "/settings/identities?then=%2Fme%2Fhours"
        assert (place, told) == ("/log-in", {"outside": "unlinked", "issuer": "campus", "then": offered})
        assert "您的校园账号还没有关联到这里的账号" in (await browser.get("/log-in", params=told)).text
        answer = await browser.post("/log-in", data={"user_name": "x", "password": "y", "then": offered})
        assert answer.headers["location"] == offered
        page = await browser.get(offered)
        assert 'action="/settings/identities/campus"' in page.text
        page = await browser.post("/settings/identities/campus", data={"then": "/me/hours"})
        answer = await came_back(browser, await vouched_for(page, "wang"))
        assert goes_to(answer) == ("/settings/identities", {"done": "linked", "then": "/me/hours"})
        assert campus.linked == {"wang"}
        assert 'href="/me/hours"' in (await browser.get(answer.headers["location"])).text


@pytest.mark.parametrize("wrong", ["another browser", "another log-in", "no state", "declined", "another issuer"])
async def test_what_this_browser_has_not_begun_is_not_ended_in_it(portal: Portal, campus: Campus, wrong: str) -> None:
    campus.linked.add("li")
    async with portal.browser() as browser, portal.browser() as other:
        back = await vouched_for(await browser.post("/log-in/with/campus"), "li")
        if wrong == "another browser":
            answer = await came_back(other, back)
        elif wrong == "another log-in":
            await vouched_for(await browser.post("/log-in/with/campus"), "li")  # its cookie is in place of the first's
            answer = await came_back(browser, back)
        elif wrong == "no state":
            answer = await came_back(browser, back.partition("&state")[0])
        elif wrong == "declined":
            state = parse_qs(urlparse(back).query)["state"][0]
            answer = await came_back(browser, f"{BACK}?{urlencode({'error': 'access_denied', 'state': state})}")
        else:
            answer = await came_back(browser, back.replace("/with/campus", "/with/city"))
        place, told = goes_to(answer)
        assert (place, told["outside"]) == ("/log-in", "refused")
        assert "linbang" not in {*browser.cookies, *other.cookies}
        assert "没有登录成功" in (await browser.get("/log-in", params=told)).text
    assert not [request for request in portal.services.asked if "finish" in request.url.path]


async def test_an_identity_is_linked_to_the_account_that_began_it_alone(portal: Portal, campus: Campus) -> None:
    browser = await portal.logged_in("volunteer", stepped_up_at=2_000_000_000)
    back = await vouched_for(await browser.post("/settings/identities/campus"), "sun")
    other = tokens("volunteer", sub="01900000-0000-7000-8000-000000000002")
    portal.services.answer("POST registry/v1/tokens", other)
    await browser.post("/log-in", data={"user_name": "other", "password": "y"})
    assert goes_to(await came_back(browser, back)) == ("/log-in", {"then": "/settings/identities"})
    assert campus.linked == set()
    await browser.aclose()


async def test_linking_asks_first_once_more_who_one_is_and_says_what_came_of_it(portal: Portal, campus: Campus) -> None:
    browser = await portal.logged_in("volunteer")
    answer = await browser.post("/settings/identities/campus", data={"then": "/me"})
    assert goes_to(answer) == ("/step-up", {"then": "/settings/identities?then=%2Fme"})
    portal.services.answer("POST registry/v1/me/step-up", tokens("volunteer", stepped_up_at=2_000_000_000))
    await browser.post("/step-up", data={"password": "y"})
    campus.linked.add("zhao")
    back = await vouched_for(await browser.post("/settings/identities/campus"), "zhao")
    assert goes_to(await came_back(browser, back)) == ("/settings/identities", {"done": "taken"})
    back = await vouched_for(await browser.post("/settings/identities/campus"), "qian")
    portal.services.refuse("POST registry/v1/me/identities/campus", 401, "outside_identity")
    assert goes_to(await came_back(browser, back)) == ("/settings/identities", {"done": "refused"})
    assert (await browser.get("/settings/identities?done=refused")).status_code == 200  # still logged in
    await browser.aclose()


async def test_who_has_a_second_factor_shows_it_before_anything_else(portal: Portal, campus: Campus) -> None:
    campus.linked.add("sun")
    campus.limit = "step_up"
    async with portal.browser() as browser:
        back = await vouched_for(await browser.post("/log-in/with/campus", data={"then": "/me/hours"}), "sun")
        answer = await came_back(browser, back)
        assert goes_to(answer) == ("/step-up", {"then": "/me/hours"})
        asked_before = len(portal.services.asked)
        page = await browser.get(answer.headers["location"])
        assert 'name="code"' in page.text
        assert 'action="/log-out"' in page.text
        assert "/v1/me" not in [request.url.path for request in portal.services.asked[asked_before:]]
        portal.services.answer("POST registry/v1/me/step-up", tokens("volunteer"))
        answer = await browser.post("/step-up", data={"code": "492039", "then": "/me/hours"})
        assert answer.headers["location"] == "/me/hours"


@pytest.mark.usefixtures("campus")
async def test_an_issuer_that_is_away_leaves_the_other_ways(portal: Portal) -> None:
    portal.services.answers["GET registry/v1/oidc/campus/start"] = httpx.Response(503)
    async with portal.browser() as browser:
        place, told = goes_to(await browser.post("/log-in/with/campus", data={"then": "/me"}))
        assert (place, told) == ("/log-in", {"outside": "away", "issuer": "campus", "then": "/me"})
        assert "校园账号暂时连不上，请用其他方式登录。" in (await browser.get("/log-in", params=told)).text


@pytest.mark.usefixtures("campus")
async def test_what_is_linked_is_shown_and_can_be_unlinked(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    linked = {"items": [{"issuer": "campus", "linked_at": "2025-03-01T08:00:00+08:00"}]}
    portal.services.answer("GET registry/v1/me/identities", linked)
    page = (await browser.get("/settings/identities")).text
    assert "3月1日" in page
    assert "起关联" in page
    portal.services.answer("DELETE registry/v1/me/identities/campus", status=204)
    answer = await browser.post("/settings/identities/campus/remove")
    assert goes_to(answer) == ("/settings/identities", {"done": "unlinked"})
    await browser.aclose()


async def test_beginning_is_for_our_own_pages_alone(portal: Portal, campus: Campus) -> None:
    async with portal.browser() as browser:
        browser.headers["Origin"] = campus.provider
        assert (await browser.post("/log-in/with/campus")).status_code == 403

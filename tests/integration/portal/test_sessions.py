"""Sessions: what the cookie is, what the database keeps, how a session ends."""

import asyncio
import json
from contextlib import aclosing
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import text

from services.portal.sessions.domain import STAFF_LIFETIME, VOLUNTEER
from shared.http.client_address import HEADER, signed_address
from shared.http.upstream import CHANGE_SECONDS, READ_SECONDS
from shared.store.engine import Store
from tests.support.infrastructure import NEXT_COLUMN, Urls
from tests.support.portal import ACCOUNT, ADDRESS_KEY, DISTRICT, ORIGIN, FakeServices, Portal, running_portal, tokens
from tests.support.services import tables

LOG_IN = {"user_name": "51011500000001", "password": "long enough to keep"}


async def rows(urls: Urls) -> list[dict[str, object]]:
    async with Store(urls.api) as store, store.transaction(DISTRICT) as tx:
        return [dict(row) for row in (await tx.execute(text("SELECT * FROM session"))).mappings()]


@pytest.fixture(autouse=True)
async def _no_sessions_of_earlier_tests(urls: Urls) -> None:
    async with Store(urls.api) as store, store.transaction(DISTRICT) as tx:
        await tx.execute(text("DELETE FROM session"))


async def test_the_browser_gets_an_opaque_cookie_and_no_token(portal: Portal) -> None:
    answered = tokens("volunteer")
    portal.services.answer("POST registry/v1/tokens", answered)
    async with portal.browser() as browser:
        answer = await browser.post("/log-in", data=LOG_IN)
        assert (answer.status_code, answer.headers["location"]) == (303, "/me")
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith(f"linbang={DISTRICT}.")
        assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        for secret in ("access_token", "refresh_token"):
            assert str(answered[secret]) not in f"{answer.headers}{answer.text}"


async def test_on_https_the_cookie_has_the_prefix_that_browsers_hold_to_its_rules(urls: Urls) -> None:
    async with running_portal(urls, origin="https://linbang.example.org") as portal:
        portal.services.answer("POST registry/v1/tokens", tokens("volunteer"))
        async with portal.browser() as browser:
            answer = await browser.post("/log-in", data=LOG_IN, headers={"Origin": "https://linbang.example.org"})
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-linbang=")
        assert {"Secure", "HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
        assert "domain" not in cookie.lower()
        assert answer.headers["strict-transport-security"]


async def test_the_database_keeps_nothing_of_a_person_and_nothing_that_opens_a_session(
    portal: Portal, urls: Urls
) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("GET registry/v1/me", {"user_name": "51011500000001", "volunteer": None})
    await browser.get("/me", headers={"User-Agent": "a telephone", "X-Forwarded-For": "192.0.2.7"})
    (row,) = await rows(urls)
    assert set(row) - {NEXT_COLUMN} == {
        *("district", "secret_hash", "account_id", "volunteer_id", "roles", "access_token", "access_until"),
        *("refresh_token", "created_at", "seen_at", "ends_at"),
    }
    kept = json.dumps({name: value.hex() if isinstance(value, bytes) else str(value) for name, value in row.items()})
    secret = browser.cookies["linbang"].split(".")[1]
    for said in (LOG_IN["user_name"], "a telephone", "192.0.2.7", secret, secret.encode().hex(), b"eyJ".hex()):
        assert said not in kept
    await browser.aclose()


async def test_nothing_that_was_looked_at_is_kept_anywhere_else(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer")
    await browser.get("/me")
    await browser.get("/activities")
    assert set(tables("portal")) == {"session"}
    async with Store(urls.worker) as store, store.transaction() as tx:
        kept = [name for name in KIT_TABLES if await tx.scalar(_MAY_READ, {"name": name})]
        counted = {name: await tx.scalar(text(f"SELECT count(*) FROM {name}")) for name in kept}
    assert {"event_log", "outbox", "work"} <= set(counted)
    assert not any(counted.values()), counted
    await browser.aclose()


KIT_TABLES = ("event_log", "outbox", "inbox", "dead_letter", "idempotency_key", "import_job", "work")
_MAY_READ = text("SELECT has_table_privilege(CAST(:name AS text), 'SELECT')")


async def test_log_in_gives_a_new_value_and_ends_the_session_before(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer")
    first = browser.cookies["linbang"]
    await browser.post("/log-in", data=LOG_IN)
    assert browser.cookies["linbang"] != first
    assert len(await rows(urls)) == 1
    await browser.aclose()


async def test_log_out_ends_it_for_whoever_kept_the_cookie(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer")
    kept = browser.cookies["linbang"]
    assert (await browser.post("/log-out")).headers["location"] == "/"
    assert await rows(urls) == []
    async with portal.browser(linbang=kept) as thief:
        assert (await thief.get("/me")).headers["location"] == "/log-in?then=%2Fme"
    await browser.aclose()


@pytest.mark.parametrize(("roles", "idle"), [(("volunteer",), VOLUNTEER.idle), (("auditor",), STAFF_LIFETIME.idle)])
async def test_a_session_ends_where_nobody_looks_for_long(
    portal: Portal, urls: Urls, roles: tuple[str, ...], idle: timedelta
) -> None:
    browser = await portal.logged_in(*roles)
    async with Store(urls.api) as store, store.transaction(DISTRICT) as tx:
        await tx.execute(text("UPDATE session SET seen_at = now() - CAST(:idle AS interval)"), {"idle": idle})
    answer = await browser.get("/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?then=%2Fme")
    assert await rows(urls) == []
    await browser.aclose()


async def test_four_pages_at_once_get_one_newer_token_and_all_succeed(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer", lasts=20)
    (before,) = await rows(urls)
    portal.services.answer("POST registry/v1/tokens/refresh", tokens("volunteer"))
    answers = await asyncio.gather(*(browser.get("/me") for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    asked = [request for request in portal.services.asked if request.url.path == "/v1/tokens/refresh"]
    assert len(asked) == 1
    (after,) = await rows(urls)
    assert before["access_token"] != after["access_token"]
    assert before["refresh_token"] != after["refresh_token"]
    await browser.aclose()


async def test_where_registry_gives_no_newer_token_the_session_has_ended(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer", lasts=20)
    portal.services.refuse("POST registry/v1/tokens/refresh", 401, "wrong_credentials")
    assert (await browser.get("/me")).headers["location"] == "/log-in?then=%2Fme"
    assert await rows(urls) == []
    await browser.aclose()


async def test_while_registry_is_away_nobody_is_logged_out(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer", lasts=20)
    answer = await browser.get("/me")
    assert answer.status_code == 503
    assert "暂时取不到，稍后再试" in answer.text
    assert len(await rows(urls)) == 1
    portal.services.answer("POST registry/v1/tokens/refresh", tokens("volunteer"))
    assert (await browser.get("/me")).status_code == 200
    await browser.aclose()


async def test_log_out_ends_the_tokens_at_registry_too(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("POST registry/v1/tokens/end", status=204)
    await browser.post("/log-out")
    (ended,) = [request for request in portal.services.asked if request.url.path == "/v1/tokens/end"]
    assert json.loads(ended.content)["refresh_token"].startswith("refresh-")
    await browser.aclose()


async def test_a_token_that_a_service_no_longer_takes_leads_to_the_log_in_page(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer")
    for service, path in (("registry", "/v1/me"), ("activities", "/v1/me/sign-ups"), ("assessment", "/v1/me/hours")):
        portal.services.refuse(f"GET {service}{path}", 401)
    answer = await browser.get("/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in?then=%2Fme")
    assert "linbang" not in browser.cookies
    assert await rows(urls) == []
    await browser.aclose()


async def test_services_are_asked_as_the_person_who_looks(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    await browser.get("/me", headers={"Accept-Language": "en"})
    asked = [request for request in portal.services.asked if request.url.path == "/v1/me/hours"]
    assert asked[0].headers["authorization"].startswith("Bearer ey")
    assert asked[0].headers["accept-language"] == "en"
    assert str(ACCOUNT) not in str(asked[0].url)
    await browser.aclose()


async def test_registry_is_told_whose_browser_logs_in_so_that_limits_are_each_one_s_own(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/tokens", tokens("volunteer"))
    transport = httpx.ASGITransport(portal.app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers={"Origin": ORIGIN}) as browser:
        await browser.post("/log-in", data=LOG_IN, headers={"User-Agent": "a telephone", HEADER: "203.0.113.1;1;00"})
    (asked,) = [request for request in portal.services.asked if request.url.path == "/v1/tokens"]
    at = int(asked.headers[HEADER].split(";")[1])
    assert asked.headers[HEADER] == signed_address(ADDRESS_KEY, "192.0.2.7", at)
    assert asked.headers["user-agent"] == "a telephone"


async def test_who_has_a_second_factor_is_asked_for_its_code(portal: Portal) -> None:
    portal.services.refuse("POST registry/v1/tokens", 401, "second_factor")
    async with portal.browser() as browser:
        answer = await browser.post("/log-in", data=LOG_IN)
        assert answer.status_code == 401
        assert 'name="code"' in answer.text
        assert LOG_IN["password"] not in answer.text
        portal.services.answer("POST registry/v1/tokens", tokens("district_admin") | {"second_factor": "done"})
        answer = await browser.post("/log-in", data={**LOG_IN, "code": "492039"})
        assert answer.headers["location"] == "/staff"
    assert json.loads(portal.services.asked[-1].content)["code"] == "492039"


@pytest.mark.parametrize(
    ("told", "place"),
    [
        ({"must_change_password": True}, "/settings/password?first=1"),
        ({"second_factor": "needed_to_set_up"}, "/settings/second-factor"),
    ],
)
async def test_what_an_account_must_do_first_comes_first(portal: Portal, told: dict[str, object], place: str) -> None:
    portal.services.answer("POST registry/v1/tokens", tokens("district_admin") | told)
    async with portal.browser() as browser:
        answer = await browser.post("/log-in", data={**LOG_IN, "then": "/staff"})
        assert answer.headers["location"] == place
        assert (await browser.get(place)).status_code == 200


async def test_after_a_new_password_the_session_goes_on_with_a_newer_token(portal: Portal, urls: Urls) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("POST registry/v1/me/password", status=204)
    portal.services.answer("POST registry/v1/tokens/refresh", tokens("volunteer"))
    answer = await browser.post("/settings/password", data={"old_password": "x", "new_password": "long enough to keep"})
    assert answer.headers["location"] == "/settings?done=password"
    assert (await browser.get("/settings?done=password")).status_code == 200
    assert [request.url.path for request in portal.services.asked if "refresh" in request.url.path]
    assert len(await rows(urls)) == 1
    await browser.aclose()


@pytest.mark.parametrize("planted", ["", "510115.", "510115.short", "*.x", "999999." + "a" * 43, "510115." + "a" * 43])
async def test_a_cookie_that_is_none_of_ours_is_a_stranger_s(portal: Portal, planted: str) -> None:
    async with portal.browser(linbang=planted) as browser:
        assert (await browser.get("/me")).status_code == 303


@pytest.mark.parametrize(
    ("then", "place"),
    [
        ("/activities?days=30", "/activities?days=30"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("/\\evil", "/"),
    ],
)
async def test_after_log_in_one_goes_on_within_this_site_alone(portal: Portal, then: str, place: str) -> None:
    portal.services.answer("POST registry/v1/tokens", tokens("volunteer"))
    async with portal.browser() as browser:
        answer = await browser.post("/log-in", data={**LOG_IN, "then": then})
        assert answer.headers["location"] == place
        assert ORIGIN not in answer.headers["location"]


async def test_a_log_in_waits_as_long_as_browsers_do_and_a_page_less_long(
    portal: Portal, services: FakeServices
) -> None:
    async with aclosing(await portal.logged_in("volunteer")) as browser:
        await browser.get("/me/sign-ups")
    limits = {request.url.path: request.extensions["seconds"] for request in services.asked}
    assert limits["/v1/tokens"] == CHANGE_SECONDS
    assert limits["/v1/me/sign-ups"] == READ_SECONDS

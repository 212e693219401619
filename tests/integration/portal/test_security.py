"""What every answer says to the browser, and which forms are taken."""

from collections.abc import Mapping

import pytest

from services.portal.shell.security import CSP
from tests.support.portal import ORIGIN, Portal


@pytest.mark.parametrize("path", ["/", "/log-in", "/help", "/no-such-page", "/me"])
async def test_every_answer_forbids_what_is_not_ours_and_is_kept_by_nobody(portal: Portal, path: str) -> None:
    async with portal.browser() as browser:
        headers = (await browser.get(path)).headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert "nonce" not in CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert headers["cache-control"] == "no-store"


async def test_pages_have_nothing_inline_that_the_policy_forbids(portal: Portal) -> None:
    async with portal.browser() as browser:
        for path in ("/", "/log-in", "/activities", "/help", "/no-such-page"):
            text = (await browser.get(path)).text
            for forbidden in (" style=", "<style", "<script>", " onclick=", " hx-on", "javascript:"):
                assert forbidden not in text, (path, forbidden)


async def test_an_error_is_told_in_the_language_of_the_pages_and_not_the_browser_s(portal: Portal) -> None:
    async with portal.browser() as browser:
        asked = {"Accept": "text/html", "Accept-Language": "zh-CN", "Cookie": "lang=en"}
        page = (await browser.get("/no-such-page", headers=asked)).text
    assert "<h1>Not found</h1>" in page


async def test_files_are_kept_for_ever_under_a_name_with_their_hash(portal: Portal) -> None:
    async with portal.browser() as browser:
        page = (await browser.get("/")).text
        for name in ("linbang.css", "htmx.js", "linbang.js", "icon.svg"):
            url = portal.app.state.assets.url(name)
            assert url in page
            answer = await browser.get(url)
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["content-encoding"] == "gzip"
            assert answer.content == portal.app.state.assets.find(url.rsplit("/", 1)[1]).content
        assert (await browser.get("/assets/linbang.000000000000.css")).status_code == 404


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "cross-site"},
        {"Origin": ORIGIN, "Sec-Fetch-Site": "same-site"},
        {"Origin": f"{ORIGIN}.evil.example"},
    ],
)
async def test_a_form_that_comes_from_elsewhere_is_403_and_does_nothing(
    portal: Portal, headers: Mapping[str, str]
) -> None:
    browser = await portal.logged_in("volunteer")
    answer = await browser.post("/log-out", headers=headers)
    assert answer.status_code == 403
    assert (await browser.get("/me")).status_code == 200
    await browser.aclose()


async def test_a_form_without_an_origin_is_403(portal: Portal) -> None:
    async with portal.browser() as browser:
        del browser.headers["Origin"]
        assert (await browser.post("/log-in", data={})).status_code == 403


async def test_a_link_from_elsewhere_is_followed_with_the_session(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    answer = await browser.get("/me", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"})
    assert answer.status_code == 200
    await browser.aclose()


async def test_an_error_is_a_page_for_a_browser_and_a_problem_document_for_others(portal: Portal) -> None:
    async with portal.browser() as browser:
        page = await browser.get("/no-such-page")
        assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert "没有找到" in page.text
        document = await browser.get("/no-such-page", headers={"Accept": "application/json"})
        assert document.headers["content-type"] == "application/problem+json"


async def test_how_pages_are_shown_can_be_chosen_and_unchosen_without_logging_in(portal: Portal) -> None:
    async with portal.browser() as browser:
        for chosen, shown in (
            ({"mode": "elder", "theme": "dark", "lang": "en"}, '<html lang="en" data-theme="dark" data-mode="elder">'),
            ({"mode": "standard"}, '<html lang="en" data-theme="dark">'),
            ({"theme": "auto", "lang": "zh"}, '<html lang="zh-CN">'),
            ({"mode": "nonsense", "theme": "x"}, '<html lang="zh-CN">'),
        ):
            answer = await browser.post("/display", data={**chosen, "back": "/help"})
            assert answer.headers["location"] == "/help"
            assert shown in (await browser.get("/help")).text

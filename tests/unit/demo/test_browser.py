"""What the demo's browser sees of a page, and what it sends of a form."""

from collections.abc import Iterator
from unittest.mock import patch
from urllib.parse import parse_qs

import httpx
import pytest

from deploy.demo.browser import Browser, Page

PAGE = """<!doctype html><html><body><header><a href="/">home</a></header>
<main id="main"><h1>签到</h1><ul><li class="card row"><p class="meta">还剩 2<br>个</p><img src="x" alt="">
<form action="/check-in?a=1" method="post"><input type="hidden" name="key" value="k &amp; 1"><input name="digits">
<button>签到</button></form></li><li class="card">other</li></ul></main></body></html>"""


@pytest.fixture
def asked() -> Iterator[list[httpx.Request]]:
    """What a browser asked for; a POST leads to another page and sets a cookie."""
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.method == "POST":
            return httpx.Response(303, headers={"Location": "/done", "Set-Cookie": "linbang=1; Path=/"})
        return httpx.Response(200, text=PAGE)

    client = httpx.Client
    with patch.object(httpx, "Client", lambda **how: client(transport=httpx.MockTransport(answer), **how)):
        yield asked


@pytest.mark.usefixtures("asked")
def test_what_is_read_of_a_page_is_its_elements_and_their_text() -> None:
    with Browser("http://portal.test") as browser:
        main = browser.open("/").main
    assert [row.text for row in main.all("li", "card")] == ["还剩 2 个 签到", "other"]
    assert main.first("a") is None
    assert main.first("p", "meta", id="x") is None


def test_a_form_is_sent_with_its_hidden_fields_from_its_own_origin_and_followed(asked: list[httpx.Request]) -> None:
    with Browser("http://portal.test") as browser:
        page = browser.open("/check-in")
        form = page.form("/check-in?a=1")
        assert form is not None
        assert browser.submit(page, form, {"digits": "123456"}).path == "/done"
    _, sent, followed = asked
    assert str(sent.url) == "http://portal.test/check-in?a=1"
    assert parse_qs(sent.content.decode()) == {"key": ["k & 1"], "digits": ["123456"]}
    assert sent.headers["Origin"] == "http://portal.test"
    assert followed.headers["Cookie"] == "linbang=1"


def test_the_first_line_of_a_text_is_told_apart() -> None:
    text = Page.read("<p>您已报名。\n请准时到。</p>").root.first("p")
    assert text is not None
    assert (text.first_line, text.text) == ("您已报名。", "您已报名。 请准时到。")

"""Whatever stands in an address, a form or a header, no page of the portal answers with a 5xx of its own.

The services behind it refuse everything, so what is looked at is the portal: each parameter and each field of a form of
every route is each hostile text in turn, as somebody who has every role.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import httpx
from fastapi.dependencies.models import Dependant

from shared.contracts.actor import Role
from shared.http.openapi import routes_of
from tests.support.portal import ORIGIN, Answer, Portal

ID = "01900000-0000-7000-8000-000000000009"
TEXTS = [b"\0", b"\xed\xa0\x80", b"9" * 5_000, b"-1", b"NaN", b"\xff{{7*7}}<script>"]
"""Bytes, as an address or a form holds them: a NUL, a half surrogate, more digits than Python reads, no UTF-8."""
BODIES = [
    b"",
    b"{",
    b"null",
    b"[]",
    b'"\\ud800"',
    b'{"entries":["\\ud800"]}',
    b"[" * 100_000,
    b"&" * 100_000,
    b"--x\r\n\xff",
]
CONTENT_TYPES = [
    "application/x-www-form-urlencoded",
    "application/json",
    "multipart/form-data",
    "multipart/form-data; boundary=x",
]
HEADERS = [
    "Accept-Language",
    "Cookie",
    "Last-Event-ID",
    "HX-Current-URL",
    "X-Forwarded-For",
    "If-None-Match",
    "Content-Length",
]
SHARES = 3
"""A route has every so manieth of what is read before it is known which one it is."""
ENDLESS = ("/live", "/log-out")
Headers = Mapping[str, Any]


class Refusing(dict[str, Answer]):
    """Services that refuse whatever nothing has been said about."""

    def get(self, _what: str, _default: object = None) -> Answer:
        problem = {"type": "/problems/not-found", "title": "x", "status": 404, "faults": []}
        return self[_what] if _what in self else httpx.Response(404, json=problem)


@dataclass(frozen=True)
class Route:
    """One method of one path, and the names of what it takes from the path, the query and a form.

    Of what stands in a path: the texts. An id, a number or a choice that is none reaches no code of ours.
    """

    method: str
    path: str
    in_path: list[str]
    in_query: list[str]
    in_form: list[str]

    def filled(self, name: str = "", text: bytes = b"") -> bytes:
        """Return the path with an id for each of its parameters, and a text for one."""
        parts = (
            quote_from_bytes(text if part == f"{{{name}}}" else ID.encode()) if part.startswith("{") else part
            for part in self.path.split("/")
        )
        return "/".join(parts).encode()


def flat(dependant: Dependant) -> Iterator[Dependant]:
    """Yield a route's dependant and all that it depends on."""
    yield dependant
    for other in dependant.dependencies:
        yield from flat(other)


def routes(portal: Portal) -> Iterator[Route]:
    """Yield every route that ends: a stream of signs of life does not, and who logs out is out."""
    for context in routes_of(portal.app):
        path = context.path_format or ""
        parts = list(flat(context.dependant))
        in_form = [
            name
            for part in parts
            for field in part.body_params
            for name in (getattr(field.field_info.annotation, "model_fields", None) or [field.alias])
        ]
        in_path = [field.alias for part in parts for field in part.path_params if field.field_info.annotation is str]
        in_query = [field.alias for part in parts for field in part.query_params]
        for method in sorted(context.methods or ()):
            if path not in ENDLESS:
                yield Route(method, path, in_path, in_query, in_form)


class Sending:
    """A browser that notes what is answered with a 5xx."""

    def __init__(self, browser: httpx.AsyncClient) -> None:
        self._browser = browser
        self.failed: dict[str, str] = {}
        self.sent = 0

    async def send(self, what: str, route: Route, path: bytes, headers: Headers, content: bytes = b"") -> None:
        """Send a request."""
        self.sent += 1
        url = httpx.URL(ORIGIN).copy_with(raw_path=path)
        answer = await self._browser.request(route.method, url, headers=headers, content=content)
        if answer.status_code >= 500:
            self.failed.setdefault(f"{route.method} {path[:80]!r} {what}", str(answer.status_code))


async def parameters(sending: Sending, route: Route) -> None:
    """Send each text in each place of an address and a form."""
    for text in TEXTS:
        for name in route.in_path:
            await sending.send("", route, route.filled(name, text), {})
        for name in route.in_query:
            await sending.send("", route, route.filled() + b"?" + urlencode({name: text}).encode(), {})
        for name in route.in_form:
            form = urlencode({**dict.fromkeys(route.in_form, "1"), name: text}).encode()
            await sending.send(name, route, route.filled(), {"Content-Type": CONTENT_TYPES[0]}, form)


async def bodies(sending: Sending, route: Route) -> None:
    """Send some of the bodies that are none, of one type or another: what a body is, is read in one way."""
    for number, body in list(enumerate(BODIES))[sending.sent % SHARES :: SHARES]:
        content_type = CONTENT_TYPES[number % len(CONTENT_TYPES)]
        await sending.send(content_type, route, route.filled(), {"Content-Type": content_type}, body)


async def headers(sending: Sending, route: Route) -> None:
    """Send what no header should be."""
    for header in HEADERS:
        for value in (b"\xff", b"9" * 5_000):
            await sending.send(header, route, route.filled(), {header: value})


async def test_nothing_that_somebody_sends_makes_a_5xx(portal: Portal) -> None:
    portal.services.answers = Refusing(portal.services.answers)
    sending = Sending(await portal.logged_in(*Role))
    for number, route in enumerate(routes(portal)):
        await parameters(sending, route)
        if not route.in_path and route.method == "GET" and number % SHARES == 0:
            await headers(sending, route)
        if route.method != "GET":
            await bodies(sending, route)
    assert sending.failed == {}
    assert sending.sent

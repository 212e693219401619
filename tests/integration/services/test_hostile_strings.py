"""Whatever stands in a request, in whatever place of it, no service answers with a 5xx.

Each service is in this process, on a database of its own, as somebody whom the route lets in. Every parameter of every
route (path, query, header, cursor, each field of a body) is each hostile text in turn; then whole bodies that are none.
What pydantic alone reads, an id or a number or a day, reaches no code of ours where it is none, and is tried once a
service; what is read before a route is looked up, each route has its share of.
"""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
import pytest
from argon2 import PasswordHasher

from deploy.services import TABLE
from services.registry.accounts import passwords
from shared.contracts.actor import Role
from shared.http.openapi import Application
from shared.service.app import build_app
from shared.service.service import Service
from tests.integration.services.test_authorisation import KNOWN, bearer, jwks

HALF_SURROGATE = "\ud800"
TEXTS = [
    "\0",
    HALF_SURROGATE,
    "9" * 5_000,  # Python refuses to read so many digits as a number
    "-1",
    "NaN",
    "\ufffe\U0010ffff\u202e' OR 1=1; --%s{0}$1",
    "9999-12-31T23:59:59-14:00",
]
"""In JSON a half surrogate can be written; in a URL it is bytes that are no UTF-8."""
_TOLD = {"title", "description", "examples", "default"}
"""What a schema says to readers."""
LONG_TEXT = "9" * 250_000
"""As long as a body may be; a server reads no header or address of that length."""
VALUES: list[object] = [*TEXTS, LONG_TEXT, None, 10**400, -1e308, ["\0"], {"\0": "\0"}]
BODIES = [
    b"",
    b"\xff\xfe\x00",
    b"{",
    b"null",
    b"[]",
    b'"\\ud800"',
    b"NaN",
    b'{"version":NaN,"minutes":Infinity}',
    b'{"reason":"a","reason":"b"}',
    b'{"\\ud800":"\\udfff"}',
    b"[" * 100_000,
    b'{"a":' * 40_000,
    b"9" * 250_000,
    b"a=b&a=%00&%ff=%ff",
]
CONTENT_TYPES = [
    "application/json",
    "application/json; charset=utf-7",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "multipart/form-data; boundary=\xff",
    "text/plain",
    "",
]
CURSORS: list[object] = [
    {},
    [None],
    [[]],
    *([text] * size for text in TEXTS for size in (1, 2)),
    [HALF_SURROGATE] * 3,
    ["9" * 300, str(KNOWN)],
    ["2026-03-01T00:00:00+00:00", HALF_SURROGATE],
    ["2026-03-01T00:00:00", str(KNOWN)],
    ["2026-03-01T00:00:00+00:00", "\0"],
]
HEADERS = [
    "Accept-Language",
    "Idempotency-Key",
    "If-Match",
    "If-None-Match",
    "X-District",
    "X-Forwarded-For",
    "Linbang-Client-Address",
    "User-Agent",
    "traceparent",
    "Authorization",
    "Content-Length",
    "Cookie",
]
BASED_ON = ["Idempotency-Key", "If-Match"]
LOOKED_AT = {"/v1/volunteers", "/v1/stations", "/v1/public/activities", "/v1/statistics", "/v1/me/messages", "/v1/me"}
"""One route of each service and kind: its own headers apart, a request's are read before the route."""
SHARES = 3
"""A route has every so manieth of the bodies and headers, beginning with another than the route before it."""
HEADER_TEXTS = [b"\xff\xc0", b"\0", b"9" * 5_000, b'"1", "', "中".encode(), b"00-" + b"f" * 32 + b"-0-0"]


@dataclass
class Service5xx:
    """A service to send to, and what it has answered with a 5xx."""

    http: httpx.AsyncClient
    document: Mapping[str, Any]
    failed: dict[str, str] = field(default_factory=dict)
    sent: int = 0

    async def send(self, what: str, method: str, path: bytes, **more: Any) -> None:
        """Send a request; note it where it is answered with a 5xx."""
        self.sent += 1
        url = httpx.URL("http://test").copy_with(raw_path=path)
        status = (await self.http.request(method, url, **more)).status_code
        if status not in range(500):
            self.failed.setdefault(f"{method} {path[:100]!r} {what}", str(status))


@pytest.fixture(scope="module", params=[service for service, entry in TABLE.items() if not entry.pages])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
async def hostile(service: Service, monkeypatch_module: pytest.MonkeyPatch) -> AsyncIterator[Service5xx]:
    app = build_app(replace(service, fetch_keys=lambda _: jwks))
    assert isinstance(app, Application)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    quick = partial(PasswordHasher, time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch_module.setattr(passwords, "PasswordHasher", quick)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport) as http:
        yield Service5xx(http, app.openapi())


class Kinds:
    """The kinds of values that have been tried; a text is none: whoever gets it makes of it what they like."""

    def __init__(self) -> None:
        self._tried: set[str] = set()

    def is_new(self, schema: Mapping[str, Any]) -> bool:
        """Return whether values of a schema are to be tried."""
        schema = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)
        kind = {name: value for name, value in schema.items() if name not in _TOLD}
        if kind.keys() <= {"type", "maxLength", "minLength"} and kind.get("type") == "string":
            return True
        written = json.dumps(kind, sort_keys=True)
        is_new = written not in self._tried
        self._tried.add(written)
        return is_new


def in_path(text: str) -> bytes:
    """Return a text as an address can hold it: a half surrogate as the bytes that would be one."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="").encode()


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any], dict[str, str]]]:
    """Yield method, path, operation and the headers of somebody whom it lets in."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            roles = operation.get("x-roles", {})
            everywhere = "district_admin" not in roles and "operator" in roles
            who = bearer(Role.OPERATOR, district="*") if everywhere else bearer(*Role)
            yield method.upper(), path, operation, who if roles else {}


def filled(path: str, field_name: str = "", value: bytes = b"") -> bytes:
    """Return a path with ids in it, and a value in place of one."""
    parts = []
    for part in path.split("/"):
        named = part[part.find("{") + 1 : part.find("}")] if "{" in part else ""
        known = {"kind": "roster", "year": "2025"}.get(named, str(KNOWN))
        text = value if named and named == field_name else known.encode()
        before, _, rest = part.partition("{")
        parts.append(before.encode() + text + rest.partition("}")[2].encode() if named else part.encode())
    return b"/".join(parts)


def properties(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, tuple[Mapping[str, Any], Any]]:
    """Return the fields of an operation's body: each one's schema, and the value of the example where there is one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = content.get("schema", {})
    for _ in range(2):
        schema = (schema.get("$ref") and document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]) or schema
        schema = next((one for one in schema.get("anyOf", []) if one.get("type") != "null"), schema)
    examples = (schema.get("examples") or [{}])[0]
    return {name: (kind, examples.get(name)) for name, kind in schema.get("properties", {}).items()}


async def test_no_parameter_makes_a_5xx(hostile: Service5xx) -> None:
    kinds = Kinds()
    for method, path, operation, who in operations(hostile.document):
        for parameter in operation.get("parameters", []):
            field_name, place = parameter["name"], parameter["in"]
            if not kinds.is_new(parameter["schema"]):
                continue
            texts = TEXTS if field_name != "cursor" else [*TEXTS, *map(cursor_of, CURSORS)]
            for number, text in enumerate(texts):
                if place == "path":
                    await hostile.send("", method, filled(path, field_name, in_path(text)), headers=who)
                elif place == "query":
                    query = b"?" + field_name.encode() + b"=" + in_path(text)
                    required = b"".join(
                        b"&" + other["name"].encode() + b"=510115"
                        for other in operation["parameters"]
                        if other["in"] == "query" and other.get("required") and other["name"] != field_name
                    )
                    await hostile.send(f"text {number}", method, filled(path) + query + required, headers=who)
    assert hostile.failed == {}
    assert hostile.sent


def cursor_of(position: object) -> str:
    return urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


async def test_no_field_of_a_body_makes_a_5xx(hostile: Service5xx) -> None:
    kinds = Kinds()
    for method, path, operation, who in operations(hostile.document):
        fields = properties(hostile.document, operation)
        example = {name: value for name, (_, value) in fields.items() if value is not None}
        headers = who | {"Content-Type": "application/json", "If-Match": '"1"'}
        for field_name in [name for name, (schema, _) in fields.items() if kinds.is_new(schema)]:
            for number, value in enumerate(VALUES):
                body = json.dumps(example | {field_name: value}).encode()
                await hostile.send(f"{field_name} {number}", method, filled(path), headers=headers, content=body)
    assert hostile.failed == {}


async def test_no_body_and_no_header_makes_a_5xx(hostile: Service5xx) -> None:
    for share, (method, path, operation, who) in enumerate(operations(hostile.document)):
        if "requestBody" in operation:
            for number, body in list(enumerate(BODIES))[share % SHARES :: SHARES]:
                as_json = who | {"Content-Type": "application/json", "If-Match": '"1"'}
                await hostile.send(f"body {number}", method, filled(path), headers=as_json, content=body)
            for content_type in CONTENT_TYPES[share % SHARES :: SHARES]:
                headers: dict[str, Any] = {**who, "Content-Type": content_type.encode("latin-1")}
                await hostile.send(content_type, method, filled(path), headers=headers, content=b"--\xff\r\n\r\n")
        for header in BASED_ON if "requestBody" in operation else HEADERS if path in LOOKED_AT else []:
            for text in HEADER_TEXTS[share % SHARES :: SHARES] if path not in LOOKED_AT else HEADER_TEXTS:
                more = {"content": b"{}"} if "requestBody" in operation else {}
                headers = {**who, header: text}
                await hostile.send(f"{header} {text[:9]!r}", method, filled(path), headers=headers, **more)
    assert hostile.failed == {}

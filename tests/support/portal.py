"""The portal in this process, on a real database, with other services that answer what a test says."""

import json
import os
import secrets
import time
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from typing import Any, Self
from unittest.mock import patch
from uuid import UUID

import httpx
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import OKPKey

from deploy import assets
from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.http.connections import Answer as ConnectionsAnswer
from shared.http.connections import NoAnswerError, Stream
from shared.service.app import build_app
from shared.service.service import Service
from tests.support.infrastructure import Urls

ORIGIN = "http://portal.test"
DISTRICT = "510115"
ACCOUNT = UUID("01900000-0000-7000-8000-000000000001")
SERVICES = ("registry", "activities", "assessment", "notifications")
ADDRESS_KEY = os.urandom(32)
_KEY = OKPKey.generate_key("Ed25519", {"kid": "test", "use": "sig"})

Answer = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


async def jwks() -> dict[str, Any]:
    return {"keys": [_KEY.as_dict(private=False)]}


def token(*roles: str, district: str = DISTRICT, lasts: int = 900, **more: object) -> str:
    """Return a token as registry signs it."""
    claims = {
        "iss": ISSUER,
        "sub": str(ACCOUNT),
        "district": district,
        "roles": list(roles),
        "units": [],
        "exp": int(time.time()) + lasts,
        **({"vid": str(ACCOUNT)} if "volunteer" in roles else {}),
        **more,
    }
    return jwt.encode({"alg": ALGORITHM, "kid": "test"}, claims, _KEY, algorithms=[ALGORITHM])


def tokens(*roles: str, **claims: Any) -> dict[str, object]:
    """Return what registry answers to a log-in, and to the use of a refresh token."""
    return {
        "access_token": token(*roles, **claims),
        "token_type": "Bearer",
        "expires_in": claims.get("lasts", 900),
        "refresh_token": f"refresh-{secrets.token_hex(4)}",
        "refresh_expires_in": 1_209_600,
        "must_change_password": False,
        "second_factor": "none",
    }


@dataclass
class FakeServices:
    """What the services answer, by ``METHOD service/path``; whatever is not said is away. It notes what was asked."""

    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[httpx.Request] = field(default_factory=list)

    def answer(self, what: str, body: object = None, status: int = 200, **headers: str) -> None:
        """Say what a route answers."""
        kind = "application/problem+json" if status >= 400 else "application/json"
        content = b"" if body is None else json.dumps(body).encode()
        self.answers[what] = lambda _: httpx.Response(
            status, content=content, headers={"Content-Type": kind, **headers}
        )

    def refuse(self, what: str, status: int, code: str = "", field: str = "", **headers: str) -> None:
        """Say that a route refuses."""
        faults = [{"field": field, "code": code, "message": code}] if code else []
        slug = {401: "unauthenticated", 403: "forbidden", 404: "not-found", 429: "too-many-requests"}.get(
            status, "refused"
        )
        self.answer(
            what, {"type": f"/problems/{slug}", "title": slug, "status": status, "faults": faults}, status, **headers
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        """In place of connections that are closed."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | list[str]] | None = None,
        form: object = None,
        content: AsyncIterator[bytes] | None = None,
    ) -> ConnectionsAnswer:
        """Answer as ``Connections.send`` does."""
        if content is None:
            request = httpx.Request(method, url, params=params, headers=headers, json=form)
        else:
            body = b"".join([piece async for piece in content])
            request = httpx.Request(method, url, params=params, headers=headers, content=body)
        request.extensions["seconds"] = seconds
        self.asked.append(request)
        found = self.answers.get(f"{request.method} {request.url.host}{request.url.path}")
        if found is None:
            raise NoAnswerError("away")
        if isinstance(found, Exception):
            raise found
        answer = found if isinstance(found, httpx.Response) else found(request)
        return ConnectionsAnswer(answer.status_code, answer.headers, answer.content)

    @asynccontextmanager
    async def open(
        self,
        url: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str | list[str]] | None = None,
    ) -> AsyncIterator[Stream]:
        """Answer as ``Connections.open`` does, in pieces."""
        answer = await self.send("GET", url, seconds=seconds, headers=headers, params=params)

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(answer.content), 7):
                yield answer.content[start : start + 7]

        yield Stream(answer.status, answer.headers, pieces())


@dataclass
class Portal:
    """The portal, a browser's requests to it, and the services behind it."""

    app: FastAPI
    service: Service
    services: FakeServices

    def browser(self, **cookies: str) -> httpx.AsyncClient:
        """Return somebody's browser: it keeps cookies, takes HTML and says where its forms come from."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        headers = {"Accept": "text/html", "Origin": ORIGIN, "Accept-Language": "zh-CN"}
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers, cookies=cookies)

    async def logged_in(self, *roles: str, **claims: Any) -> httpx.AsyncClient:
        """Return the browser of somebody who has logged in."""
        self.services.answer("POST registry/v1/tokens", tokens(*roles, **claims))
        browser = self.browser()
        response = await browser.post("/log-in", data={"user_name": "x", "password": "y"})
        assert response.status_code == 303, response.text
        return browser


def environment_of(urls: Urls, origin: str = ORIGIN) -> dict[str, str]:
    """Return the settings of a portal on a database; Kafka is away."""
    return {
        "PORTAL_API_DATABASE_URL": urls.api,
        "PORTAL_WORKER_DATABASE_URL": urls.worker,
        "PORTAL_ORIGIN": origin,
        "PORTAL_SESSION_KEY": b64encode(os.urandom(32)).decode(),
        "PORTAL_ADDRESS_KEY": b64encode(ADDRESS_KEY).decode(),
        "KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1",
        **{f"{name}_URL".upper(): f"http://{name}" for name in SERVICES},
    }


@asynccontextmanager
async def running_portal(urls: Urls, *, origin: str = ORIGIN) -> AsyncIterator[Portal]:
    """Run the portal's application on a database."""
    assets.unpack()
    with patch.dict(os.environ, environment_of(urls, origin)):
        service = replace(import_module("services.portal.app").service(), fetch_keys=lambda _: jwks)
    services = FakeServices()
    services.answer("GET registry/v1/districts", {"items": [{"code": DISTRICT, "name": "温江区"}], "next_cursor": None})
    with patch("shared.service.app.Connections", lambda: services):
        app = build_app(service)
        async with app.router.lifespan_context(app):
            yield Portal(app, service, services)

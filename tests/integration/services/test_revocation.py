"""What was issued before an account changed is refused at every service within seconds (case C28; ASVS 3.3)."""
# ruff: noqa: F811 - fixtures of another folder

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Any

import httpx
import pytest

from deploy.docs import compose
from deploy.services import SERVICES
from services.registry.accounts.queries import key_set_of
from shared.messaging.consumer import Consumer
from shared.service.app import build_app
from shared.service.service import Service
from shared.store.engine import Store
from tests.integration.registry.conftest import Registry, free_port, idle_registry, registry  # noqa: F401
from tests.support.eventually import eventually, running
from tests.support.infrastructure import Infrastructure, Urls

PASSWORD = "a password to begin with"
PATHS = {
    "registry": "/v1/me",
    "activities": "/v1/activities",
    "assessment": "/v1/statistics",
    "notifications": "/v1/me/messages",
}
"""A route of each service that wants a token; the portal's pages take none, and it calls with one that it keeps."""
Answers = Callable[[str], Awaitable[int]]
_numbers = count(1)


@pytest.fixture(scope="module", params=PATHS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
async def at(
    name: str, service: Service, urls: Urls, registry: Registry, infrastructure: Infrastructure, topic_prefix: str
) -> AsyncIterator[Answers]:
    """What the service answers to a token: its status. Its consumer runs; registry's relay does."""
    if name == "registry":
        yield lambda token: _status(registry.http, name, token)
        return
    worker = Store(urls.worker)
    app = build_app(replace(service, fetch_keys=lambda _: key_set_of(registry.api)))
    consumer = Consumer(service.reactions, worker, infrastructure.servers, topic_prefix)
    transport = httpx.ASGITransport(app)
    async with (
        running(consumer.run),
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://test") as http,
    ):
        yield lambda token: _status(http, name, token)
    await worker.close()


async def _status(http: httpx.AsyncClient, name: str, token: str) -> int:
    return (await http.get(PATHS[name], headers={"Authorization": f"Bearer {token}"})).status_code


def test_no_service_that_takes_tokens_is_left_out() -> None:
    taking = {
        each
        for each in SERVICES
        if any(
            "security" in route
            for path in build_app(compose(each)).openapi()["paths"].values()
            for route in path.values()
        )
    }
    assert taking == PATHS.keys()


class Somebody:
    """A station's manager who is logged in, and what is done to their account."""

    def __init__(self, registry: Registry, account_id: str, user_name: str) -> None:
        self._registry = registry
        self._id = account_id
        self._name = user_name
        self.tokens: dict[str, Any] = {}

    async def log_in(self) -> None:
        body = {"user_name": self._name, "password": PASSWORD}
        self.tokens = (await self._registry.http.post("/v1/tokens", json=body)).json()

    @property
    def token(self) -> str:
        token: str = self.tokens["access_token"]
        return token

    async def change_password(self) -> None:
        body = {"old_password": PASSWORD, "new_password": "another password"}
        answer = await self._registry.http.post(
            "/v1/me/password", json=body, headers={"Authorization": f"Bearer {self.token}"}
        )
        assert answer.status_code == 204, answer.text

    async def lose(self, what: str, **body: object) -> None:
        admin, url = self._registry.admins["510115"], f"/v1/accounts/{self._id}/{what}"
        method = "PUT" if what == "roles" else "POST"
        answer = await self._registry.http.request(method, url, json={"reason": "test"} | body, headers=admin)
        assert answer.is_success, answer.text

    async def end_session(self) -> None:
        body = {"refresh_token": self.tokens["refresh_token"]}
        assert (await self._registry.http.post("/v1/tokens/end", json=body)).status_code == 204


async def open_account(registry: Registry) -> Somebody:
    name = f"manager{next(_numbers)}"
    body = {"user_name": name, "password": PASSWORD, "roles": ["station_manager"], "units": ["510115-STA-01"]}
    created = await registry.http.post("/v1/accounts", json=body, headers=registry.admins["510115"])
    made = Somebody(registry, created.json()["id"], name)
    await made.log_in()
    return made


CAUSES: dict[str, Callable[[Somebody], Awaitable[None]]] = {
    "a changed password": lambda one: one.change_password(),
    "a reset password": lambda one: one.lose("password-reset"),
    "a locked account": lambda one: one.lose("lock"),
    "another role": lambda one: one.lose("roles", roles=["auditor"]),
    "another unit": lambda one: one.lose("roles", roles=["station_manager"], units=["510115-STA-02"]),
    "an ended session": lambda one: one.end_session(),
}


async def test_a_token_is_refused_within_seconds_of_whatever_ends_it(at: Answers, registry: Registry) -> None:
    ended = {cause: await open_account(registry) for cause in CAUSES}
    neighbour = await open_account(registry)
    for cause, somebody in ended.items():
        assert await at(somebody.token) not in (401, 500), cause
        await CAUSES[cause](somebody)

    async def all_are_refused() -> bool:
        return {await at(somebody.token) for somebody in ended.values()} == {401}

    await eventually(all_are_refused, within=15)
    assert await at(neighbour.token) not in (401, 500), "nobody else is"


async def test_who_is_unlocked_and_logs_in_again_is_let_in(at: Answers, registry: Registry) -> None:
    somebody = await open_account(registry)
    old = somebody.token
    await somebody.lose("lock")

    async def refused() -> bool:
        return await at(old) == 401

    await eventually(refused, within=15)
    await somebody.lose("unlock")
    await somebody.log_in()
    assert await at(somebody.token) not in (401, 500)
    assert await at(old) == 401

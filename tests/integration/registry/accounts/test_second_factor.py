"""Two factors: who needs them, what they open, and what a code is good for."""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import text

from services.registry.app import service as compose
from shared.service.app import build_app
from tests.integration.registry.conftest import OPERATOR_PASSWORD, Registry
from tests.support.eventually import eventually

PASSWORD = "a password to begin with"
_numbers = count(1)


class Person:
    """Somebody with an account and, once it is set up, an app."""

    def __init__(self, http: httpx.AsyncClient, name: str, account_id: str) -> None:
        self._http = http
        self.name = name
        self.id = account_id
        self.secret = ""
        self.first_code = ""
        self.recovery_codes: list[str] = []
        self.tokens: dict[str, Any] = {}

    async def try_log_in(self, code: str | None = None) -> httpx.Response:
        form = {"user_name": self.name, "password": PASSWORD} | ({} if code is None else {"code": code})
        return await self._http.post("/v1/tokens", json=form)

    async def log_in(self, code: str | None = None) -> None:
        answer = await self.try_log_in(code)
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    async def send(self, method: str, path: str, body: object = None) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.tokens['access_token']}"}
        return await self._http.request(method, path, json=body, headers=headers)

    async def refresh(self) -> None:
        answer = await self._http.post("/v1/tokens/refresh", json={"refresh_token": self.tokens["refresh_token"]})
        assert answer.status_code == 200, answer.text
        self.tokens = answer.json()

    async def set_up(self) -> None:
        shown = (await self.send("POST", "/v1/me/second-factor")).json()
        self.secret = shown["secret"]
        self.first_code = self.code()
        answer = await self.send("POST", "/v1/me/second-factor/confirm", {"code": self.first_code})
        assert answer.status_code == 200, answer.text
        self.recovery_codes = answer.json()["recovery_codes"]
        await self.refresh()

    def code(self) -> str:
        return pyotp.TOTP(self.secret).now()


def faults(answer: httpx.Response) -> list[str]:
    return [f"{fault['field']}: {fault['code']}" for fault in answer.json()["faults"]]


@pytest.fixture(scope="module")
async def strict(registry: Registry) -> AsyncIterator[httpx.AsyncClient]:
    """The same registry as an installation runs it: second factors are required."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (registry.environment | {"REGISTRY_SECOND_FACTOR_REQUIRED": "true"}).items():
            patch.setenv(name, value)
        app = build_app(compose())
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://r") as http:
        yield http


async def somebody(registry: Registry, http: httpx.AsyncClient, role: str, **form: object) -> Person:
    name = f"factor{next(_numbers)}"
    body = {"user_name": name, "password": PASSWORD, "roles": [role], **form}
    created = await registry.http.post("/v1/accounts", json=body, headers=await registry.operator("510115"))
    assert created.status_code == 201, created.text
    person = Person(http, name, created.json()["id"])
    await person.log_in()
    return person


async def test_who_administers_or_audits_sets_it_up_before_anything_else(
    registry: Registry, strict: httpx.AsyncClient
) -> None:
    for role in ("district_admin", "auditor"):
        person = await somebody(registry, strict, role)
        assert person.tokens["second_factor"] == "needed_to_set_up"
        for method, path in (("GET", "/v1/accounts"), ("POST", "/v1/me/step-up"), ("DELETE", "/v1/me/sessions")):
            refused = await person.send(method, path, {} if method == "POST" else None)
            assert (refused.status_code, faults(refused)) == (403, [": second_factor_to_set_up"])
        await person.set_up()
        assert person.tokens["second_factor"] == "done"
        assert (await person.send("GET", "/v1/accounts")).status_code == 200
    operator = Person(strict, "operator", "")
    answer = await strict.post("/v1/tokens", json={"user_name": "operator", "password": OPERATOR_PASSWORD})
    operator.tokens = answer.json()
    assert operator.tokens["second_factor"] == "needed_to_set_up"


async def test_leaders_may_and_volunteers_need_not(registry: Registry, strict: httpx.AsyncClient) -> None:
    leader = await somebody(registry, strict, "team_leader", units=["510115-TEAM-007"])
    assert leader.tokens["second_factor"] == "none"
    assert (await leader.send("GET", "/v1/me")).json()["second_factor"] is False
    await leader.set_up()
    assert leader.tokens["second_factor"] == "done"
    assert (await leader.send("GET", "/v1/me")).json()["second_factor"] is True
    refused = await leader.try_log_in()
    assert (refused.status_code, faults(refused)) == (401, ["code: second_factor"])


async def test_logging_in_takes_a_code_that_is_not_used_again(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    for wrong in (None, "", "000000", "not-a-code", person.first_code):
        refused = await person.try_log_in(wrong)
        assert (refused.status_code, faults(refused)) == (401, ["code: second_factor"]), wrong
    await _forget_step(registry, person)
    code = person.code()
    answers = await asyncio.gather(*(person.try_log_in(code) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 401, 401], "one code lets one in"


async def _forget_step(registry: Registry, person: Person) -> None:
    """Let half a minute pass since the last code."""
    async with registry.api.transaction("510115") as tx:
        await tx.execute(
            text("UPDATE second_factor SET last_step = last_step - 2 WHERE account_id = CAST(:id AS uuid)"),
            {"id": person.id},
        )


async def test_a_wrong_password_is_the_same_sentence_with_and_without_a_second_factor(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    form = {"user_name": person.name, "password": "a wrong password", "code": person.code()}
    refused = await registry.http.post("/v1/tokens", json=form)
    assert (refused.status_code, faults(refused)) == (401, [": wrong_credentials"])


async def test_a_recovery_code_is_good_once(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    assert len(person.recovery_codes) == 10
    first, second, *_ = person.recovery_codes
    assert (await person.try_log_in(first)).status_code == 200
    assert (await person.try_log_in(first)).status_code == 401
    assert (await person.try_log_in(second.upper().replace("-", " "))).status_code == 200


async def test_what_is_on_file_of_it_is_neither_secret_nor_code(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    async with registry.api.transaction("510115") as tx:
        rows = (
            await tx.execute(
                text(
                    "SELECT second_factor::text, recovery_code::text FROM second_factor "
                    "JOIN recovery_code USING (district, account_id)"
                )
            )
        ).all()
    assert rows
    hidden = [person.secret, person.secret.encode().hex(), *person.recovery_codes]
    assert not any(secret in content for row in rows for content in row for secret in hidden)


async def test_an_app_that_is_not_confirmed_is_asked_for_nowhere(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    assert (await person.send("POST", "/v1/me/second-factor")).status_code == 200
    refused = await person.send("POST", "/v1/me/second-factor/confirm", {"code": "000000"})
    assert (refused.status_code, faults(refused)) == (401, ["code: second_factor"])
    assert (await person.try_log_in()).status_code == 200
    await person.set_up()
    again = await person.send("POST", "/v1/me/second-factor")
    assert (again.status_code, faults(again)) == (409, ["second_factor: not_open"])


async def test_setting_it_up_ends_the_sessions_that_began_without(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    before = person.tokens
    await person.log_in()
    await person.set_up()
    answer = await registry.http.post("/v1/tokens/refresh", json={"refresh_token": before["refresh_token"]})
    assert answer.status_code == 401
    assert (await person.send("GET", "/v1/accounts")).status_code == 200


async def test_who_lost_it_is_helped_by_the_office_and_logged_out(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    path, body = f"/v1/accounts/{person.id}/second-factor-reset", {"reason": "lost the phone"}
    admin = registry.admins["510115"]
    assert (await registry.http.post(path, json=body, headers=admin)).status_code == 204
    assert (await registry.http.post(path, json=body, headers=admin)).status_code == 404, "there is none any more"

    async def refused() -> bool:
        return (await person.send("GET", "/v1/me")).status_code == 401

    assert await eventually(refused)
    assert (await person.try_log_in()).status_code == 200
    actions = await registry.rows(
        "SELECT type, data FROM event_log WHERE aggregate_id = :id ORDER BY position", id=person.id
    )
    assert [(row.type.split(".")[-2], row.data.get("reset")) for row in actions] == [
        ("AccountOpened", None),
        ("SecondFactorSetUp", None),
        ("SecondFactorRemoved", True),
    ]


async def test_step_up_takes_the_code_or_the_password_where_there_is_no_second_factor(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "district_admin")
    await _grow_stale(registry, person)
    assert faults(await person.send("DELETE", "/v1/me/second-factor")) == [": step_up"]
    refused = await person.send("POST", "/v1/me/step-up", {"password": "a wrong password"})
    assert (refused.status_code, faults(refused)) == (401, ["password: wrong_credentials"])
    await _step_up(person, {"password": PASSWORD})
    await person.set_up()
    await _grow_stale(registry, person)
    refused = await person.send("POST", "/v1/me/step-up", {"password": PASSWORD})
    assert (refused.status_code, faults(refused)) == (401, ["code: second_factor"])
    await _step_up(person, {"code": person.recovery_codes[0]})
    assert (await person.send("DELETE", "/v1/me/second-factor")).status_code == 204
    await person.refresh()
    assert person.tokens["second_factor"] == "none"


async def _grow_stale(registry: Registry, person: Person) -> None:
    async with registry.api.transaction("510115") as tx:
        await tx.execute(
            text(
                "UPDATE session SET stepped_up_at = stepped_up_at - interval '11 minutes' "
                "WHERE account_id = CAST(:id AS uuid)"
            ),
            {"id": person.id},
        )
    await person.refresh()


async def _step_up(person: Person, form: dict[str, str]) -> None:
    answer = await person.send("POST", "/v1/me/step-up", form)
    assert answer.status_code == 200, answer.text
    person.tokens = answer.json()


async def test_guessing_codes_is_slow(registry: Registry) -> None:
    person = await somebody(registry, registry.http, "auditor")
    await person.set_up()
    for _ in range(10):
        await person.send("POST", "/v1/me/step-up", {"code": "000000"})
    answer = await person.send("POST", "/v1/me/step-up", {"code": "000000"})
    assert (answer.status_code, faults(answer)) == (429, ["code: too_often"])

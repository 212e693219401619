"""Logging in by an outside issuer: a real OpenID provider on a port of its own."""

import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlparse

import httpx
import pyotp
import pytest
import time_machine
from sqlalchemy import text

from services.registry.app import service as compose
from shared.service.app import build_app
from tests.integration.registry.conftest import Registry
from tests.support.eventually import eventually
from tests.support.outside_issuer import running_issuer

PASSWORD = "a password to begin with"
REDIRECT = "http://portal.test/log-in/with/campus"


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """Where the issuer is."""
    with running_issuer() as url:
        yield url


@pytest.fixture(scope="module")
async def http(registry: Registry, provider: str) -> AsyncIterator[httpx.AsyncClient]:
    """The registry, with the issuer among its settings."""
    as_client = {"client_id": "linbang", "client_secret": "s", "redirect_uri": REDIRECT}
    titles = {"title": "校园账号", "title_en": "Campus account"}
    known = {"campus": as_client | {"issuer": provider} | titles, "away": as_client | {"issuer": "http://127.0.0.1:1"}}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (registry.environment | {"REGISTRY_OIDC": json.dumps(known)}).items():
            patch.setenv(name, value)
        app = build_app(compose())
    transport = httpx.ASGITransport(app)
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, base_url="http://r") as client:

        async def answers() -> bool:
            return (await client.get("/v1/oidc/campus/start")).status_code == 200

        await eventually(answers)
        yield client


async def vouched_for(http: httpx.AsyncClient, subject: str) -> dict[str, str]:
    """Log in at the issuer as a browser does; return what comes back to the portal."""
    begun = (await http.get("/v1/oidc/campus/start")).json()
    async with httpx.AsyncClient() as browser:
        back = await browser.post(begun["url"], data={"sub": subject})
    assert back.status_code == 302, back.text
    answer = {name: value for name, (value,) in parse_qs(urlparse(back.headers["Location"]).query).items()}
    assert back.headers["Location"].startswith(REDIRECT)
    assert answer["state"] == begun["state"]
    return {"code": answer["code"], "state": answer["state"]}


async def finish(http: httpx.AsyncClient, answer: dict[str, str]) -> httpx.Response:
    return await http.post("/v1/oidc/campus/finish", json=answer)


def codes(answer: httpx.Response) -> list[str]:
    return [fault["code"] for fault in answer.json()["faults"]]


async def opened(registry: Registry, name: str) -> dict[str, str]:
    """Open an account; return its headers."""
    body = {"user_name": name, "password": PASSWORD, "roles": ["case_worker"]}
    created = await registry.http.post("/v1/accounts", json=body, headers=registry.admins["510115"])
    assert created.status_code == 201, created.text
    return await registry.log_in(name, PASSWORD)


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def test_a_log_in_is_begun_with_pkce_and_a_nonce(http: httpx.AsyncClient, provider: str) -> None:
    begun = (await http.get("/v1/oidc/campus/start")).json()
    asked = {name: value for name, (value,) in parse_qs(urlparse(begun["url"]).query).items()}
    assert begun["url"].startswith(f"{provider}/oauth2/authorize?")
    assert (asked["response_type"], asked["client_id"], asked["redirect_uri"]) == ("code", "linbang", REDIRECT)
    assert (asked["scope"], asked["code_challenge_method"], asked["state"]) == ("openid", "S256", begun["state"])
    assert len(asked["code_challenge"]) == 43
    again = parse_qs(urlparse((await http.get("/v1/oidc/campus/start")).json()["url"]).query)
    assert {again[name][0] for name in ("nonce", "code_challenge", "state")}.isdisjoint(asked.values())


@pytest.mark.parametrize(("language", "title"), [("zh-CN", "校园账号"), ("en", "Campus account")])
async def test_an_issuer_has_the_title_that_the_settings_give_it(
    http: httpx.AsyncClient, language: str, title: str
) -> None:
    listed = (await http.get("/v1/oidc", headers={"Accept-Language": language})).json()["issuers"]
    assert listed == [{"name": "away", "title": "away"}, {"name": "campus", "title": title}]


async def test_an_identity_opens_an_account_only_once_its_owner_has_linked_it(
    http: httpx.AsyncClient, registry: Registry
) -> None:
    refused = await finish(http, await vouched_for(http, "li@campus"))
    assert (refused.status_code, codes(refused)) == (403, ["not_linked"])
    owner = await opened(registry, "li.outside")
    linked = await http.post("/v1/me/identities/campus", json=await vouched_for(http, "li@campus"), headers=owner)
    assert linked.status_code == 204, linked.text
    [identity] = (await http.get("/v1/me/identities", headers=owner)).json()["items"]
    assert (identity["issuer"], identity["linked_at"][:2]) == ("campus", "20")
    tokens = (await finish(http, await vouched_for(http, "li@campus"))).json()
    assert (await http.get("/v1/me", headers=bearer(tokens))).json()["user_name"] == "li.outside"
    other = await finish(http, await vouched_for(http, "wang@campus"))
    assert codes(other) == ["not_linked"]
    assert (await http.delete("/v1/me/identities/campus", headers=owner)).status_code == 204
    assert (await http.get("/v1/me/identities", headers=owner)).json() == {"items": []}
    assert codes(await finish(http, await vouched_for(http, "li@campus"))) == ["not_linked"]
    types = await registry.rows(
        "SELECT split_part(type, '.', 4) AS name FROM event_log WHERE topic = 'registry.account' "
        "ORDER BY position DESC LIMIT 2"
    )
    assert [row.name for row in types] == ["OutsideIdentityUnlinked", "OutsideIdentityLinked"]


async def test_an_identity_is_of_one_account(http: httpx.AsyncClient, registry: Registry) -> None:
    for name, status in (("first.outside", 204), ("second.outside", 409)):
        owner = await opened(registry, name)
        answer = await http.post("/v1/me/identities/campus", json=await vouched_for(http, "zhao@campus"), headers=owner)
        assert answer.status_code == status, answer.text


async def test_a_second_factor_is_asked_for_all_the_same(http: httpx.AsyncClient, registry: Registry) -> None:
    owner = await opened(registry, "careful.outside")
    await http.post("/v1/me/identities/campus", json=await vouched_for(http, "sun@campus"), headers=owner)
    secret = (await http.post("/v1/me/second-factor", headers=owner)).json()["secret"]
    code = {"code": pyotp.TOTP(secret).now()}
    recovery = (await http.post("/v1/me/second-factor/confirm", json=code, headers=owner)).json()["recovery_codes"]
    tokens = (await finish(http, await vouched_for(http, "sun@campus"))).json()
    refused = await http.get("/v1/me", headers=bearer(tokens))
    assert (refused.status_code, codes(refused)) == (403, ["second_factor"])
    stepped_up = await http.post("/v1/me/step-up", json={"code": recovery[0]}, headers=bearer(tokens))
    assert (await http.get("/v1/me", headers=bearer(stepped_up.json()))).status_code == 200


@pytest.mark.parametrize("wrong", ["used", "code", "state", "of another log-in", "late"])
async def test_what_is_not_the_end_of_a_log_in_that_we_began_is_refused(http: httpx.AsyncClient, wrong: str) -> None:
    answer = await vouched_for(http, "zhou@campus")
    late = 0
    if wrong == "used":
        assert codes(await finish(http, answer)) == ["not_linked"]
    elif wrong == "code":
        answer["code"] = "nonsense"
    elif wrong == "state":
        answer["state"] = "A" * 80
    elif wrong == "of another log-in":  # the nonce is another one
        answer["state"] = (await vouched_for(http, "qian@campus"))["state"]
    else:
        late = 601
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=late), tick=True):
        refused = await finish(http, answer)
    assert (refused.status_code, codes(refused)) == (401, ["outside_identity"])


async def test_linking_wants_somebody_who_has_just_shown_who_they_are(http: httpx.AsyncClient) -> None:
    answer = await vouched_for(http, "wu@campus")
    assert (await http.post("/v1/me/identities/campus", json=answer)).status_code == 401


async def test_an_issuer_that_is_away_is_503_and_one_that_is_none_404(http: httpx.AsyncClient) -> None:
    assert (await http.get("/v1/oidc/away/start")).status_code == 503
    assert (await http.get("/v1/oidc/nobody/start")).status_code == 404


async def test_what_is_on_file_of_an_identity_is_no_name(http: httpx.AsyncClient, registry: Registry) -> None:
    owner = await opened(registry, "hidden.outside")
    await http.post("/v1/me/identities/campus", json=await vouched_for(http, "zheng@campus"), headers=owner)
    async with registry.api.transaction("510115") as tx:
        rows = (await tx.execute(text("SELECT outside_identity::text FROM outside_identity"))).scalars().all()
    assert rows
    assert not any("zheng" in row or b"zheng".hex() in row for row in rows)

"""A token's signature is verified once; whether it is still good is looked at each time it comes."""

import asyncio
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.contracts.tokens import ALGORITHM, ISSUER
from shared.http import auth
from shared.http.auth import Verifier
from shared.http.problems import ProblemError
from shared.store.event_log import new_id, now
from shared.store.revocations import Revocations
from tests.support.eventually import eventually, running

OLD, NEW = [OKPKey.generate_key("Ed25519", {"kid": kid, "use": "sig"}) for kid in ("old", "new")]


class Issuer:
    """What registry publishes: its keys, and whose tokens it has revoked."""

    def __init__(self) -> None:
        self.keys = [OLD]
        self.revoked: set[str] = set()

    async def fetch(self) -> dict[str, Any]:
        return {"keys": [key.as_dict(private=False) for key in self.keys]}

    async def name(self, claims: Mapping[str, Any]) -> bool:
        return claims["sub"] in self.revoked

    def verifier(self) -> Verifier:
        return Verifier(self.fetch, cast("Revocations", self))


class Clock:
    """Time as the verifier sees it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 1000.0
        monkeypatch.setattr(auth, "time", SimpleNamespace(monotonic=lambda: self.passed))


@pytest.fixture
def issuer() -> Issuer:
    return Issuer()


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tokens whose signatures have been verified."""
    tokens: list[str] = []
    decode = jwt.decode

    def noted(token: str, *rest: Any, **named: Any) -> Any:
        tokens.append(token)
        return decode(token, *rest, **named)

    monkeypatch.setattr(jwt, "decode", noted)
    return tokens


def token(key: OKPKey = OLD, seconds: int = 900) -> str:
    sub, exp = str(new_id()), int(now().timestamp()) + seconds
    claims = {"iss": ISSUER, "sub": sub, "district": "510115", "roles": [], "exp": exp}
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])


async def refused(verifier: Verifier, token: str) -> bool:
    try:
        await verifier.verify(token)
    except ProblemError as error:
        return error.status == 401
    return False


async def test_a_signature_is_verified_once(issuer: Issuer, decoded: list[str]) -> None:
    verifier, one, other = issuer.verifier(), token(), token()
    claims = [await verifier.verify(each) for each in (one, other, one, one)]
    assert decoded == [one, other]
    assert [each["sub"] for each in claims] == [claims[0]["sub"], claims[1]["sub"], claims[0]["sub"], claims[0]["sub"]]


async def test_what_is_remembered_outlasts_strange_tokens_and_the_fetching_of_the_same_keys(
    issuer: Issuer, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, verifier, one = Clock(monkeypatch), issuer.verifier(), token()
    await verifier.verify(one)
    for seconds in (auth._UNKNOWN_KEY_REFETCH_SECONDS, auth._REFETCH_SECONDS):
        clock.passed += seconds
        assert await refused(verifier, token(NEW))
        await verifier.verify(one)
    assert decoded.count(one) == 1


async def test_a_token_with_another_signature_is_another_one(issuer: Issuer) -> None:
    verifier, one = issuer.verifier(), token()
    await verifier.verify(one)
    assert await refused(verifier, one[:-8] + "AAAAAAAA")


async def test_a_known_token_is_refused_once_its_time_is_over(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier, one = issuer.verifier(), token(seconds=900)
    await verifier.verify(one)
    monkeypatch.setattr(verifier._claims, "_now", int(now().timestamp()) + 1000)
    assert await refused(verifier, one)


async def test_a_known_token_is_refused_once_it_is_revoked(issuer: Issuer) -> None:
    verifier, one = issuer.verifier(), token()
    issuer.revoked.add((await verifier.verify(one))["sub"])
    assert await refused(verifier, one)


async def test_a_known_token_is_refused_once_its_key_is_withdrawn(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_REFETCH_SECONDS", 0.0)
    verifier, one = issuer.verifier(), token()
    await verifier.verify(one)
    issuer.keys = [NEW]
    async with running(lambda _: verifier.keep_fresh()):
        await eventually(lambda: refused(verifier, one))
    await verifier.verify(token(NEW))


async def test_while_the_issuer_hangs_or_fails_nobody_waits_who_comes_with_a_key_we_know(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auth, "_REFETCH_SECONDS", 0.0)
    verifier, asked, hangs = issuer.verifier(), 0, asyncio.Event()
    await verifier.verify(token())

    async def fetch() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        if asked < 3:
            raise ValueError("that is no key set")
        hangs.set()
        await asyncio.Event().wait()
        raise AssertionError

    verifier._fetch = fetch
    async with running(lambda _: verifier.keep_fresh()):
        await hangs.wait()
        await verifier.verify(token())


async def test_so_many_are_remembered_and_no_more(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "_MOST_REMEMBERED", 3)
    verifier = issuer.verifier()
    for _ in range(10):
        await verifier.verify(token())
        assert len(verifier._signed) <= 3

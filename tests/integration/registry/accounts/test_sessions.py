"""Staying logged in: refresh tokens in families, and the sessions that they make up (RFC 9700, 4.14.2; ASVS 3.3)."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from tests.integration.registry.conftest import ADMIN_PASSWORD, Registry
from tests.support.eventually import eventually

NAME = "admin.510115"


async def log_in(registry: Registry, **headers: str) -> dict[str, Any]:
    answer = await registry.http.post(
        "/v1/tokens", json={"user_name": NAME, "password": ADMIN_PASSWORD}, headers=headers
    )
    assert answer.status_code == 200, answer.text
    tokens: dict[str, Any] = answer.json()
    return tokens


async def refresh(registry: Registry, refresh_token: str) -> httpx.Response:
    return await registry.http.post("/v1/tokens/refresh", json={"refresh_token": refresh_token})


async def next_token(registry: Registry, refresh_token: str) -> str:
    answer = await refresh(registry, refresh_token)
    assert answer.status_code == 200, answer.text
    successor: str = answer.json()["refresh_token"]
    return successor


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    encoded = tokens["access_token"].split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    return claims


async def refused(registry: Registry, tokens: dict[str, Any]) -> bool:
    return (await registry.http.get("/v1/me", headers=bearer(tokens))).status_code == 401


async def let_pass(registry: Registry, tokens: dict[str, Any], seconds: float) -> None:
    """Let a session be so many seconds older."""
    async with registry.api.transaction("510115") as tx:
        await tx.execute(
            text("""
                UPDATE session SET rotated_at = rotated_at - CAST(:passed AS interval),
                                   idle_until = idle_until - CAST(:passed AS interval),
                                   expires_at = expires_at - CAST(:passed AS interval)
                WHERE id = CAST(:id AS uuid)
            """),
            {"passed": timedelta(seconds=seconds), "id": claims_of(tokens)["sid"]},
        )


@pytest.fixture(autouse=True)
async def no_other_session(registry: Registry) -> AsyncIterator[None]:
    yield
    async with registry.api.transaction("510115") as tx:
        await tx.execute(text("UPDATE session SET ended_at = clock_timestamp() - interval '1 day'"))


async def test_an_access_token_lasts_15_minutes_and_a_refresh_token_gets_the_next(registry: Registry) -> None:
    first = await log_in(registry)
    assert (first["expires_in"], first["must_change_password"], first["second_factor"]) == (900, False, "none")
    claims = claims_of(first)
    assert claims["exp"] - claims["iat"] == 900
    answer = await refresh(registry, first["refresh_token"])
    second = answer.json()
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    assert claims_of(second)["sid"] == claims["sid"]
    assert not await refused(registry, second)
    assert not await refused(registry, first), "an access token is good until it expires"


async def test_what_is_on_file_of_a_refresh_token_is_no_token(registry: Registry) -> None:
    tokens = await log_in(registry)
    async with registry.api.transaction("510115") as tx:
        rows = (await tx.execute(text("SELECT session::text, refresh_token::text FROM session, refresh_token"))).all()
    secret = tokens["refresh_token"].split(".")[1]
    assert rows
    assert all(secret not in content for row in rows for content in row)


async def test_a_refresh_token_that_is_used_again_later_ends_its_session(registry: Registry) -> None:
    """Whoever of the two is the thief: neither of them goes on."""
    first = await log_in(registry)
    second = (await refresh(registry, first["refresh_token"])).json()
    await let_pass(registry, first, 31)
    again = await refresh(registry, first["refresh_token"])
    assert (again.status_code, again.json()["faults"][0]["code"]) == (401, "session_ended")
    assert (await refresh(registry, second["refresh_token"])).status_code == 401
    assert await eventually(lambda: refused(registry, second)), "its access tokens end with it"
    entries = await noted(registry, "refresh_token_reused")
    assert [entry["subject_id"] for entry in entries] == [claims_of(first)["sub"]]


async def noted(registry: Registry, action: str) -> list[dict[str, Any]]:
    operator = await registry.operator("510115")
    answer = await registry.http.get("/v1/access-log", params={"action": action}, headers=operator)
    assert answer.status_code == 200, answer.text
    entries: list[dict[str, Any]] = answer.json()["items"]
    return entries


async def test_a_lost_answer_is_asked_for_again_within_30_seconds(registry: Registry) -> None:
    first = (await log_in(registry))["refresh_token"]
    lost = await next_token(registry, first)
    found = await next_token(registry, first)
    assert found != lost
    assert (await refresh(registry, found)).status_code == 200


async def test_of_two_successors_the_one_that_is_used_first_is_good(registry: Registry) -> None:
    """Who stole a token and used it in the grace has a line of their own, until one of the two goes on."""
    tokens = await log_in(registry)
    one = await next_token(registry, tokens["refresh_token"])
    other = await next_token(registry, tokens["refresh_token"])
    went_on = await next_token(registry, one)
    assert (await refresh(registry, other)).status_code == 401
    assert (await refresh(registry, went_on)).status_code == 401, "the family has ended"


async def test_once_a_successor_is_used_there_is_no_grace(registry: Registry) -> None:
    tokens = await log_in(registry)
    second = await next_token(registry, tokens["refresh_token"])
    await next_token(registry, second)
    assert (await refresh(registry, tokens["refresh_token"])).status_code == 401


async def test_requests_of_one_page_that_refresh_at_once_all_go_on(registry: Registry) -> None:
    token = (await log_in(registry))["refresh_token"]
    answers = await asyncio.gather(*(refresh(registry, token) for _ in range(4)))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert (await refresh(registry, answers[2].json()["refresh_token"])).status_code == 200


@pytest.mark.parametrize("token", ["", "nonsense", "510115." + "A" * 43, "990000." + "A" * 43, "*." + "A" * 43])
async def test_what_is_no_refresh_token_is_refused(registry: Registry, token: str) -> None:
    answer = await refresh(registry, token)
    assert (answer.status_code, answer.json()["faults"][0]["code"]) == (401, "session_ended")


@pytest.mark.parametrize("hours", [0.76, 12.1], ids=["45 minutes idle", "12 hours in all"])
async def test_a_session_of_staff_is_over(registry: Registry, hours: float) -> None:
    tokens = await log_in(registry)
    assert tokens["refresh_expires_in"] == pytest.approx(45 * 60, abs=2)
    if hours > 1:
        for _ in range(16):  # in use all the time
            await let_pass(registry, tokens, 44 * 60)
            tokens = (await refresh(registry, tokens["refresh_token"])).json()
        assert tokens["refresh_expires_in"] < 45 * 60
    await let_pass(registry, tokens, 45 * 60 + 1)
    assert (await refresh(registry, tokens["refresh_token"])).status_code == 401


async def test_logging_out_ends_the_session_and_its_access_tokens(registry: Registry) -> None:
    tokens, other = await log_in(registry), await log_in(registry)
    for _ in range(2):  # a repeated log-out is as good
        ended = await registry.http.post("/v1/tokens/end", json={"refresh_token": tokens["refresh_token"]})
        assert ended.status_code == 204
    assert (await refresh(registry, tokens["refresh_token"])).status_code == 401
    assert await eventually(lambda: refused(registry, tokens))
    assert not await refused(registry, other)
    assert (await refresh(registry, other["refresh_token"])).status_code == 200


async def test_sessions_are_listed_and_ended_one_by_one_and_all_others(registry: Registry) -> None:
    here = await log_in(registry, **{"User-Agent": "Firefox on the office's computer"})
    elsewhere = [await log_in(registry, **{"User-Agent": f"phone {number}"}) for number in range(3)]
    shown = (await registry.http.get("/v1/me/sessions", headers=bearer(here))).json()
    assert {session["user_agent"]: session["current"] for session in shown} == {
        "Firefox on the office's computer": True,
        "phone 0": False,
        "phone 1": False,
        "phone 2": False,
    }
    assert {session["address_masked"] for session in shown} == {"127.0.*.*"}
    ended = await registry.http.delete(f"/v1/me/sessions/{claims_of(elsewhere[0])['sid']}", headers=bearer(here))
    assert ended.status_code == 204
    assert await eventually(lambda: refused(registry, elsewhere[0]))
    assert not await refused(registry, elsewhere[1])
    assert (await registry.http.delete("/v1/me/sessions", headers=bearer(here))).status_code == 204
    for tokens in elsewhere[1:]:
        assert (await refresh(registry, tokens["refresh_token"])).status_code == 401
        assert await eventually(lambda tokens=tokens: refused(registry, tokens))  # type: ignore[misc]
    assert not await refused(registry, here)
    left = (await registry.http.get("/v1/me/sessions", headers=bearer(here))).json()
    assert [session["current"] for session in left] == [True]


async def test_nobody_ends_another_s_session(registry: Registry) -> None:
    mine = await log_in(registry)
    operator = await registry.operator("510115")
    answer = await registry.http.delete(f"/v1/me/sessions/{claims_of(mine)['sid']}", headers=operator)
    assert answer.status_code == 404
    assert not await refused(registry, mine)


async def test_sessions_that_end_at_the_same_time_are_all_told_of(registry: Registry) -> None:
    """The published value holds all that have ended: none may be lost to another that ends beside it."""
    keeper = await log_in(registry)
    ending = [await log_in(registry) for _ in range(6)]
    ids = [claims_of(tokens)["sid"] for tokens in ending]
    await asyncio.gather(*(registry.http.delete(f"/v1/me/sessions/{each}", headers=bearer(keeper)) for each in ids))
    told = await registry.rows(
        "SELECT ended_sessions FROM revocation WHERE account_id = :id", id=claims_of(keeper)["sub"]
    )
    assert set(map(str, told[0].ended_sessions)) >= set(ids)

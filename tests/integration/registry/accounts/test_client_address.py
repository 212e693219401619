"""Checks 2 and 3 of the portal: who guesses behind the portal is slowed down, and nobody else is."""

import time
from base64 import b64decode

import httpx

from shared.http.client_address import HEADER, signed_address
from tests.integration.registry.conftest import ADMIN_PASSWORD, Registry

GUESSER, OWNER = "203.0.113.9", "198.51.100.7"


async def log_in_from(registry: Registry, address: str, name: str, password: str) -> httpx.Response:
    """Log in as the portal does it for a browser at an address."""
    key = b64decode(registry.environment["PORTAL_ADDRESS_KEY"])
    return await registry.http.post(
        "/v1/tokens",
        json={"user_name": name, "password": password},
        headers={HEADER: signed_address(key, address, time.time())},
    )


async def test_ten_wrong_tries_from_one_address_do_not_stop_the_owner_at_another(registry: Registry) -> None:
    for name in ("admin.510115", "nobody.here"):
        tries = [await log_in_from(registry, GUESSER, name, "wrong password") for _ in range(11)]
        assert [answer.status_code for answer in tries] == [401] * 10 + [429]
        assert int(tries[-1].headers["Retry-After"]) > 0
    right = await log_in_from(registry, GUESSER, "admin.510115", ADMIN_PASSWORD)
    assert right.status_code == 429
    assert (await log_in_from(registry, OWNER, "admin.510115", ADMIN_PASSWORD)).status_code == 200


async def test_a_wrong_password_and_an_unknown_name_are_answered_in_the_same_words(registry: Registry) -> None:
    wrong, unknown = [
        await log_in_from(registry, OWNER, name, "wrong password") for name in ("admin.510115", "nobody.else")
    ]
    assert (wrong.status_code, wrong.content) == (unknown.status_code, unknown.content)


async def test_a_guesser_who_writes_the_header_themselves_is_counted_by_their_connection(registry: Registry) -> None:
    statuses = []
    for guess in range(11):
        forged = signed_address(b"a key of the guesser's own", f"192.0.2.{guess}", time.time())
        answer = await registry.http.post(
            "/v1/tokens",
            json={"user_name": "nobody.at.all", "password": "wrong password"},
            headers={HEADER: forged, "X-Forwarded-For": f"192.0.2.{guess}"},
        )
        statuses.append(answer.status_code)
    assert statuses == [401] * 10 + [429]

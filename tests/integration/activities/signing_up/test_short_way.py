"""The short way to signing up, which a request without a body takes, answers as the declared route does."""

from collections.abc import Callable
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.integration.activities.conftest import Account, Activities, token
from tests.integration.activities.shifts import shift_at, volunteers

SHORT: dict[str, Any] = {}
LONG: dict[str, Any] = {"json": {}}


def told(response: Any) -> tuple[int, Any, str | None]:
    """Return what an answer says, but for ids and numbers that are each request's own."""
    body = response.json()
    own = {name: body[name] for name in body if name not in ("sign_up_id", "queue_number")}
    return response.status_code, own, response.headers.get("WWW-Authenticate")


@pytest.mark.parametrize(
    ("status", "made"),  # when the test runs: a token is good for minutes
    [
        (401, lambda: {"Authorization": ""}),
        (401, lambda: {"Authorization": "Bearer not.a.token"}),
        (401, lambda: {"Authorization": f"Bearer {token('volunteer', volunteer_id=new_id())[:-8]}AAAAAAAA"}),
        (403, lambda: {"Authorization": f"Bearer {token('auditor')}"}),
        (403, lambda: {"Authorization": f"Bearer {token('district_admin')}"}),
        (403, lambda: {"X-District": "510116"}),
        (422, lambda: {"Idempotency-Key": "k" * 201}),
        (422, lambda: {"Authorization": f"Bearer {token('volunteer', volunteer_id=new_id())}"}),
    ],
)
async def test_who_is_refused_is_told_the_same(
    activities: Activities, status: int, made: Callable[[], dict[str, str]]
) -> None:
    [one] = await volunteers(activities, 1)
    path = f"/v1/shifts/{await shift_at(activities, 9, 11)}/sign-ups"
    headers = made()
    short, long = [await one.account.send("POST", path, headers=headers, **way) for way in (SHORT, LONG)]
    assert short.status_code == status
    assert told(short) == told(long)


async def test_a_malformed_or_unknown_shift_is_told_the_same(activities: Activities) -> None:
    [one] = await volunteers(activities, 1)
    for shift, status in (("no-id", 422), (new_id(), 404)):
        short, long = [await one.account.send("POST", f"/v1/shifts/{shift}/sign-ups", **way) for way in (SHORT, LONG)]
        assert short.status_code == status
        assert told(short) == told(long)


async def test_who_signs_up_is_told_the_same_and_a_key_stands_for_one_request(activities: Activities) -> None:
    first, second = await volunteers(activities, 2)
    path = f"/v1/shifts/{await shift_at(activities, 9, 11)}/sign-ups"

    async def ask(account: Account, way: dict[str, Any], key: str | None = None) -> Any:
        return await account.send("POST", path, key=key, **way)

    short, long = await ask(first.account, SHORT, "k"), await ask(second.account, LONG, "k")
    assert told(short) == told(long)
    assert (await ask(first.account, SHORT, "k")).headers["Idempotent-Replayed"] == "true"
    for way in (SHORT, LONG):
        assert (await ask(first.account, way)).json()["faults"][0]["code"] == "already_signed_up"

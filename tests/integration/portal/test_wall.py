"""The screen at a shift's place says what is wrong instead of showing a code that nobody can use."""

from typing import Any

import pytest

from shared.contracts.actor import Role
from tests.integration.portal.test_offline_list import ROSTER, SHIFT
from tests.support.portal import FakeServices, Portal

WALL = f"/staff/shifts/{SHIFT}/wall"
CODE: dict[str, Any] = {
    "qr_token": "AQ",
    "digits": "492039",
    "digits_valid_until": "2026-03-01T09:01:00Z",
    "server_time": "2026-03-01T09:00:07Z",
    "present": 1,
    "confirmed": 1,
    "capacity": 5,
    "clocks_differ_by": 0,
}


def show(services: FakeServices, **code: int) -> None:
    services.answer(f"GET activities/v1/shifts/{SHIFT}/roster", ROSTER)
    services.answer(f"GET activities/v1/shifts/{SHIFT}/code", {**CODE, **code})


@pytest.mark.parametrize(("seconds", "is_said"), [(0, False), (9, False), (10, True)])
async def test_clocks_of_servers_that_differ_are_said(
    portal: Portal, services: FakeServices, seconds: int, *, is_said: bool
) -> None:
    show(services, clocks_differ_by=seconds)
    browser = await portal.logged_in(Role.TEAM_LEADER)
    page = (await browser.get(WALL)).text
    assert ("服务器之间的时钟差了" in page) is is_said
    assert "492" in page
    await browser.aclose()


async def test_the_screen_comes_again_by_itself_with_scripts_and_without(
    portal: Portal, services: FakeServices
) -> None:
    show(services)
    browser = await portal.logged_in(Role.TEAM_LEADER)
    page = (await browser.get(WALL)).text
    assert '<noscript><meta http-equiv="refresh" content="15"></noscript>' in page
    assert 'hx-trigger="live, every 5s"' in page
    del services.answers[f"GET activities/v1/shifts/{SHIFT}/code"]
    away = await browser.get(WALL)
    assert away.status_code == 503
    assert "暂时连不上服务，没有签到码。" in away.text
    assert '<meta http-equiv="refresh" content="10">' in away.text
    await browser.aclose()

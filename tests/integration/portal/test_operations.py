"""The operator sees whether anything is wrong, and where; what could not be seen is never called well (O1)."""

from typing import Any

import pytest

from shared.messaging.observer import Observer
from shared.store.engine import Store
from tests.support.infrastructure import Urls
from tests.support.portal import Portal

PATH = "/staff/operations"
WELL: dict[str, Any] = {
    "looked_at": "2026-11-27T02:00:00+00:00",
    "troubles": [],
    "outbox": 0,
    "following": [{"consumer": "x", "behind": 0, "moved_at": "2026-11-27T02:00:00+00:00"}],
    "work": [{"kind": "janitor", "open": 1, "due_seconds": 0, "given_up": 0}],
    "compared": [
        {"projection": "ledger", "compared_at": "2026-11-26T18:30:00+00:00", "rows": 250789, "differences": 0}
    ],
}
OTHERS = ("registry", "activities", "assessment", "notifications")


@pytest.fixture(autouse=True)
async def _seen(portal: Portal, urls: Urls) -> None:
    for name in OTHERS:
        portal.services.answer(f"GET {name}/v1/operations/status", {"service": name, **WELL})
    async with Store(urls.worker) as worker:
        await Observer(worker).look()


async def test_a_system_that_is_well_says_so_with_the_time_of_the_earliest_look(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    page = (await browser.get(PATH)).text
    assert "一切正常" in page
    assert "最早一次自查在 10:00" in page
    assert page.count("正常</span>") == 5
    assert "250,789" in page


async def test_a_service_that_is_away_is_named_and_nothing_is_called_well(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    del portal.services.answers["GET assessment/v1/operations/status"]
    page = (await browser.get(PATH)).text
    assert "一切正常" not in page
    assert (page.count("不回答</span>"), page.count("正常</span>")) == (1, 4)


async def test_what_is_wrong_is_told_with_the_way_to_more(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    troubles = [{"code": "parked", "of": "", "number": 1200}, {"code": "differs", "of": "ledger", "number": 3}]
    portal.services.answer(
        "GET assessment/v1/operations/status", {"service": "assessment", **WELL, "troubles": troubles}
    )
    page = (await browser.get(PATH)).text
    for said in (
        "有需要处理的问题",
        "有 1,200 条消息处理不了",
        "/staff/operations/dead-letters?service=assessment",
        "有 3 处不同",
    ):
        assert said in page


async def test_an_operator_who_logs_in_begins_there(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    assert (await browser.get("/log-in")).headers["Location"] == PATH


async def test_the_page_is_the_operator_s_alone(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    assert (await browser.get(PATH)).status_code == 403

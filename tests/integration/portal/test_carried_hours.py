"""Row 59: who has moved here sees on the hours page what of their hours was carried along, and from where."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.integration.portal.test_own_data import VOLUNTEER, all_that_is_held, just_logged_in
from tests.support.portal import Portal

VOLUNTEER_ID = str(new_id())
HOURS: dict[str, Any] = {
    "volunteer_id": VOLUNTEER_ID,
    "lifetime_minutes": 6210,
    "sessions": 3,
    "stars": 1,
    "next_level": 2,
    "minutes_to_next_level": 11790,
    "rule_set": "510115/2025.1",
    "by_month": [{"month": "2026-03", "minutes": 120, "sessions": 1}],
    "by_service": [{"service": "culture", "minutes": 120, "sessions": 1}],
    "carried": [
        {"from_district": "510116", "minutes": 6090, "sessions": 2, "recorded_at": "2026-03-01T10:00:00+08:00"}
    ],
}


@pytest.mark.row(59)
@pytest.mark.parametrize(
    ("language", "line"),
    [
        ("zh-CN", "其中从双流区转入 101 小时 30 分、2 次，截至"),
        ("en", "Of these, carried along from 双流区: 101 h 30 min, 2 sessions, as of"),
    ],
)
async def test_the_hours_page_says_what_was_carried_from_where(portal: Portal, language: str, line: str) -> None:
    answer = portal.services.answer
    answer("GET registry/v1/districts", [{"code": "510115", "name": "温江区"}, {"code": "510116", "name": "双流区"}])
    answer("GET assessment/v1/me/hours", HOURS)
    answer(f"GET assessment/v1/volunteers/{VOLUNTEER_ID}/ledger", {"items": [], "next_cursor": None})
    browser = await portal.logged_in("volunteer", vid=VOLUNTEER_ID)
    await browser.post("/display", data={"lang": language})
    page = await browser.get("/me/hours")
    assert page.status_code == 200
    assert line in page.text
    await browser.aclose()


@pytest.mark.row(59)
async def test_the_own_data_say_it_too_and_the_copy_has_all_of_it(portal: Portal) -> None:
    all_that_is_held(portal)
    portal.services.answer("GET assessment/v1/me/hours", HOURS | {"volunteer_id": VOLUNTEER["vid"]})
    browser = await just_logged_in(portal)
    assert "其中从其他区转入</dt><dd>101 小时 30 分" in (await browser.get("/me/profile/data")).text
    copy = json.loads((await browser.post("/me/profile/data")).content)
    assert copy["assessment"]["carried"] == HOURS["carried"]
    await browser.aclose()

"""Checking in: what the volunteer types or scans goes on once, and each refusal is told in words."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.portal import Portal

SHIFT = "01900000-0000-7000-8000-000000000002"
SIGN_UP = "01900000-0000-7000-8000-000000000003"


def sign_up(state: str) -> dict[str, object]:
    starts_at = datetime.now(UTC) - timedelta(minutes=20)
    return {
        "sign_up_id": SIGN_UP,
        "state": state,
        "listed": "upcoming",
        "position": None,
        "answer_by": None,
        "absence": None,
        "shift_id": SHIFT,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=2)).isoformat(),
        "opens_at": (starts_at - timedelta(minutes=30)).isoformat(),
        "late_from": (starts_at - timedelta(days=1)).isoformat(),
        "free_from": (starts_at - timedelta(hours=1)).isoformat(),
        "activity_id": SHIFT,
        "title": "读书会",
        "service": "culture",
        "place": "活动室",
        "checked_in_at": starts_at.isoformat() if state == "attending" else None,
        "checked_out_at": None,
        "minutes": None,
        "record_id": None,
    }


async def test_the_digits_go_on_with_the_shift_and_the_form_s_key(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer(
        "POST activities/v1/check-ins", {"sign_up_id": SIGN_UP, "checked_in_at": "2026-11-27T01:00:00Z"}
    )
    answer = await browser.post("/check-in", data={"shift": SHIFT, "digits": "407 123", "key": "k"})
    assert answer.headers["location"] == "/check-in?done=in"
    asked = portal.services.asked[-1]
    assert json.loads(asked.content) == {"shift_id": SHIFT, "digits": "407123"}
    assert asked.headers["idempotency-key"] == "k"
    await browser.aclose()


@pytest.mark.parametrize(
    ("status", "said", "told"),
    [
        (422, {"left": 3}, "还可以试 3 次"),
        (429, {"again_at": "2026-11-27T01:10:00Z"}, "09:10 后再试"),
        (422, {"opens_at": "2026-11-27T00:30:00Z"}, "08:30 开始"),
    ],
)
async def test_a_refusal_says_what_to_do(portal: Portal, status: int, said: dict[str, object], told: str) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("GET activities/v1/me/sign-ups", {"items": [sign_up("confirmed")], "next_cursor": None})
    problem = {"type": "/problems/refused", "title": "x", "status": status, **said}
    portal.services.answer("POST activities/v1/check-ins", problem, status)
    answer = await browser.post("/check-in", data={"shift": SHIFT, "digits": "000000"})
    assert answer.status_code == status
    assert told in answer.text
    assert 'aria-invalid="true"' in answer.text
    await browser.aclose()


async def test_who_is_logged_out_meanwhile_is_sent_to_log_in(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.refuse("POST activities/v1/check-ins", 401)
    answer = await browser.post("/check-in", data={"shift": SHIFT, "digits": "000000"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in")
    await browser.aclose()


async def test_what_is_under_way_can_be_ended_and_taken_back(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("GET activities/v1/me/sign-ups", {"items": [sign_up("attending")], "next_cursor": None})
    page = (await browser.get("/check-in")).text
    assert "0:20" in page
    assert f'value="{SIGN_UP}"' in page
    answered = {"sign_up_id": SIGN_UP, "state": "completed", "minutes": 20}
    portal.services.answer("POST activities/v1/check-outs", answered)
    answer = await browser.post("/check-out", data={"sign_up": SIGN_UP, "key": "k"})
    assert answer.headers["location"] == f"/sign-ups/{SIGN_UP}?done=out"
    await browser.aclose()

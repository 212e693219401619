"""A1: why a record counts what it counts: its events, who did them, where they are, what the ledger made of them."""

import re
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import ACCOUNT, Portal

RECORD, OTHER = str(new_id()), str(new_id())
LOGGED, CORRECTED, RATED = (str(new_id()) for _ in range(3))
HERE = f"/staff/explanations/{RECORD}"
EVENTS = f"GET activities/v1/service-records/{RECORD}/events"
IN_LEDGER = f"GET assessment/v1/service-records/{RECORD}/explanation"


def event(event_id: str, kind: str, version: int, **changes: Any) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "kind": kind,
        "version": version,
        "topic": "activities.service-record",
        "position": 4710 + version,
        "occurred_at": f"2026-03-0{version}T01:00:00Z",
        "cause": "account",
        "cause_id": str(ACCOUNT),
        "minutes": None,
        "previous_minutes": None,
        "reason": None,
        **changes,
    }


def step(event_id: str, version: int, change: int, total: int, *entries: tuple[str, int]) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "version": version,
        "recorded_at": f"2026-03-0{version}T01:00:00Z",
        "rule_set": "510115/2025.1",
        "entries": [{"kind": kind, "minutes": minutes} for kind, minutes in entries],
        "change": change,
        "total": total,
        "place": {"topic": "activities.service-record", "partition": 3, "offset": 1200 + version},
    }


TOLD = [
    event(LOGGED, "logged", 1, minutes=120),
    event(RATED, "rated", 2),
    event(CORRECTED, "corrected", 3, cause_id=OTHER, minutes=90, previous_minutes=120, reason="提前离开"),
]
STEPS = [
    step(LOGGED, 1, 120, 120, ("credit", 120)),
    step(CORRECTED, 3, -30, 90, ("reversal", -120), ("correction", 90)),
]
LEDGER: dict[str, Any] = {
    "volunteer_id": str(ACCOUNT),
    "volunteer_no": "51011500000002",
    "activity_title": "社区读书会",
    "service": "culture",
    "started_at": "2026-03-01T01:00:00Z",
    "provenance": "leader",
    "minutes": 90,
    "places_known": True,
    "steps": STEPS,
}


@pytest.fixture
def told(portal: Portal) -> Portal:
    """The portal, with a record that was rated and corrected."""
    portal.services.answer(EVENTS, {"items": TOLD, "next_cursor": None})
    portal.services.answer(IN_LEDGER, LEDGER)
    portal.services.answer(f"GET registry/v1/accounts/{OTHER}", {"roles": ["station_manager"]})
    portal.services.refuse(f"GET registry/v1/accounts/{ACCOUNT}", 404)
    return portal


async def page(portal: Portal, role: str = "auditor", path: str = HERE) -> str:
    browser = await portal.logged_in(role)
    answer = await browser.get(path)
    await browser.aclose()
    assert answer.status_code == 200
    return answer.text


@pytest.mark.row(55)
async def test_every_step_names_its_event_who_did_it_its_place_and_what_came_of_it(told: Portal) -> None:
    text = await page(told)
    for said in (LOGGED, RATED, CORRECTED, str(ACCOUNT), OTHER, "站长", "提前离开", "activities.service-record"):
        assert said in text, said
    places = re.findall(r"偏移量</dt><dd class=\"num\">(\d+)", text)
    assert places == ["1201", "1203"]
    assert re.findall(r"日志位置</dt><dd class=\"num\">(\d+)", text) == ["4711", "4712", "4713"]
    assert "+2 小时" in text
    assert "−30 分" in text
    assert "账目和事件一致" in text
    assert "截至" in text


@pytest.mark.parametrize(
    ("events", "steps", "said"),
    [
        (TOLD, STEPS[:1], "账上没有这一笔"),
        (TOLD, [STEPS[0], step(CORRECTED, 3, -20, 100, ("correction", 100))], "账上的数和事件不同"),
        (TOLD[:2], STEPS, "没有事件说明这一笔"),
    ],
)
async def test_where_the_ledger_is_not_what_the_events_say_it_is_said_at_that_step(
    told: Portal, events: list[Any], steps: list[Any], said: str
) -> None:
    told.services.answer(EVENTS, {"items": events, "next_cursor": None})
    told.services.answer(IN_LEDGER, LEDGER | {"steps": steps})
    text = await page(told)
    assert text.count(said) == 1
    assert "账目和事件不一致" in text


async def test_what_is_away_is_said_to_be_and_nothing_is_called_sound(told: Portal) -> None:
    told.services.answer(IN_LEDGER, LEDGER | {"places_known": False, "steps": [s | {"place": None} for s in STEPS]})
    assert "Kafka 暂时没有回答" in await page(told)
    for away in (EVENTS, IN_LEDGER):
        kept = told.services.answers.pop(away)
        text = await page(told)
        told.services.answers[away] = kept
        assert "暂时取不到" in text
        assert "账目和事件" not in text
        assert "账上没有这一笔" not in text


async def test_a_record_that_is_not_entered_yet_is_no_error_and_one_that_is_not_there_is_not_found(
    told: Portal,
) -> None:
    told.services.refuse(IN_LEDGER, 404)
    assert "账上没有这一笔" in await page(told)
    told.services.refuse(EVENTS, 404)
    browser = await told.logged_in("auditor")
    assert (await browser.get(HERE)).status_code == 404
    await browser.aclose()


async def test_a_volunteer_reads_it_of_the_own_record_and_no_account_is_asked_for(told: Portal) -> None:
    told.services.answer(IN_LEDGER, LEDGER | {"places_known": False, "steps": [s | {"place": None} for s in STEPS]})
    text = await page(told, "volunteer", f"/me/records/{RECORD}/why")
    assert "账目和事件一致" in text
    assert text.count("您本人") == 2
    assert "Kafka" not in text
    assert not [one for one in told.services.asked if one.url.path.startswith("/v1/accounts")]

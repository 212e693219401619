"""The operator sees what no service could apply, has it applied again, or gives it up (O2)."""

import time
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from shared.http.pages import cursor
from shared.store.engine import Store
from shared.store.event_log import new_id
from tests.support.emptying import empty
from tests.support.infrastructure import Urls
from tests.support.portal import ACCOUNT, Portal

PATH = "/staff/operations/dead-letters"
ROUTE = "/v1/operations/dead-letters"
LETTER = "01980000-0000-7000-8000-00000000000a"
OTHERS = ("registry", "activities", "assessment", "notifications")
MORE = cursor(LETTER)
SURE = {"stepped_up_at": int(time.time()) + 3600}


def letter(**changes: object) -> dict[str, Any]:
    at = "2026-11-27T02:00:00+00:00"
    return {
        "id": LETTER,
        "topic": "activities.service-record",
        "partition": 2,
        "offset": 41,
        "key": "a-record",
        "reason": "BrokenInvariantError",
        "message": "such minutes cannot be",
        "state": "parked",
        "parked_at": at,
        "attempts": 1,
        "tried_at": at,
        "settled_at": None,
        "settled_by": None,
        "settled_reason": None,
        "order": None,
        **changes,
    }


@pytest.fixture(autouse=True)
async def _parked(portal: Portal, urls: Urls) -> None:
    for name in OTHERS:
        portal.services.answer(f"GET {name}{ROUTE}", {"items": [], "next_cursor": None})
    portal.services.answer(f"GET assessment{ROUTE}", {"items": [letter()], "next_cursor": MORE})
    shown = letter(headers={"ce_id": "e-1"}, ahead=0, behind=3)
    portal.services.answer(f"GET assessment{ROUTE}/{LETTER}", shown)
    await empty(urls.owner)


async def operator(portal: Portal) -> httpx.AsyncClient:
    return await portal.logged_in("operator", district="*", **SURE)


async def park_own(urls: Urls) -> UUID:
    """Have a record parked at the portal itself."""
    made = new_id()
    async with Store(urls.worker) as worker, worker.transaction() as tx:
        await tx.execute(
            text("""
                INSERT INTO dead_letter (id, consumer, topic, partition, "offset", key, value, headers, reason, message)
                VALUES (:id, 'portal', 'registry.revocation', 0, 7, 'an-account', 'secret', '[]', 'undecodable', 'x')
            """),
            {"id": made},
        )
    return made


async def orders(urls: Urls) -> list[dict[str, Any]]:
    async with Store(urls.worker) as worker, worker.transaction() as tx:
        return list(await tx.scalars(text("SELECT payload FROM work WHERE kind = 'dead_letter' ORDER BY id")))


async def test_what_waits_is_shown_by_service_and_filters_go_to_every_service(portal: Portal) -> None:
    browser = await operator(portal)
    page = (await browser.get(PATH)).text
    assert page.count("<section") == 1
    for said in ("考核", "activities.service-record", "BrokenInvariantError", f"{PATH}/assessment/{LETTER}", "待处理"):
        assert said in page, said
    portal.services.asked.clear()
    await browser.get(PATH, params={"topic": "t", "key": "0x00", "reason": "undecodable", "state": "discarded"})
    asked = [request.url.params for request in portal.services.asked if request.url.path == ROUTE]
    assert len(asked) == 4
    assert all(dict(one) | {"limit": ""} == dict(asked[0]) | {"limit": ""} for one in asked)
    assert (asked[0]["topic"], asked[0]["key"], asked[0]["state"]) == ("t", "0x00", "discarded")
    portal.services.asked.clear()
    await browser.get(PATH, params={"service": "assessment", "cursor": MORE})
    (one,) = (request.url for request in portal.services.asked if request.url.path == ROUTE)
    assert (one.host, one.params["cursor"]) == ("assessment", MORE)


async def test_nothing_parked_is_said_only_where_every_service_was_asked(portal: Portal) -> None:
    browser = await operator(portal)
    portal.services.answer(f"GET assessment{ROUTE}", {"items": [], "next_cursor": None})
    assert "没有待处理的消息" in (await browser.get(PATH)).text
    del portal.services.answers[f"GET assessment{ROUTE}"]
    page = (await browser.get(PATH)).text
    assert "没有待处理的消息" not in page
    assert "暂时取不到" in page


async def test_a_key_that_is_no_hex_is_said_beside_its_field(portal: Portal) -> None:
    answer = await (await operator(portal)).get(PATH, params={"key": "0xnot"})
    assert (answer.status_code, 'id="key-fault"' in answer.text) == (422, True)


async def test_one_is_shown_in_both_languages(portal: Portal) -> None:
    browser = await operator(portal)
    for language, said in (
        ("zh", ("后面 3 条", "试了 1 次", "e-1")),
        ("en", ("3 behind it", "1 times", "Apply again")),
    ):
        await browser.post("/display", data={"lang": language})
        page = await browser.get(f"{PATH}/assessment/{LETTER}")
        assert page.status_code == 200
        assert all(word in page.text for word in said), said


async def test_one_press_is_one_order(portal: Portal) -> None:
    browser = await operator(portal)
    route = f"{ROUTE}/{LETTER}/redrive"
    portal.services.answer(f"POST assessment{route}", {"id": LETTER, "order": {"action": "redrive"}}, 202)
    for _ in range(2):
        answer = await browser.post(f"{PATH}/assessment/{LETTER}/redrive", data={"key": "one press"})
        assert answer.headers["Location"] == f"{PATH}/assessment/{LETTER}?done=redrive"
    keys = [request.headers["Idempotency-Key"] for request in portal.services.asked if request.url.path == route]
    assert keys == ["one press"] * 2, "the service does it once"
    assert "已安排" in (await browser.get(answer.headers["Location"])).text


async def test_a_discard_without_a_reason_says_so_beside_its_field(portal: Portal) -> None:
    browser = await operator(portal)
    portal.services.refuse(f"POST assessment{ROUTE}/{LETTER}/discard", 422, "missing", "reason")
    answer = await browser.post(f"{PATH}/assessment/{LETTER}/discard", data={"reason": ""})
    assert (answer.status_code, 'id="reason-fault"' in answer.text) == (422, True)


async def test_the_portal_s_own_are_shown_and_ordered_alike(portal: Portal, urls: Urls) -> None:
    mine = await park_own(urls)
    browser = await operator(portal)
    assert f"{PATH}/portal/{mine}" in (await browser.get(PATH)).text
    page = (await browser.get(f"{PATH}/portal/{mine}")).text
    assert "读不懂" in page
    assert "secret" not in page
    for _ in range(2):
        answer = await browser.post(f"{PATH}/portal/{mine}/redrive")
        assert answer.status_code == 303
    by = f"account:{ACCOUNT}"
    assert await orders(urls) == [{"letter_id": str(mine), "action": "redrive", "by": by}]
    assert "已安排重新应用" in (await browser.get(f"{PATH}/portal/{mine}")).text
    without = await browser.post(f"{PATH}/portal/{mine}/discard")
    assert (without.status_code, 'id="reason-fault"' in without.text) == (422, False), "it is being dealt with"
    assert (await browser.get(f"{PATH}/portal/{LETTER}")).status_code == 404


async def test_nothing_is_ordered_by_who_has_not_shown_lately_who_they_are(portal: Portal, urls: Urls) -> None:
    mine = await park_own(urls)
    browser = await portal.logged_in("operator", district="*")
    answer = await browser.post(f"{PATH}/portal/{mine}/redrive")
    assert (answer.status_code, answer.headers["Location"][:8]) == (303, "/step-up")
    assert await orders(urls) == []


async def test_the_pages_are_the_operator_s_alone(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    for path in (PATH, f"{PATH}/assessment/{LETTER}"):
        assert (await browser.get(path)).status_code == 403
    assert (await browser.post(f"{PATH}/assessment/{LETTER}/redrive")).status_code == 403

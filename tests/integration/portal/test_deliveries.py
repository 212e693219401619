"""The operator sees how a district's messages reach people, and why some do not (O3)."""

import json
from typing import Any

from shared.store.event_log import new_id
from tests.support.portal import Portal

PATH = "/staff/operations/deliveries"
ROUTE = "GET notifications/v1/deliveries/summary"


def count(channel: str, state: str, deliveries: int, reason: str | None = None) -> dict[str, Any]:
    oldest = "2026-11-27T02:00:00+00:00"
    return {"channel": channel, "state": state, "reason": reason, "deliveries": deliveries, "oldest": oldest}


async def test_deliveries_are_counted_by_channel_and_failures_by_reason_the_largest_first(portal: Portal) -> None:
    portal.services.answer(
        ROUTE,
        [
            count("in_app", "sent", 41_000),
            count("email", "sent", 1_200),
            count("email", "undeliverable", 3, "no_address"),
            count("email", "undeliverable", 12, "smtp_550"),
            count("email", "queued", 40, "server_away"),
            count("email", "queued", 2),
        ],
    )
    browser = await portal.logged_in("operator", district="*")
    page = (await browser.get(PATH)).text
    for said in ("41,000", "1,200", "邮件服务器连不上", "没有登记邮箱", "smtp_550", "送不到的"):
        assert said in page, said
    assert page.index("smtp_550") < page.index("no_address") < page.index("server_away")
    assert "没有送不到的消息" not in page


async def test_all_well_nothing_yet_and_away_are_three_things(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    portal.services.answer(ROUTE, [count("email", "sent", 5)])
    assert "没有送不到的消息" in (await browser.get(PATH)).text
    portal.services.answer(ROUTE, [])
    assert "还没有发过消息" in (await browser.get(PATH)).text
    del portal.services.answers[ROUTE]
    page = (await browser.get(PATH)).text
    assert "暂时取不到" in page
    assert "没有送不到的消息" not in page


async def test_an_operator_chooses_the_district(portal: Portal) -> None:
    portal.services.answer(ROUTE, [])
    browser = await portal.logged_in("operator", district="*")
    await browser.post("/display", data={"district": "510117", "back": PATH})
    await browser.get(PATH)
    asked = [request for request in portal.services.asked if request.url.path == "/v1/deliveries/summary"]
    assert asked[-1].headers["X-District"] == "510117"


async def test_the_page_is_the_operator_s_alone(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    assert (await browser.get(PATH)).status_code == 403


def failed(mail_id: str, *, too_late: bool = False) -> dict[str, Any]:
    said = {"id": mail_id, "template": "sign_up_confirmed", "reason": "smtp_554", "sent_again": 1}
    at = "2026-11-27T02:00:00+00:00"
    return {**said, "occurred_at": at, "queued_at": at, "too_late": too_late}


async def test_what_failed_is_sent_again_by_period_or_one_by_one_with_a_reason(portal: Portal) -> None:
    one, late = str(new_id()), str(new_id())
    listed = {"items": [failed(one), failed(late, too_late=True)], "next_cursor": None}
    portal.services.answer("GET notifications/v1/deliveries/failed", listed)
    portal.services.answer("POST notifications/v1/deliveries/sending-again", {"failed": 12}, 202)
    portal.services.answer(f"POST notifications/v1/deliveries/{one}/sending-again", {"failed": 1}, 202)
    browser = await portal.logged_in("operator", district="*")
    page = (await browser.get(f"{PATH}/failed")).text
    assert all(word in page for word in ("sign_up_confirmed", "smtp_554", "时间已过", f"{PATH}/{one}/sending-again"))
    assert f"{PATH}/{late}/sending-again" not in page
    form = {"first_day": "2026-11-26", "last_day": "2026-11-27", "reason": "发件地址已改正"}
    done = await browser.post(f"{PATH}/sending-again", data=form | {"key": "once"})
    assert "共 12 封" in (await browser.get(done.headers["location"])).text
    done = await browser.post(f"{PATH}/{one}/sending-again", data={"reason": "发件地址已改正"})
    assert done.headers["location"] == f"{PATH}/failed?done=ordered&failed=1"
    sent = [json.loads(each.content) for each in portal.services.asked if each.method == "POST"]
    assert [body for body in sent if "reason" in body] == [form, {"reason": "发件地址已改正"}]


async def test_an_order_that_cannot_be_comes_back_with_its_faults(portal: Portal) -> None:
    one = str(new_id())
    portal.services.answer("GET notifications/v1/deliveries/failed", {"items": [failed(one)], "next_cursor": None})
    browser = await portal.logged_in("operator", district="*")
    wrong = await browser.post(f"{PATH}/sending-again", data={"first_day": "昨天", "reason": "已改正"})
    assert wrong.status_code == 422
    assert all(word in wrong.text for word in ('id="first_day-fault"', 'id="last_day-fault"', 'value="已改正"'))
    portal.services.refuse(f"POST notifications/v1/deliveries/{one}/sending-again", 409, "not_open", "delivery_id")
    refused = await browser.post(f"{PATH}/{one}/sending-again", data={"reason": "已改正"})
    assert (refused.status_code, f'id="fault-{one}"' in refused.text) == (422, True)
    others = await portal.logged_in("district_admin")
    assert (await others.get(f"{PATH}/failed")).status_code == 403

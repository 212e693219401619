"""The operator sees how a district's messages reach people, and why some do not (O3)."""

from typing import Any

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

"""What a volunteer has to see to: an offered place, a forgotten check-out, hours that are wrong, what they are told."""

from datetime import timedelta
from typing import Any

import httpx
import pytest
from playwright.async_api import Page, expect

from deploy.demo.district import logged_in
from tests.browser.conftest import OpenPage
from tests.browser.passing_time import let_answers_lapse, move
from tests.browser.people import Account, as_admin, somebody
from tests.browser.whole.test_a_shift import publish
from tests.support.browser import Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System

HOUR = timedelta(hours=1)
GUESSER = "127.0.0.2"
"""Another address than the browser's: all of 127.0.0.0/8 is this machine."""


def sign_up(system: System, who: Account, activity: dict[str, Any]) -> str:
    """Sign somebody up beside the pages; return the sign-up's id."""
    with logged_in(system.platform, *who) as session:
        made = session.activities.send("POST", f"/v1/shifts/{activity['shift']}/sign-ups").json()
    return str(made["sign_up_id"])


def withdraw(system: System, who: Account, sign_up_id: str) -> None:
    with logged_in(system.platform, *who) as session:
        session.activities.send("DELETE", f"/v1/sign-ups/{sign_up_id}")


async def told(page: Page, title: str, link: str) -> None:
    """Wait until the inbox has a message, and follow its link."""

    async def is_there() -> bool:
        await page.goto("/me/inbox")
        return await page.get_by_role("listitem").filter(has_text=title).filter(has_text=link).count() > 0

    await eventually(is_there)
    await page.get_by_role("listitem").filter(has_text=title).filter(has_text=link).get_by_role("link").first.click()


async def test_what_one_has_and_what_overlaps_it_says_so_and_leads_there(system: System, open_page: OpenPage) -> None:
    begins = timedelta(days=12, hours=9)
    mine = publish(system, "晚上排练", begins=begins, lasts=2 * HOUR, capacity=1)
    full = publish(system, "第二天排练", begins=begins + 24 * HOUR, lasts=HOUR, capacity=1)
    other = publish(system, "晚上巡逻", begins=begins + HOUR, lasts=2 * HOUR, capacity=5)
    sign_up(system, somebody(system), full)
    who = somebody(system)
    receipts = {one["id"]: sign_up(system, who, one) for one in (mine, full)}
    page = await open_page()
    await log_in(page, who)
    for activity, said, receipt in (
        (mine, "已报名", receipts[mine["id"]]),
        (full, "候补第 1 位", receipts[full["id"]]),
        (other, "时间冲突", receipts[mine["id"]]),
    ):
        await page.goto(f"/activities/{activity['id']}")
        main = page.get_by_role("main")
        await expect(main.get_by_role("button", name="报名")).to_have_count(0)
        await expect(main.get_by_role("link", name=said)).to_have_attribute("href", f"/sign-ups/{receipt}")
    await page.goto("/activities?text=晚上&days=30")
    await expect(page.get_by_role("listitem").filter(has_text="晚上巡逻")).to_have_count(0)
    await page.get_by_role("link", name="含已报名").click()
    row = page.get_by_role("listitem").filter(has_text="晚上巡逻")
    await expect(row).to_contain_text("与“晚上排练”")
    await row.get_by_role("link", name="时间冲突").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("晚上排练")


async def test_an_offered_place_is_declined_or_lapses(system: System, open_page: OpenPage, watch: Watch) -> None:
    watch.expected = ("422", "409")  # too late, or settled by then
    first, second, third = (somebody(system) for _ in range(3))
    activity = publish(system, "名额轮转", begins=timedelta(days=15, hours=9), lasts=HOUR, capacity=1)
    held, waits, lapses = (sign_up(system, who, activity) for who in (first, second, third))
    withdraw(system, first, held)
    page = await open_page(scripts=False)
    await log_in(page, second)
    await expect(page.get_by_role("region", name="请处理").get_by_role("link", name="名额轮转")).to_be_visible()
    await told(page, "名额轮转", "去确认")
    await expect(page).to_have_url(f"{system.origin}/sign-ups/{waits}")
    await expect(page.get_by_role("main")).to_contain_text("前确认")
    await page.get_by_role("button", name="不要这个名额").click()
    await expect(page.get_by_text("已取消报名。")).to_be_visible()

    page = await open_page(scripts=False)
    await log_in(page, third)
    await page.goto(f"/sign-ups/{lapses}")
    await expect(page.get_by_role("button", name="接受名额")).to_be_visible()
    stale = await page.context.new_page()
    await stale.goto(f"/sign-ups/{lapses}")
    await let_answers_lapse(system, activity["shift"])
    await page.reload()
    await expect(page.get_by_text("名额已让给下一位")).to_be_visible()
    await expect(page.get_by_role("button", name="接受名额")).to_have_count(0)
    await stale.get_by_role("button", name="接受名额").click()
    await expect(stale.get_by_role("alert")).to_contain_text("没有成功")
    await expect(stale.get_by_text("名额已让给下一位")).to_be_visible()


async def test_in_the_last_hour_whoever_waits_takes_what_is_free(system: System, open_page: OpenPage) -> None:
    first, second = somebody(system), somebody(system)
    activity = publish(system, "马上开始", begins=timedelta(days=16, hours=9), lasts=HOUR, capacity=1)
    held, waits = (sign_up(system, who, activity) for who in (first, second))
    await move(system, activity["shift"], begins=HOUR / 2, lasts=HOUR)
    page = await open_page()
    await log_in(page, second)
    await page.goto(f"/sign-ups/{waits}")
    await expect(page.get_by_text("不再逐个通知")).to_be_visible()
    withdraw(system, first, held)
    await page.reload()
    await page.get_by_role("button", name="现在就参加").click()
    await expect(page.get_by_text("已确认，到时见。")).to_be_visible()
    withdraw(system, second, waits)


async def test_a_forgotten_check_out_is_made_good_from_the_first_page_or_the_inbox(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("409",)
    who = somebody(system)
    activity = publish(system, "忘记签退", begins=HOUR / 6, lasts=2 * HOUR, capacity=3)
    sign_up_id = sign_up(system, who, activity)
    with as_admin(system) as admin:
        admin.activities.send("POST", f"/v1/sign-ups/{sign_up_id}/check-in")
    await move(system, activity["shift"], begins=-5 * HOUR, lasts=2 * HOUR)
    with logged_in(system.platform, *who) as session:
        left = session.activities.send("POST", "/v1/check-outs", json={"sign_up_id": sign_up_id}).json()
    assert left["state"] == "missing_check_out"

    page = await open_page()
    await log_in(page, who)
    await page.get_by_role("region", name="请处理").get_by_role("link", name="忘记签退").click()
    await expect(page).to_have_url(f"{system.origin}/sign-ups/{sign_up_id}/claim")
    stale = await page.context.new_page()
    await stale.goto(page.url)
    await page.get_by_role("button", name="提交").click()
    assert await page.get_by_label("原因").evaluate("(field) => !field.validity.valid")  # the browser asks for it
    await page.get_by_label("原因").fill("手机没电，没能签退。")
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("region", name="更正申请")).to_contain_text("待答复")
    await expect(page.get_by_text("前答复，有结果会通知您")).to_be_visible()
    await page.goto("/me")
    await expect(page.get_by_role("region", name="请处理").get_by_role("link", name="忘记签退")).to_have_count(0)
    await stale.get_by_label("原因").fill("再说一次")
    await stale.get_by_role("button", name="提交").click()
    await expect(stale.get_by_role("alert")).to_contain_text("您已经提出过")
    await told(page, "忘记签退", "补报签退时间")
    await expect(page).to_have_url(f"{system.origin}/sign-ups/{sign_up_id}/claim")

    with as_admin(system) as admin:
        claims = admin.activities.send("GET", "/v1/claims?state=open").json()["items"]
        claim = next(one["id"] for one in claims if one["sign_up_id"] == sign_up_id)
        answer = {"accepted": True, "reason": "与签到表一致"}
        admin.activities.send("POST", f"/v1/claims/{claim}/answer", json=answer)
    await page.goto(f"/sign-ups/{sign_up_id}")
    await expect(page.get_by_role("region", name="更正申请")).to_contain_text("与签到表一致")
    await page.get_by_role("link", name="看服务记录").click()
    await expect(page.get_by_role("region", name="更正申请")).to_contain_text("已同意")
    await expect(page.get_by_role("link", name="提出更正")).to_be_visible()


async def test_a_claim_without_a_reason_is_refused_with_the_field_named_and_what_was_typed_kept(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    page = await open_page(scripts=False)
    await log_in(page, system.district.volunteer)
    await page.goto("/me/hours")
    await page.get_by_role("region", name="明细").get_by_role("link").first.click()
    await page.get_by_role("link", name="提出更正").click()
    begins = await page.get_by_label("开始").input_value()
    await page.get_by_label("原因").fill(" ")
    await page.get_by_role("button", name="提交").click()
    await expect(page.get_by_role("alert").get_by_role("link", name="原因")).to_have_attribute("href", "#reason")
    assert await page.get_by_label("开始").input_value() == begins


@pytest.mark.row(56)
async def test_what_one_is_told_is_chosen_by_purpose_and_channel(system: System, open_page: OpenPage) -> None:
    who = somebody(system)
    page = await open_page(scripts=False)
    await log_in(page, who)
    await page.goto("/settings")
    await page.get_by_role("link", name="通知").click()
    place, reminder = (page.get_by_role("group", name=name) for name in ("名额", "提醒"))
    await expect(place.get_by_role("checkbox", name="消息")).to_have_count(0)
    await expect(place).to_contain_text("一定有")
    await reminder.get_by_role("checkbox", name="邮件").uncheck()
    await page.get_by_label("这段时间不发邮件").check()
    await page.get_by_label("从几点").fill("21:30")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("已保存。")).to_be_visible()
    await page.get_by_role("link", name="通知").click()
    await expect(reminder.get_by_role("checkbox", name="邮件")).not_to_be_checked()
    await expect(reminder.get_by_role("checkbox", name="消息")).to_be_checked()
    await expect(page.get_by_label("从几点")).to_have_value("21:30")
    with logged_in(system.platform, *who) as session:
        said = session.notifications.send("GET", "/v1/me/preferences").json()
    assert said["channels"]["reminder"] == ["in_app"]
    assert said["channels"]["place"] == ["in_app", "email"]
    assert said["quiet_hours"] == {"starts": "21:30:00", "ends": "07:00:00"}


async def test_a_calendar_gets_an_address_that_opens_without_a_log_in_until_it_is_renewed(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page()
    await log_in(page, system.district.volunteer)
    await page.goto("/me/calendar")
    await page.get_by_role("button", name="生成订阅地址").click()
    first = await page.get_by_label("订阅地址").input_value()
    assert first.startswith(f"{system.origin}/calendar-feeds/510115-")
    async with httpx.AsyncClient() as calendar:
        assert (await calendar.get(first)).text.startswith("BEGIN:VCALENDAR")
    await page.goto("/me/calendar")
    await page.get_by_role("button", name="换一个新地址").click()
    second = await page.get_by_label("订阅地址").input_value()
    async with httpx.AsyncClient() as calendar:
        assert (await calendar.get(first)).status_code == 404
        assert (await calendar.get(second)).headers["content-type"].startswith("text/calendar")


async def test_ten_wrong_tries_from_elsewhere_do_not_stop_the_owner_s_own_log_in(
    system: System, open_page: OpenPage
) -> None:
    who = somebody(system)
    transport = httpx.AsyncHTTPTransport(local_address=GUESSER)
    headers = {"Origin": system.origin, "Accept": "text/html", "Accept-Language": "zh-CN"}
    async with httpx.AsyncClient(transport=transport, base_url=system.origin, headers=headers, timeout=60) as guesser:
        tries = [
            await guesser.post("/log-in", data={"user_name": who[0], "password": f"guess {number}"})
            for number in range(11)
        ]
        right = await guesser.post("/log-in", data={"user_name": who[0], "password": who[1]})
    assert [answer.status_code for answer in tries] == [401] * 10 + [429]
    assert "后再试" in tries[-1].text
    assert right.status_code == 429
    page = await open_page()
    await log_in(page, who)
    await expect(page).to_have_url(f"{system.origin}/me")

"""A volunteer's way by phone: find, sign up, wait, leave, check in with the code of the wall, check out."""

from datetime import UTC, datetime, timedelta
from typing import Any

from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.people import as_admin, somebody
from tests.support.browser import Watch, log_in
from tests.support.system import System

FOCUS = """(() => {
  const on = document.activeElement;
  const style = getComputedStyle(on);
  return [on.textContent.trim(), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2];
})()"""
"""What has the focus, and whether one sees it."""


def publish(system: System, title: str, *, begins: timedelta, lasts: timedelta, capacity: int) -> dict[str, Any]:
    """Publish an activity with one shift; return its id and the shift's."""
    starts_at = datetime.now(UTC) + begins
    shift = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + lasts).isoformat(), "capacity": capacity}
    activity = {
        "station": "510115-STA-01",
        "title": title,
        "service": "culture",
        "place": "新华社区活动室",
        "person_in_charge": "站长办公室",
        "risk_text": "室内活动。",
        "shifts": [shift],
    }
    with as_admin(system) as admin:
        published = admin.activities.send("POST", "/v1/activities", json=activity).json()
    return {"id": published["id"], "shift": published["shift_ids"][0]}


def taken(system: System, activity: dict[str, Any]) -> tuple[int, int]:
    """Return how many have a place, and how many wait."""
    with as_admin(system) as admin:
        (shift,) = admin.activities.send("GET", f"/v1/activities/{activity['id']}").json()["shifts"]
    return shift["capacity"] - shift["free_places"], shift["waiting"]


async def test_signing_up_in_the_row_changes_it_without_a_page_load(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "整理图书", begins=timedelta(days=2, hours=5), lasts=timedelta(hours=1), capacity=3)
    page = await open_page()
    await log_in(page, somebody(system))
    await page.goto("/activities")
    await page.evaluate("window.stayed = true")
    row = page.get_by_role("listitem").filter(has_text="整理图书")
    await row.get_by_role("button", name="报名").click()
    await expect(row.get_by_text("已报名")).to_be_visible()
    await expect(row.get_by_text("还剩 2 / 3")).to_be_visible()
    await expect(row.get_by_role("link", name="整理图书")).to_be_focused()
    assert await page.evaluate("window.stayed")
    assert taken(system, activity) == (1, 0)


async def test_without_scripts_it_is_a_page_with_a_receipt_and_twice_is_once(
    system: System, open_page: OpenPage
) -> None:
    activity = publish(system, "清洁广场", begins=timedelta(days=2, hours=7), lasts=timedelta(hours=1), capacity=3)
    page = await open_page(scripts=False)
    await log_in(page, somebody(system))
    await page.goto(f"/activities/{activity['id']}")
    key = await page.locator("main form input[name=key]").first.input_value()
    await page.get_by_role("main").get_by_role("button", name="报名").click()
    await expect(page.get_by_text("报名成功")).to_be_visible()
    receipt = page.url
    again = await page.request.post(
        f"/shifts/{activity['shift']}/sign-up",
        form={"key": key, "activity": activity["id"]},
        headers={"Origin": system.origin, "Accept": "text/html"},
    )
    assert again.url == receipt
    assert taken(system, activity) == (1, 0)


async def test_a_full_shift_is_waited_for_and_left_again(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "一个名额", begins=timedelta(days=2, hours=9), lasts=timedelta(hours=1), capacity=1)
    first, second = await open_page(), await open_page()
    await log_in(first, somebody(system))
    await log_in(second, somebody(system))
    await first.goto(f"/activities/{activity['id']}")
    await first.get_by_role("button", name="报名").click()
    await expect(first.get_by_text("已报名")).to_be_visible()
    await second.goto(f"/activities/{activity['id']}")
    await second.get_by_role("main").get_by_role("button", name="候补").click()
    await expect(second.get_by_text("候补第 1 位")).to_be_visible()
    assert taken(system, activity) == (1, 1)
    await second.goto("/me/sign-ups?listed=waiting")
    await second.get_by_role("link", name="一个名额").click()
    await second.get_by_role("link", name="退出候补").click()
    await second.get_by_role("button", name="确认取消").click()
    await expect(second.get_by_text("已取消报名。")).to_be_visible()
    assert taken(system, activity) == (1, 0)


async def test_two_things_at_one_time_are_refused_and_the_other_is_named(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("409",)
    begins = timedelta(days=3, hours=5)
    one = publish(system, "上午读报", begins=begins, lasts=timedelta(hours=2), capacity=5)
    other = publish(system, "上午巡逻", begins=begins + timedelta(hours=1), lasts=timedelta(hours=2), capacity=5)
    page = await open_page()
    await log_in(page, somebody(system))
    stale = await page.context.new_page()
    await stale.goto(f"/activities/{other['id']}")
    await page.goto(f"/activities/{one['id']}")
    await page.get_by_role("button", name="报名").click()
    await expect(page.get_by_text("已报名")).to_be_visible()
    await page.goto("/activities")
    await expect(page.get_by_role("link", name="上午巡逻")).to_have_count(0)
    await stale.get_by_role("button", name="报名").click()
    await expect(stale.get_by_role("alert")).to_contain_text("与“上午读报”时间重叠")
    await stale.get_by_role("alert").get_by_role("link").click()
    await expect(stale.get_by_role("heading", level=1)).to_have_text("上午读报")


async def test_check_in_is_by_the_code_of_the_wall_and_check_out_ends_it(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    activity = publish(system, "现在开始", begins=timedelta(minutes=10), lasts=timedelta(hours=1), capacity=5)
    page = await open_page()
    await log_in(page, somebody(system))
    await page.goto(f"/activities/{activity['id']}")
    await page.get_by_role("button", name="报名").click()
    await expect(page.get_by_text("已报名")).to_be_visible()
    await page.goto("/check-in")
    await page.get_by_label("现场大屏上的 6 位数字").fill("000000")
    await page.get_by_role("main").get_by_role("button", name="签到").click()
    await expect(page.get_by_role("alert")).to_contain_text("数字不对")
    await expect(page.get_by_role("alert")).to_be_focused()
    with as_admin(system) as admin:
        code = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/code").json()
    await page.get_by_label("现场大屏上的 6 位数字").fill(code["digits"])
    await page.get_by_role("main").get_by_role("button", name="签到").click()
    await expect(page.get_by_text("已签到。")).to_be_visible()
    await expect(page.get_by_text("进行中")).to_be_visible()
    await page.get_by_role("button", name="点错了").click()
    await expect(page.get_by_text("已撤回。")).to_be_visible()


async def test_what_the_wall_s_qr_opens_asks_first_after_log_in(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "扫码签到", begins=timedelta(minutes=12), lasts=timedelta(minutes=20), capacity=5)
    page, who = await open_page(), somebody(system)
    await log_in(page, who)
    await page.goto(f"/activities/{activity['id']}")
    await page.get_by_role("button", name="报名").click()
    await expect(page.get_by_text("已报名")).to_be_visible()
    with as_admin(system) as admin:
        code = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/code").json()
    stranger = await open_page()
    await stranger.goto(f"/c/{code['qr_token']}")
    await stranger.locator("#user_name").fill(who[0])
    await stranger.locator("#password").fill(who[1])
    await stranger.locator('main form[action="/log-in"] button').click()
    await expect(stranger.get_by_role("heading", level=1)).to_have_text("扫码签到")
    await stranger.get_by_role("button", name="确认签到").click()
    await expect(stranger.get_by_text("已签到。")).to_be_visible()


async def test_signing_up_works_by_keyboard_alone_with_the_focus_always_seen(
    system: System, open_page: OpenPage
) -> None:
    activity = publish(system, "键盘报名", begins=timedelta(days=4, hours=5), lasts=timedelta(hours=1), capacity=3)
    page = await open_page()
    await page.goto("/log-in")
    await page.locator("#user_name").focus()
    number, password = somebody(system)
    await page.keyboard.type(number)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/me")
    await page.goto(f"/activities/{activity['id']}")
    for _ in range(40):
        await page.keyboard.press("Tab")
        seen = await page.evaluate(FOCUS)
        assert seen[1], f"the focus is not seen on {seen[0]}"
        if seen[0] == "报名":
            break
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已报名")).to_be_visible()
    assert taken(system, activity) == (1, 0)


async def test_a_service_that_is_away_takes_its_section_with_it_and_not_the_page(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page()
    await log_in(page, system.district.volunteer)
    with system.without("assessment"):
        await page.goto("/me")
        await expect(page.get_by_text("暂时取不到，稍后再试")).to_be_visible()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("薛**")
    await page.reload()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("薛**")
    await expect(page.get_by_text("暂时取不到，稍后再试")).to_have_count(0)

"""Ways that people have: a double tap, back and reload, the keyboard alone, another device that is still logged in."""

import asyncio
from datetime import timedelta

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.people import as_admin, somebody
from tests.browser.whole.test_a_shift import FOCUS, publish, taken
from tests.browser.whole.test_own_affairs import sign_up
from tests.support.browser import log_in
from tests.support.eventually import eventually
from tests.support.system import System


@pytest.mark.row(25)
async def test_a_double_tap_and_two_posts_at_once_are_one_sign_up(system: System, open_page: OpenPage) -> None:
    tapped = publish(system, "双击报名", begins=timedelta(days=20), lasts=timedelta(hours=1), capacity=3)
    posted = publish(system, "同时提交", begins=timedelta(days=21), lasts=timedelta(hours=1), capacity=3)
    page = await open_page()
    await log_in(page, somebody(system))
    await page.goto(f"/activities/{tapped['id']}")
    await page.get_by_role("main").get_by_role("button", name="报名").dblclick()
    await expect(page.get_by_text("已报名")).to_be_visible()
    assert taken(system, tapped) == (1, 0)

    form = {"key": "one-form-two-taps", "activity": posted["id"]}
    headers = {"Origin": system.origin, "Accept": "text/html"}
    path = f"/shifts/{posted['shift']}/sign-up"
    first, second = await asyncio.gather(*(page.request.post(path, form=form, headers=headers) for _ in range(2)))
    assert first.url == second.url
    assert taken(system, posted) == (1, 0)


async def test_what_was_filtered_is_in_the_address_and_kept_by_reload_and_back(open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto("/activities")
    await page.get_by_role("link", name="30 天内").click()
    await expect(page.get_by_role("link", name="30 天内")).to_have_attribute("aria-current", "true")
    await page.get_by_text("按类别、站点、名称查找").click()
    await page.get_by_label("服务类别").select_option("elderly")
    found = page.locator("#found")
    await expect(found.get_by_role("link", name="陪伴阅读")).to_have_count(0)
    await expect(found.get_by_role("link", name="独居老人探访")).to_be_visible()
    await expect(found).to_contain_text("还剩 8 / 8")
    assert {"days=30", "service=elderly"} <= set(page.url.partition("?")[2].split("&"))
    await page.reload()
    await expect(found.get_by_role("link", name="独居老人探访")).to_be_visible()
    await expect(found.get_by_role("link", name="陪伴阅读")).to_have_count(0)
    await found.get_by_role("link", name="独居老人探访").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("独居老人探访")
    await page.go_back()
    await expect(found.get_by_role("link", name="陪伴阅读")).to_have_count(0)
    await expect(page.get_by_label("服务类别")).to_have_value("elderly")


async def test_checking_in_works_by_keyboard_alone_with_the_focus_always_seen(
    system: System, open_page: OpenPage
) -> None:
    who = somebody(system)
    activity = publish(system, "键盘签到", begins=timedelta(minutes=15), lasts=timedelta(minutes=30), capacity=3)
    sign_up(system, who, activity)
    page = await open_page()
    await log_in(page, who)
    await page.goto("/check-in")
    with as_admin(system) as admin:
        digits = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/code").json()["digits"]
    field = page.get_by_label("现场大屏上的 6 位数字").first
    for _ in range(40):
        await page.keyboard.press("Tab")
        said, seen = await page.evaluate(FOCUS)
        on_field = await field.evaluate("(field) => field === document.activeElement")
        assert seen or on_field, f"the focus is not seen on {said}"  # the frame around the six boxes shows it
        if on_field:
            break
    await page.keyboard.type(digits)
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已签到。")).to_be_visible()
    await page.get_by_role("button", name="点错了").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("已撤回。")).to_be_visible()


async def test_another_device_is_logged_out_from_here(system: System, open_page: OpenPage) -> None:
    lost, kept, who = await open_page(), await open_page(scripts=False), somebody(system)
    for page in (lost, kept):
        await log_in(page, who)
    await kept.goto("/settings")
    await kept.get_by_role("button", name="退出其他所有设备").click()
    await expect(kept.get_by_text("已退出。")).to_be_visible()

    async def is_out() -> bool:
        await lost.goto("/me")
        return "/log-in" in lost.url

    await eventually(is_out)
    await kept.goto("/me")
    await expect(kept).to_have_url(f"{system.origin}/me")

"""Counts change in an open page by themselves (ADR 0038): one signs up, another sees it."""

from datetime import timedelta

from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.people import somebody
from tests.browser.whole.test_a_shift import publish
from tests.support.browser import DESK, log_in
from tests.support.system import System


async def test_who_looks_sees_places_change_and_who_signs_up_sees_the_message_come(
    system: System, open_page: OpenPage
) -> None:
    activity = publish(system, "布置展板", begins=timedelta(days=3, hours=2), lasts=timedelta(hours=1), capacity=5)
    stranger, leader, student = await open_page(), await open_page(viewport=DESK), await open_page()
    await stranger.goto(f"/activities/{activity['id']}")
    await log_in(leader, system.district.admin)
    await leader.goto(f"/staff/shifts/{activity['shift']}")
    for page in (stranger, leader):
        await page.evaluate("window.stayed = true")
    await expect(stranger.get_by_text("还剩 5 / 5")).to_be_visible()
    counts = leader.locator("#counts .tile").first
    await expect(counts).to_contain_text("0 / 5")

    await log_in(student, somebody(system))
    await student.goto(f"/activities/{activity['id']}")
    await student.get_by_role("button", name="报名").click()
    await expect(student.get_by_role("main")).to_contain_text("已报名")

    await expect(stranger.get_by_text("还剩 4 / 5")).to_be_visible()
    await expect(counts).to_contain_text("1 / 5")
    inbox = student.get_by_role("navigation", name="常用").get_by_role("link", name="消息")
    await expect(inbox.locator(".count")).to_be_visible()
    for page in (stranger, leader):
        assert await page.evaluate("window.stayed") is True


async def test_the_button_follows_the_places_and_what_one_is_at_stays(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "清点物资", begins=timedelta(days=5, hours=2), lasts=timedelta(hours=1), capacity=1)
    looks, takes = await open_page(), await open_page()
    for page in (looks, takes):
        await log_in(page, somebody(system))
        await page.goto(f"/activities/{activity['id']}")
    button = looks.locator(f"#do-{activity['shift']}")
    await expect(button).to_have_text("报名")
    await button.focus()
    await takes.locator(f"#do-{activity['shift']}").click()
    await expect(takes.get_by_role("main")).to_contain_text("已报名")
    await expect(button).to_have_text("候补")
    await expect(button).to_be_focused()
    await takes.goto("/me/sign-ups")
    await takes.get_by_role("main").get_by_role("link", name="清点物资").click()
    await takes.get_by_role("link", name="取消报名").click()
    await takes.get_by_role("button", name="确认取消").click()
    await expect(button).to_have_text("报名")
    await expect(button).to_be_focused()


async def test_who_waits_is_told_in_the_open_page_that_a_place_is_offered(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "搬运桌椅", begins=timedelta(days=4, hours=2), lasts=timedelta(hours=1), capacity=1)
    first, second = await open_page(), await open_page()
    for page, who in ((first, somebody(system)), (second, somebody(system))):
        await log_in(page, who)
        answer = await page.request.post(
            f"/shifts/{activity['shift']}/sign-up", form={"key": who[0]}, headers={"Origin": system.origin}
        )
        await page.goto(answer.url)
    await second.evaluate("window.stayed = true")
    waits = second.locator("#sign-up")
    await expect(waits).to_contain_text("候补第 1 位")
    await first.get_by_role("link", name="取消报名").click()
    await first.get_by_role("button", name="确认取消").click()
    await expect(waits.get_by_role("button", name="接受名额")).to_be_visible()
    assert await second.evaluate("window.stayed") is True

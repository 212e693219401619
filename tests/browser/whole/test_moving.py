"""Row 59 by the person and both offices, without scripts: somebody moves house, and their number, log-in and hours come
along."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.opening import come_in, open_by_form
from tests.browser.people import somebody
from tests.support.browser import DESK, PHONE, log_in
from tests.support.eventually import eventually
from tests.support.system import System

CODE, NAME = "510131", "蒲江县"


@pytest.mark.row(59)
async def test_who_moves_to_another_district_keeps_number_log_in_and_hours(system: System, open_page: OpenPage) -> None:
    operator, desk = await open_page(viewport=DESK, scripts=False), await open_page(viewport=DESK, scripts=False)
    await come_in(desk, CODE, await open_by_form(system, operator, CODE, NAME))

    person, page = somebody(system), await open_page(viewport=PHONE, scripts=False)
    await log_in(page, person)
    before = await _lifetime(page)
    await page.goto("/me/profile")
    await page.get_by_role("link", name="转到另一个区").click()
    await page.get_by_label("转到哪个区").select_option(CODE)
    await page.get_by_label("为什么转").fill("搬到蒲江了")
    await page.get_by_label("我看过以上内容").check()
    await page.get_by_role("button", name="申请转区").click()
    await expect(page.get_by_role("status")).to_contain_text("已提交")

    await desk.goto("/staff/moves")
    await expect(desk.get_by_role("heading", name=person[0])).to_be_visible()
    await desk.get_by_role("button", name="同意转入").click()
    await expect(desk.get_by_role("status")).to_contain_text("已转入")

    there = await open_page(viewport=PHONE, scripts=False)
    await log_in(there, person)

    async def hours_have_followed() -> bool:
        return await _lifetime(there) == before

    assert await eventually(hours_have_followed)
    await expect(there.get_by_text("其中从")).to_contain_text("转入")
    await desk.goto(f"/staff/volunteers?query={person[0]}")
    await expect(desk.locator("table a").first).to_be_visible()

    left = await open_page(viewport=DESK, scripts=False)
    await log_in(left, system.district.admin)
    await left.goto(f"/staff/volunteers?query={person[0]}")
    await expect(left.locator("table a")).to_have_count(0)


async def _lifetime(page: Page) -> str:
    """Return what the person's own page says that they have served in all."""
    await page.goto("/me/hours")
    shown = page.locator(".big")
    return await shown.first.inner_text() if await shown.count() else ""

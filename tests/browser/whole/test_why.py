"""Why a figure is what it is: from the page of figures to the event in Kafka, without scripts."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.support.browser import log_in
from tests.support.system import System


@pytest.mark.row(55)
async def test_the_centre_follows_a_figure_to_its_entries_and_an_entry_to_its_event_in_kafka(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page(scripts=False)
    await log_in(page, system.district.admin)
    await page.goto("/staff/statistics")
    figure = await page.locator(".tile b").first.inner_text()
    await page.get_by_role("link", name="为什么：每一笔明细").click()
    assert await page.locator(".tile b").first.inner_text() == figure
    await page.locator("tbody a").first.click()
    await expect(page.get_by_text("账目和事件一致")).to_be_visible()
    await page.get_by_text("第 1 版").click()
    offset = page.locator("dl div", has=page.get_by_text("偏移量")).locator("dd")
    await expect(offset.first).to_have_text(re.compile("^[0-9]+$"))


async def test_a_volunteer_reads_who_did_each_step_of_an_own_record(system: System, open_page: OpenPage) -> None:
    page = await open_page(scripts=False)
    await log_in(page, system.district.volunteer)
    await page.goto("/me/hours")
    await page.get_by_role("region", name="明细").get_by_role("link").first.click()
    await page.get_by_role("link", name="每一步是谁、什么时候办的").click()
    await expect(page.get_by_text("账目和事件一致")).to_be_visible()
    await expect(page.get_by_role("cell", name=re.compile("账号|批量导入")).first).to_be_visible()


async def test_a_stranger_goes_from_the_home_page_to_the_public_figures(open_page: OpenPage) -> None:
    page = await open_page(scripts=False)
    await page.goto("/")
    await page.get_by_role("link", name="按年、按月、按社区的统计").click()
    await expect(page.get_by_role("heading", name="社区志愿服务统计")).to_be_visible()
    await expect(page.get_by_text("暂时取不到")).to_have_count(0)

"""The five pages that everything begins with, in a real browser; the others are in ``whole`` (``make browser``)."""

import pytest
from playwright.async_api import FilePayload, expect

from tests.browser.conftest import OpenPage
from tests.support.browser import Watch, log_in
from tests.support.system import System


async def test_a_stranger_finds_an_activity_and_reads_what_to_know(open_page: OpenPage) -> None:
    page = await open_page()
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("温江区社区志愿服务")
    await page.get_by_role("link", name="找活动").click()
    await page.get_by_role("link", name="陪伴阅读").first.click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("陪伴阅读")
    await expect(page.get_by_text("请勿单独带离孩子")).to_be_visible()


async def test_a_volunteer_logs_in_and_sees_hours_and_stars_and_a_masked_name(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page()
    await log_in(page, system.district.volunteer)
    await expect(page).to_have_url(f"{system.origin}/me")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("薛**")
    await expect(page.get_by_text("519 小时")).to_be_visible()
    await expect(page.get_by_role("img", name="2 星")).to_be_visible()


async def test_a_wrong_password_and_an_unknown_name_are_told_alike(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("401",)
    page = await open_page()
    said = []
    for name in (system.district.volunteer[0], "nobody"):
        await page.goto("/log-in")
        await page.get_by_label("志愿者编号或用户名").fill(name)
        await page.get_by_label("密码").fill("not the password")
        await page.get_by_role("main").get_by_role("button", name="登录", exact=True).click()
        summary = page.get_by_role("alert")
        await expect(summary).to_be_focused()
        said.append(await summary.inner_text())
    assert said[0] == said[1]


async def test_pages_work_without_scripts(system: System, open_page: OpenPage) -> None:
    page = await open_page(scripts=False)
    await log_in(page, system.district.volunteer)
    await page.get_by_role("navigation", name="常用").get_by_role("link", name="活动").click()
    await page.get_by_text("按类别、站点、名称查找").click()
    await page.get_by_label("服务类别").select_option("elderly")
    await page.get_by_role("button", name="查找").click()
    await expect(page.get_by_role("link", name="独居老人探访")).to_be_visible()
    await expect(page.get_by_role("link", name="陪伴阅读")).to_have_count(0)


async def test_log_out_ends_the_session_for_the_old_cookie_too(system: System, open_page: OpenPage) -> None:
    page = await open_page()
    await log_in(page, system.district.volunteer)
    (cookie,) = [one for one in await page.context.cookies() if one["name"] == "linbang"]
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Lax", "/")
    answer = await page.request.post("/log-out", headers={"Origin": system.origin})
    assert answer.ok
    await page.context.add_cookies([{"name": "linbang", "value": cookie["value"], "url": system.origin}])
    await page.goto("/me")
    await expect(page).to_have_url(f"{system.origin}/log-in?then=%2Fme")


async def test_a_manager_sees_the_day_and_is_told_every_fault_of_an_empty_activity(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    page = await open_page()
    await log_in(page, system.district.manager)
    await expect(page).to_have_url(f"{system.origin}/staff")
    await page.get_by_role("link", name="发布活动").first.click()
    await page.get_by_role("button", name="发布", exact=True).click()
    summary = page.get_by_role("alert")
    await expect(summary).to_be_focused()
    await expect(summary.get_by_role("link")).to_have_count(9)


@pytest.mark.row(4)
async def test_the_centre_tries_a_file_without_scripts_and_reads_what_would_come_of_each_line(
    system: System, open_page: OpenPage
) -> None:
    page = await open_page(scripts=False)
    await log_in(page, system.district.admin)
    await page.get_by_role("link", name="导入").click()
    await page.locator('a[href="/staff/imports/new/organisations"]').click()
    sample = await (await page.request.get("/staff/imports/samples/organisations.csv")).body()
    file = FilePayload(name="组织.csv", mimeType="text/csv", buffer=sample)
    await page.get_by_label("把文件拖到这里").set_input_files(file)
    await page.get_by_role("button", name="先试一遍").click()
    await expect(page.get_by_text("试完了")).to_be_visible()
    await page.get_by_role("link", name="看每一行").click()
    await expect(page.get_by_role("row").filter(has_text="新增")).to_have_count(1)

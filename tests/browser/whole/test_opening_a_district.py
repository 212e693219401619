"""A second district is opened by a form, and its administrator needs nothing else to log in and import."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from deploy.demo.district import OPERATOR
from tests.browser.conftest import OpenPage
from tests.browser.uploads import of_district, upload
from tests.support.browser import DESK, PHONE, log_in
from tests.support.system import System

SLOW = 60_000
CODE = "510129"
CHOSEN = "a password of one's own"


@pytest.mark.row(59)
async def test_a_second_district_is_opened_by_a_form_and_its_administrator_imports(
    system: System, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(viewport=PHONE, scripts=False)
    await log_in(page, (OPERATOR, system.platform.operator_password))
    await page.goto("/staff/operations/districts/new")
    await page.get_by_label("区县代码").fill(CODE)
    await page.get_by_label("区县名称").fill("大邑县")
    await page.get_by_label("第一位管理员的用户名").fill(f"admin.{CODE}")
    await page.get_by_role("button", name="开通区县").click()
    await expect(page.get_by_role("heading", name="大邑县已开通")).to_be_visible()
    password = await page.locator("#one-time-password").inner_text()

    desk = await open_page(viewport=DESK)
    await log_in(desk, (f"admin.{CODE}", password))
    await expect(desk.get_by_text("您用的是临时密码")).to_be_visible()
    await desk.get_by_label("现在的密码").fill(password)
    await desk.get_by_label("新密码").fill(CHOSEN)
    await desk.get_by_role("button", name="修改密码").click()
    await desk.wait_for_url(lambda url: "/settings/password" not in url)
    await upload(desk, "divisions", of_district(CODE, "大邑县", "divisions.csv", tmp_path))
    await expect(desk.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    await page.goto("/staff/operations/districts")
    await expect(page.get_by_role("row").filter(has_text="大邑县")).to_contain_text("等导入站点和服务队")

"""A second district is opened by a form, and its administrator needs nothing else to log in and import."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.opening import come_in, open_by_form
from tests.browser.uploads import of_district, upload
from tests.support.browser import DESK, PHONE
from tests.support.system import System

SLOW = 60_000
CODE, NAME = "510129", "大邑县"


@pytest.mark.row(59)
async def test_a_second_district_is_opened_by_a_form_and_its_administrator_imports(
    system: System, open_page: OpenPage, tmp_path: Path
) -> None:
    page = await open_page(viewport=PHONE, scripts=False)
    password = await open_by_form(system, page, CODE, NAME)
    desk = await open_page(viewport=DESK)
    await come_in(desk, CODE, password)
    await upload(desk, "divisions", of_district(CODE, NAME, "divisions.csv", tmp_path))
    await expect(desk.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    await page.goto("/staff/operations/districts")
    await expect(page.get_by_role("row").filter(has_text=NAME)).to_contain_text("等导入站点和服务队")

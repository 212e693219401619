"""Check 15 of portal.md, section 11: a district's files through the page, its roster of 27,300 before one's eyes."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from deploy.demo.district import open_district
from tests.browser.conftest import OpenPage
from tests.browser.uploads import of_district, upload
from tests.support.browser import DESK, log_in
from tests.support.system import System

DISTRICT, NAME, PEOPLE = "510116", "青羊区", 27_300
SLOW = 240_000
"""Milliseconds: other tests may be busy beside it. A time-out ends a hang alone."""


def lines_of(file: Path) -> int:
    return len(Path(file).read_text(encoding="utf-8-sig").splitlines())


@pytest.mark.row(4)
async def test_the_roster_is_imported_before_one_s_eyes_and_a_reload_in_the_middle_loses_nothing(
    system: System, open_page: OpenPage, tmp_path: Path
) -> None:
    admin = open_district(system.platform, DISTRICT, NAME)
    page = await open_page(viewport=DESK)
    await log_in(page, (admin, system.platform.password(admin)))
    for kind in ("divisions", "organisations", "stations", "teams"):
        await upload(page, kind, of_district(DISTRICT, NAME, f"{kind}.csv", tmp_path))
        await expect(page.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    await upload(page, "roster", of_district(DISTRICT, NAME, "volunteers.csv.gz", tmp_path))
    done = page.locator("#done")
    await expect(done).to_contain_text("27,300 行", timeout=SLOW)
    await page.reload()
    await expect(done).to_have_text("27,300 / 27,300 行", timeout=SLOW)
    await expect(page.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    async with page.expect_download() as download:
        await page.get_by_role("link", name="下载逐行结果").click()
    assert lines_of(await (await download.value).path()) - 1 == PEOPLE
    await page.get_by_role("link", name="看每一行").click()
    await expect(page.get_by_role("row")).to_have_count(51)
    await page.goto("/staff/imports")
    await expect(page.get_by_text("27,300 行")).to_be_visible()

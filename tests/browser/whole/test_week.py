"""A district centre's first week in the browser, with a district of real size."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser import week
from tests.browser.conftest import OpenPage
from tests.support.browser import DESK, PHONE
from tests.support.system import System


@pytest.mark.row(4, 9, 11, 13, 14, 15)
async def test_a_district_centre_s_first_week_is_played_on_pages_alone(
    system: System, open_page: OpenPage, tmp_path: Path
) -> None:
    operator, centre = await open_page(viewport=DESK), await open_page(viewport=DESK)

    async def student() -> Page:
        return await open_page(viewport=PHONE)

    async def picture(page: Page, name: str) -> None:
        await page.screenshot(path=tmp_path / f"{name}.png")

    await week.play(system, operator, centre, student, tmp_path, picture)

"""The two people of issue 12: a student by phone and a leader run a shift together, on pages alone."""

from playwright.async_api import Page

from tests.browser import shift
from tests.browser.conftest import OpenPage
from tests.support.browser import DESK
from tests.support.system import System


async def test_a_shift_from_publishing_to_the_hours(system: System, open_page: OpenPage) -> None:
    student, leader = await open_page(), await open_page(viewport=DESK)
    seen: list[str] = []

    async def note(_page: Page, name: str) -> None:
        seen.append(name)

    await shift.play(system, student, leader, note)
    assert len(seen) == 12

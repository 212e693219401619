"""``make screenshots``: pictures of pages from a system of its own with the small district, to be looked at.

``ARGS=/me/hours`` takes that page in every size, language and look into ``.local/screenshots``.
"""

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Browser

from deploy.local.paths import STATE
from tests.support.browser import DESK, PHONE, SMALL_PHONE, Watch, chromium, log_in, open_context
from tests.support.infrastructure import infrastructure_from
from tests.support.system import System, running_system

SIZES: Mapping[str, Mapping[str, int]] = {"360": SMALL_PHONE, "390": PHONE, "1280": DESK}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"theme": "light"},
    "dark": {"theme": "dark"},
    "elder": {"theme": "light", "mode": "elder"},
}
PUBLIC = ("/", "/activities", "/log-in", "/help")
VOLUNTEER = ("/me", "/activities")
STAFF = ("/staff",)


async def main(paths: Sequence[str]) -> None:
    """Take the pictures."""
    folder = STATE / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work, infrastructure_from("local") as infrastructure:
        async with running_system(infrastructure, {}, Path(work)) as system, chromium(Path(work)) as browser:
            for account, pages in (
                (None, PUBLIC),
                (system.district.volunteer, VOLUNTEER),
                (system.district.manager, STAFF),
            ):
                wanted = [path for path in (paths or pages) if path in pages or (paths and _is_for(path, pages))]
                for size, language, look in product(SIZES, ("zh", "en"), LOOKS):
                    await _take(browser, system, account, wanted, folder, size, language, look)


def _is_for(path: str, pages: Sequence[str]) -> bool:
    return any(path.startswith(page) for page in pages if page != "/")


async def _take(
    browser: Browser,
    system: System,
    account: tuple[str, str] | None,
    paths: Sequence[str],
    folder: Path,
    size: str,
    language: str,
    look: str,
) -> None:
    watch = Watch(system.origin)
    context = await open_context(browser, watch, viewport=SIZES[size], lang=language, **LOOKS[look])
    page = await context.new_page()
    if account:
        await log_in(page, account)
    who = "volunteer" if account == system.district.volunteer else "staff" if account else "public"
    for path in paths:
        await page.goto(path)
        name = path.strip("/").replace("/", "-") or "home"
        await page.screenshot(path=folder / f"{who}-{name}-{size}-{language}-{look}.png", full_page=True)
    await context.close()
    watch.assert_clean()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))

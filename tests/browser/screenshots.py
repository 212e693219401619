"""``make screenshots``: the pictures of README and ``docs/pages``, from a system of its own with the demo's district.

The district is loaded whole, a shift is run by two people (``shift.py``), a second district lives through its first
week (``week.py``), and eight pages are taken: some minutes.

``ARGS=/me/hours`` takes that page in every size, language and look into ``.local/screenshots``, to be looked at;
``ARGS=centre:/staff/imports`` as somebody else than who has most to do with it: public, volunteer, staff,
centre or operator.
"""

import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page
from rich.console import Console

from deploy.demo.command import load
from deploy.demo.district import OPERATOR
from deploy.demo.folder import read_folder
from deploy.local.first_start import SAMPLE
from deploy.local.paths import ROOT, STATE
from tests.browser import shift, week
from tests.support.browser import DESK, PHONE, SMALL_PHONE, Watch, chromium, log_in, open_context
from tests.support.infrastructure import infrastructure_from
from tests.support.system import System, running_system

SIZES: Mapping[str, Mapping[str, int]] = {"360": SMALL_PHONE, "390": PHONE, "1280": DESK}
LOOKS: Mapping[str, Mapping[str, Any]] = {
    "light": {"theme": "light"},
    "dark": {"theme": "dark"},
    "elder": {"theme": "light", "mode": "elder"},
}
WHO: Mapping[str, Sequence[str]] = {"volunteer": ("/me",), "operator": ("/staff/operations",), "staff": ("/staff",)}
"""Who looks at the pages below these paths; strangers at all others."""


SHOWN: Sequence[tuple[str, str, str, Mapping[str, int], Mapping[str, Any]]] = (
    ("home", "public", "/", PHONE, {}),
    ("activities", "volunteer", "/activities", PHONE, {}),
    ("me", "volunteer", "/me", PHONE, {}),
    ("hours", "volunteer", "/me/hours", PHONE, {"theme": "dark"}),
    ("elder", "volunteer", "/me", PHONE, {"mode": "elder"}),
    ("english", "volunteer", "/me/stars", PHONE, {"lang": "en"}),
    ("staff-today", "staff", "/staff", DESK, {}),
    ("staff-activities", "staff", "/staff/activities", DESK, {}),
)
"""What README shows: name, who looks, path, size, how it is shown."""
LARGEST = 120 * 1024
"""Of a picture, in bytes."""


async def main(paths: Sequence[str]) -> None:
    """Take the pictures."""
    with tempfile.TemporaryDirectory() as work, infrastructure_from("local") as infrastructure:
        async with running_system(infrastructure, {}, Path(work)) as system, chromium(Path(work)) as browser:
            await (_every_look(browser, system, paths) if paths else _documents(browser, system))


async def _documents(browser: Browser, system: System) -> None:
    """Load the demo's district, run a shift and take what the documents show."""
    await asyncio.to_thread(load, system.platform, read_folder(SAMPLE), Console())
    folder = ROOT / "docs" / "pages"
    watch = Watch(system.origin)
    contexts = [await open_context(browser, watch, viewport=size) for size in (PHONE, DESK)]
    student, leader = [await context.new_page() for context in contexts]
    await shift.play(system, student, leader, lambda page, name: _picture(page, folder / "a-shift" / f"{name}.png"))
    for context in contexts:
        await context.close()
    await _week(browser, system, watch, folder / "a-week")
    accounts = {"volunteer": system.district.volunteer, "staff": system.district.manager}
    for name, who, path, size, look in SHOWN:
        context = await open_context(browser, watch, viewport=size, **look)
        page = await context.new_page()
        if who in accounts:
            await log_in(page, accounts[who])
        await page.goto(path)
        await _picture(page, folder / f"{name}.png")
        await context.close()
    watch.assert_clean()


async def _week(browser: Browser, system: System, watch: Watch, folder: Path) -> None:
    """Have a centre live through its first week, with a district of its own."""
    operator, centre = [await (await open_context(browser, watch, viewport=DESK)).new_page() for _ in range(2)]

    async def student() -> Page:
        return await (await open_context(browser, watch, viewport=PHONE)).new_page()

    with tempfile.TemporaryDirectory() as files:
        await week.play(
            system, operator, centre, student, Path(files), lambda page, name: _picture(page, folder / f"{name}.png")
        )
    for context in browser.contexts:
        await context.close()


async def _picture(page: Page, file: Path) -> None:
    # Animations run on: to end them all at once would let the codes on the wall grow old.
    _keep(file, await page.screenshot(caret="hide"))


def _keep(file: Path, picture: bytes) -> None:
    """Write a picture; it must be small enough to be kept with the code."""
    if len(picture) > LARGEST:
        raise ValueError(f"{file} would have {len(picture)} bytes, more than {LARGEST}")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(picture)


async def _every_look(browser: Browser, system: System, paths: Sequence[str]) -> None:
    folder = STATE / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    accounts = {
        "public": None,
        "volunteer": system.district.volunteer,
        "staff": system.district.manager,
        "centre": system.district.admin,
        "operator": (OPERATOR, system.platform.operator_password),
    }
    for who, account in accounts.items():
        wanted = [path for for_whom, path in map(_who_looks, paths) if for_whom == who]
        for size, language, look in product(SIZES, ("zh", "en"), LOOKS) if wanted else ():
            await _take(browser, system, account, wanted, folder, size, language, look)


def _who_looks(argument: str) -> tuple[str, str]:
    """Return who looks at a page, and its path."""
    who, _, path = argument.rpartition(":")
    if who:
        return who, path
    return next((who for who, pages in WHO.items() if _is_for(path, pages)), "public"), path


def _is_for(path: str, pages: Sequence[str]) -> bool:
    return any(path.startswith(page) for page in pages)


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

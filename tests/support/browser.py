"""A real Chromium and what must hold on every page: no error in the console, nothing of another host."""

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pylopdf_fonts_zh_cn
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.support.programs import program

PHONE: Mapping[str, int] = {"width": 390, "height": 844}
SMALL_PHONE: Mapping[str, int] = {"width": 360, "height": 780}
DESK: Mapping[str, int] = {"width": 1280, "height": 800}
_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><dir>{fonts}</dir><cachedir>{cache}</cachedir></fontconfig>"""
_REPORT_VIOLATIONS = """document.addEventListener("securitypolicyviolation", (event) =>
  console.error("policy violated: " + event.violatedDirective + " " + event.blockedURI))"""


@dataclass
class Watch:
    """What went wrong on the pages of a context."""

    origin: str
    errors: list[str] = field(default_factory=list)
    expected: tuple[str, ...] = ()
    """Parts of messages that a test causes on purpose (a 403 page is one line in the console)."""

    def on(self, page: Page) -> None:
        """Listen to a page."""
        page.on("pageerror", lambda error: self.errors.append(f"{page.url}: {error}"))
        page.on("console", lambda said: self._said(page, said.type, said.text))
        page.on("request", lambda request: self._requested(request.url))

    def _said(self, page: Page, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.errors.append(f"{page.url}: {text}")

    def _requested(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.errors.append(f"a request to another host: {url}")

    def assert_clean(self) -> None:
        """Fail where a page has complained of anything that was not meant."""
        found = [error for error in self.errors if not any(part in error for part in self.expected)]
        assert not found, "\n".join(found)


@asynccontextmanager
async def chromium(folder: Path) -> AsyncIterator[Browser]:
    """Start Debian's Chromium, with letters for Chinese; skip the test where there is none."""
    path = program("chromium")
    fonts = folder / "fonts.conf"
    fonts.write_text(_FONTS.format(fonts=Path(pylopdf_fonts_zh_cn.__file__).parent, cache=folder / "fonts"))
    environment: dict[str, str | float | bool] = {**os.environ, "FONTCONFIG_FILE": str(fonts)}
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=arguments, env=environment)
        yield browser
        await browser.close()


async def open_context(
    browser: Browser,
    watch: Watch,
    *,
    viewport: Mapping[str, int] = PHONE,
    scripts: bool = True,
    service_workers: Literal["allow", "block"] = "block",
    **cookies: str,
) -> BrowserContext:
    """Open a fresh browser, a phone's by default; ``cookies`` say how pages are shown, as ``mode="elder"``."""
    context = await browser.new_context(
        base_url=watch.origin,
        viewport={"width": viewport["width"], "height": viewport["height"]},
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        java_script_enabled=scripts,
        service_workers=service_workers,
    )
    if scripts:
        await context.add_init_script(_REPORT_VIOLATIONS)
    await context.add_cookies([{"name": name, "value": value, "url": watch.origin} for name, value in cookies.items()])
    context.on("page", watch.on)
    context.set_default_timeout(20_000)
    return context


async def log_in(page: Page, account: tuple[str, str]) -> None:
    """Log in by the form."""
    await page.goto("/log-in")
    await page.locator("#user_name").fill(account[0])
    await page.locator("#password").fill(account[1])
    await page.locator('main form[action="/log-in"] button').click()
    await page.wait_for_url(lambda url: "/log-in" not in url)

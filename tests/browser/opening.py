"""A district is opened by the operator's form, and its administrator comes in by the password that is good once."""

from playwright.async_api import Page, expect

from deploy.demo.district import OPERATOR
from tests.support.browser import log_in
from tests.support.system import System

CHOSEN = "a password of one's own"


async def open_by_form(system: System, operator: Page, code: str, name: str) -> str:
    """Open a district; return its administrator's one-time password, which the page shows. The page stays open."""
    await log_in(operator, (OPERATOR, system.platform.operator_password))
    await operator.goto("/staff/operations/districts/new")
    await operator.get_by_label("区县代码").fill(code)
    await operator.get_by_label("区县名称").fill(name)
    await operator.get_by_label("第一位管理员的用户名").fill(administrator(code))
    await operator.get_by_role("button", name="开通区县").click()
    await expect(operator.get_by_role("heading", name=f"{name}已开通")).to_be_visible()
    return await operator.locator("#one-time-password").inner_text()


async def come_in(desk: Page, code: str, password: str) -> None:
    """Log in as the administrator for the first time, and choose the password `CHOSEN`."""
    await log_in(desk, (administrator(code), password))
    await expect(desk.get_by_text("您用的是临时密码")).to_be_visible()
    await desk.get_by_label("现在的密码").fill(password)
    await desk.get_by_label("新密码").fill(CHOSEN)
    await desk.get_by_role("button", name="修改密码").click()
    await desk.wait_for_url(lambda url: "/settings/password" not in url)


def administrator(code: str) -> str:
    """Return the user name of a district's administrator."""
    return f"admin.{code}"

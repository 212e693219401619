"""Row 20 and page D5 by everybody who has a part in them, without scripts.

The office opens a case worker's account, who takes a household into care and pairs a volunteer; the volunteer is told,
and of the household nothing."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import somebody
from tests.support.browser import Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System

STATION = "510115-STA-02"


@pytest.mark.row(20)
async def test_a_household_is_taken_into_care_paired_visited_and_read_by_its_case_worker_alone(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    office = await open_page(scripts=False)
    await log_in(office, system.district.admin)
    password = await _open_account(office, "case.li")

    worker = await open_page(scripts=False)
    await _begin_with(worker, "case.li", password, "a password of her own")
    await expect(worker).to_have_url(f"{system.origin}/staff/households")
    await worker.get_by_role("link", name="建档").first.click()
    await worker.get_by_role("button", name="建档", exact=True).click()
    await expect(worker.get_by_role("alert").get_by_role("link")).to_have_count(2)  # an address, and somebody
    await worker.get_by_label("住址").fill("柳城街道长安路 8 号")
    await worker.get_by_label("姓名").first.fill("陈小雨")
    await worker.get_by_label("为什么帮扶").first.select_option("child_of_released_prisoner")
    await worker.get_by_role("button", name="建档", exact=True).click()
    await expect(worker.get_by_role("status")).to_have_text("已建档。")
    household = worker.url.partition("?")[0]

    volunteer = somebody(system)
    await worker.get_by_text("新结对").click()
    await worker.get_by_label("志愿者编号").fill(volunteer[0])
    await worker.get_by_role("button", name="结对", exact=True).click()
    await expect(worker.get_by_role("status")).to_contain_text("已结对")
    await worker.get_by_role("link", name=volunteer[0]).click()
    await worker.get_by_label("备注").fill("孩子爱画画")
    await worker.get_by_role("button", name="记下").click()
    await expect(worker.get_by_role("status")).to_have_text("已记下这次探访。")
    await worker.goto(household)
    await worker.get_by_role("button", name="显示").click()
    for shown in ("柳城街道长安路 8 号", "两劳人员子女", "孩子爱画画"):
        await expect(worker.get_by_text(shown).first).to_be_visible()

    await office.goto(household)
    await expect(office.get_by_text("青少年")).to_be_visible()
    for hidden in ("两劳", "陈", "长安路", "孩子爱画画"):
        await expect(office.get_by_text(hidden)).to_have_count(0)

    page = await open_page(scripts=False)
    await log_in(page, volunteer)

    async def is_told() -> bool:
        await page.goto("/me/inbox")
        return await page.get_by_role("link", name="我的结对").count() > 0

    await eventually(is_told)
    await page.get_by_role("link", name="我的结对").click()
    await expect(page.get_by_text("探访 1 次")).to_be_visible()
    for hidden in ("陈", "长安路", "孩子爱画画"):
        await expect(page.get_by_text(hidden)).to_have_count(0)


async def _open_account(office: Page, name: str) -> str:
    """Open a case worker's account on the office's pages; return its temporary password."""
    await office.get_by_role("link", name="账号管理").click()
    await office.get_by_role("link", name="开户").first.click()
    await office.get_by_label("用户名").fill(name)
    await office.get_by_label("社工").check()
    await office.get_by_text("管哪些站点").first.click()
    await office.get_by_label(STATION).check()
    await office.get_by_role("button", name="开户").click()
    await expect(office.get_by_role("status")).to_contain_text("已开户")
    await office.get_by_label("给临时密码：事由").fill("新来的社工")
    await office.get_by_role("button", name="给临时密码").click()
    password = await office.get_by_role("status").inner_text()
    await expect(office.get_by_role("cell", name="新来的社工")).to_be_visible()
    return password


async def _begin_with(page: Page, name: str, temporary: str, password: str) -> None:
    """Log in with a temporary password, which is to be changed first, and go on to where one begins."""
    await log_in(page, (name, temporary))
    await page.locator("#old_password").fill(temporary)
    await page.locator("#new_password").fill(password)
    await page.locator('main form[action="/settings/password"] button').click()
    await log_in_again(page, name, password)


async def log_in_again(page: Page, name: str, password: str) -> None:
    """Go to where one begins, by a new log-in where the old one has ended."""
    await page.context.clear_cookies()
    await log_in(page, (name, password))

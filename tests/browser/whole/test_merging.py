"""Row 19 by the office and the person, without scripts: two entries become one with both's hours, and two again."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import people, somebody
from tests.support.browser import Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System


@pytest.mark.row(19)
async def test_two_entries_become_one_with_the_hours_of_both_and_two_again(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    person = somebody(system)
    [other] = people(system, 1)
    office = await open_page(scripts=False)
    await log_in(office, system.district.admin)
    before = [await _hours(office, number) for number in (other, person[0])]
    await office.get_by_role("link", name="与另一条是同一人").click()
    await office.get_by_label("另一条登记的编号").fill(other)
    await office.get_by_role("button", name="并排核对").click()
    for _ in range(2):  # the other one, and back: this one can log in
        await office.get_by_role("link", name="改为保留另一条").click()
    await office.get_by_label("怎么知道是同一人").fill("本人到场，核对了身份证")
    await office.get_by_role("button", name="合并", exact=True).click()
    await expect(office.get_by_role("alert")).to_contain_text("请勾选确认")
    await office.get_by_label("我已核对，这两条是同一个人").check()
    await office.get_by_role("button", name="合并", exact=True).click()
    await expect(office.get_by_role("status")).to_contain_text("已合并")

    async def has_followed() -> bool:
        return await _hours(office, other) == sum(before)  # the number that is gone finds the person

    assert await eventually(has_followed)
    await expect(office.get_by_text(person[0]).first).to_be_visible()

    page = await open_page(scripts=False)
    await log_in(page, person)

    async def is_told() -> bool:
        await page.goto("/me/inbox")
        return await page.get_by_text("您的两条登记已合并").count() > 0

    assert await eventually(is_told)

    await office.get_by_role("link", name="撤销合并").click()
    await office.get_by_label("为什么撤销").fill("是同名的两个人")
    await office.get_by_role("button", name="撤销合并").click()
    await expect(office.get_by_role("status")).to_contain_text("已撤销合并")

    async def is_as_before() -> bool:
        return [await _hours(office, number) for number in (other, person[0])] == before

    assert await eventually(is_as_before)


async def _hours(office: Page, number: str) -> int:
    """Open the card that a number finds; return the minutes that it shows."""
    await office.goto(f"/staff/volunteers?query={number}")
    await office.locator("table a").first.click()
    shown = await office.locator("dl.pairs div", has_text="累计服务").locator("dd").inner_text()
    words = shown.split()
    units = {"小时": 60, "分": 1, "分钟": 1}
    return sum(int(count.replace(",", "")) * units[unit] for count, unit in zip(words[::2], words[1::2], strict=True))

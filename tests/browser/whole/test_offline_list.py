"""A shift where there is no network (portal.md section 11, check 30; section 8): the list kept in the browser, what it
notes counted once, at the right times.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Locator, Page, expect

from deploy.demo.district import open_district
from tests.browser.conftest import OpenPage
from tests.browser.people import as_admin, people
from tests.browser.whole.test_a_shift import publish
from tests.browser.whole.test_every_page import CONTROLS, RULES, TOO_SMALL
from tests.browser.whole.test_running_a_shift import roster, sign_up
from tests.support.browser import Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System

SOON, HOUR = timedelta(minutes=15), timedelta(hours=1)
WRONG = timedelta(minutes=7)
LOST = "ERR_INTERNET_DISCONNECTED"
SHELL = "离线签到 · 邻帮"
"""The title of the page without a shift: what the service worker keeps."""
LATE = 60_000
"""Milliseconds: a time-out only ends a hang."""


async def download(page: Page, shift: str) -> None:
    """Open the page of a shift's list from its roster, and download it."""
    await page.goto(f"/staff/shifts/{shift}")
    await page.get_by_role("link", name="离线签到").click()
    await page.get_by_role("button", name="下载名单").click()
    await expect(page.get_by_text("名单已在本机，断网也能用。")).to_be_visible(timeout=LATE)


def row(page: Page, entry: dict[str, Any]) -> Locator:
    return page.get_by_role("listitem").filter(has_text=entry["number_last_four"])


def moments(system: System, activity: dict[str, Any]) -> list[str | None]:
    return [entry["checked_in_at"] for entry in roster(system, activity)]


@pytest.mark.row(32)
async def test_three_check_ins_without_a_network_count_once_and_at_the_right_times(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = (LOST,)
    activity = publish(system, "没有网络的班次", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 4))
    listed = roster(system, activity)
    page = await open_page(service_workers="allow")
    await page.clock.install(time=datetime.now(UTC) + WRONG)
    await log_in(page, system.district.manager)
    await download(page, activity["shift"])
    await expect(page.get_by_text("这台设备的时钟差了 7 分钟")).to_be_visible(timeout=LATE)

    await page.context.set_offline(True)
    await page.reload()
    await expect(page).to_have_title(SHELL)
    await expect(page.get_by_text("没有网络的班次")).to_be_visible(timeout=LATE)
    before = datetime.now(UTC)
    for entry in listed[:3]:
        await page.get_by_label("编号后四位或姓").fill(entry["number_last_four"])
        await row(page, entry).get_by_role("button", name="签到").click()
        await expect(row(page, entry).get_by_text("未同步")).to_be_visible(timeout=LATE)
    after = datetime.now(UTC)
    await expect(page.get_by_text("未同步 3 条")).to_be_visible(timeout=LATE)
    assert moments(system, activity) == [None] * 4

    await page.context.set_offline(False)
    await expect(page.get_by_text("都已同步", exact=True)).to_be_visible(timeout=LATE)
    counted = moments(system, activity)
    assert counted[3] is None
    for moment in counted[:3]:
        assert moment is not None
        assert before - WRONG / 2 < datetime.fromisoformat(moment) < after + WRONG / 2
    assert [entry["by"] for entry in roster(system, activity)] == ["offline"] * 3 + [None]
    await page.get_by_label("编号后四位或姓").fill("")
    await expect(page.get_by_text("时钟不准，待核对").filter(visible=True)).to_have_count(3, timeout=LATE)
    with as_admin(system) as admin:
        doubts = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/offline-doubts").json()["items"]
    assert [each["sign_up_id"] for each in doubts] == [entry["sign_up_id"] for entry in listed[:3]]

    await page.get_by_role("button", name="立即同步").click()
    await expect(page.get_by_text("都已同步，没有要送的。")).to_be_visible(timeout=LATE)
    await page.reload()
    await expect(page.get_by_text("都已同步", exact=True)).to_be_visible(timeout=LATE)
    assert moments(system, activity) == counted


async def test_a_second_tap_is_no_check_out_and_a_minute_later_there_is_one(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = (LOST,)
    activity = publish(system, "来了又走", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 1))
    (entry,) = roster(system, activity)
    page = await open_page(service_workers="allow", lang="en")
    start = datetime.now(UTC)
    await page.clock.set_fixed_time(start)
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/offline/{activity['shift']}")
    await page.get_by_role("button", name="Download the list").click()
    await expect(page.get_by_text("works without a network")).to_be_visible(timeout=LATE)
    await page.context.set_offline(True)
    await row(page, entry).get_by_role("button", name="Check in").dblclick()
    await expect(page.get_by_text("1 not synced")).to_be_visible(timeout=LATE)
    await expect(row(page, entry).get_by_role("button")).to_have_count(0)
    await page.clock.set_fixed_time(start + timedelta(seconds=61))
    await page.reload()
    await row(page, entry).get_by_role("button", name="Check out").click()
    await expect(row(page, entry).get_by_text("Checked out")).to_be_visible(timeout=LATE)
    await expect(page.get_by_text("2 not synced")).to_be_visible(timeout=LATE)
    found = await Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.response["violations"]
    assert await page.evaluate(TOO_SMALL, [CONTROLS, 44]) == []


async def test_two_open_pages_take_turns_in_one_chain(system: System, open_page: OpenPage, watch: Watch) -> None:
    watch.expected = (LOST,)
    activity = publish(system, "两个页面", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 2))
    listed = roster(system, activity)
    one = await open_page(service_workers="allow")
    await log_in(one, system.district.manager)
    await download(one, activity["shift"])
    await one.context.set_offline(True)
    two = await one.context.new_page()
    await two.goto(f"/staff/offline/{activity['shift']}")
    for page, entry in zip((two, one), listed, strict=True):
        await row(page, entry).get_by_role("button", name="签到").click()
        await expect(row(page, entry).get_by_text("未同步")).to_be_visible(timeout=LATE)
    await expect(one.get_by_text("未同步 2 条")).to_be_visible(timeout=LATE)
    await two.close()
    await one.context.set_offline(False)
    await expect(one.get_by_text("都已同步", exact=True)).to_be_visible(timeout=LATE)
    assert [entry["by"] for entry in roster(system, activity)] == ["offline"] * 2


async def test_nobody_logs_out_with_something_unsynced_unless_it_is_saved(
    system: System, open_page: OpenPage, watch: Watch, tmp_path: Path
) -> None:
    watch.expected = (LOST, "blob:")
    activity = publish(system, "没送回的记录", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 1))
    (entry,) = roster(system, activity)
    page = await open_page(service_workers="allow")
    await log_in(page, system.district.manager)
    await download(page, activity["shift"])
    await page.context.set_offline(True)
    await row(page, entry).get_by_role("button", name="签到").click()
    await expect(page.get_by_text("未同步 1 条")).to_be_visible(timeout=LATE)
    await page.get_by_role("button", name="退出登录").click()
    await expect(page.get_by_text("还有没同步的记录，现在不能退出。")).to_be_visible(timeout=LATE)

    async with page.expect_download() as saving:
        await page.get_by_role("button", name="保存文件").click()
    await (await saving.value).save_as(tmp_path / "saved.json")
    saved = json.loads((tmp_path / "saved.json").read_text(encoding="utf-8"))
    assert [(one.get("number_last_four"), one["kind"]) for one in saved["entries"]] == [
        (entry["number_last_four"], "check_in"),
        (None, "clock"),
    ]

    office = await open_page()
    await log_in(office, system.district.admin)
    await office.goto(f"/staff/shifts/{activity['shift']}")
    await office.get_by_role("link", name="上传离线文件").click()
    await office.get_by_label("文件", exact=True).set_input_files(tmp_path / "saved.json")
    await office.get_by_role("button", name="上传").click()
    await expect(office.get_by_text("已记入 1 条签到和签退。")).to_be_visible()
    assert [(one["state"], one["by"]) for one in roster(system, activity)] == [("attending", "offline")]
    await page.context.set_offline(False)
    await expect(page.get_by_text("都已同步", exact=True)).to_be_visible(timeout=LATE)
    await page.get_by_role("button", name="退出登录").click()
    await expect(page).to_have_url(f"{system.origin}/", timeout=LATE)

    async def is_gone() -> bool:
        return bool(await page.evaluate("indexedDB.databases().then((all) => all.length === 0)"))

    await eventually(is_gone)


async def test_another_district_s_session_cannot_open_the_list(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("403",)
    activity = publish(system, "外区看不到", begins=SOON, lasts=HOUR, capacity=5)
    name = open_district(system.platform, "510117", "郫都区")
    page = await open_page()
    await log_in(page, (name, system.platform.password(name)))
    answer = await page.goto(f"/staff/offline/{activity['shift']}")
    assert answer is not None
    assert answer.status == 403
    for what in ("list", "entries"):
        body = {"device_key_jwk": {}, "device_time": "", "device_id": activity["shift"]}
        sent = await page.request.post(
            f"/staff/offline/{activity['shift']}/{what}", data=body, headers={"Origin": system.origin}
        )
        assert sent.status == 403, what


async def test_without_scripts_the_page_says_so_and_leads_to_the_sheet(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "用笔签到", begins=SOON, lasts=HOUR, capacity=5)
    page = await open_page(scripts=False)
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/offline/{activity['shift']}")
    await expect(page.get_by_text("离线签到要靠浏览器的脚本和存储")).to_be_visible()
    await expect(page.get_by_role("button", name="下载名单")).to_be_hidden()
    await page.get_by_role("link", name="打印签到表").click()
    await expect(page).to_have_url(re.compile(f"/staff/shifts/{activity['shift']}/sheet$"), timeout=LATE)

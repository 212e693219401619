"""A shift as staff run it: published, watched, people checked in, closed (portal.md section 11: 10–14, 22, 25)."""

import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import segno
from playwright.async_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.people import as_admin, people, somebody
from tests.browser.whole.test_a_shift import publish
from tests.support.browser import DESK, Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System

SOON, LATER = timedelta(minutes=15), timedelta(days=6, hours=3)
HOUR = timedelta(hours=1)
_STEP = re.compile(r"([Mmh])(-?\d+)(?: ?(-?[\d.]+))?")


def sign_up(system: System, activity: Mapping[str, Any], numbers: Sequence[str]) -> None:
    """Sign volunteers up, each alone, in this order."""
    with as_admin(system) as admin:
        for number in numbers:
            admin.activities.send("POST", f"/v1/shifts/{activity['shift']}/sign-ups", json={"group": [number]})


def roster(system: System, activity: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the roster's entries as activities has them."""
    with as_admin(system) as admin:
        entries: list[dict[str, Any]] = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/roster").json()[
            "items"
        ]
    return entries


def modules_of(drawing: str) -> set[tuple[int, int]]:
    """Return the dark modules that an SVG path of a QR draws, by column and row."""
    column, row, found = 0, 0, set()
    for kind, first, second in _STEP.findall(drawing):
        if kind == "M":
            column, row = int(first), int(float(second))
        elif kind == "m":
            column, row = column + int(first), row + int(float(second))
        else:
            found |= {(column + step, row) for step in range(int(first))}
            column += int(first)
    return found


def qr_of(address: str, border: int) -> set[tuple[int, int]]:
    """Return the dark modules of an address's QR, moved by its border."""
    rows = segno.make(address, micro=False, error="m").matrix
    return {(x + border, y + border) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}


async def test_before_check_in_opens_the_roster_says_when_and_has_no_button(
    system: System, open_page: OpenPage
) -> None:
    activity = publish(system, "还早的班次", begins=timedelta(hours=3), lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 1))
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}")
    await expect(page.get_by_text("起可以签到。")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text="已报名")).to_have_count(1)
    await expect(page.get_by_role("main").get_by_role("button", name="签到")).to_have_count(0)


async def test_the_wall_shows_the_digits_and_a_qr_of_the_check_in_page_and_counts(
    system: System, open_page: OpenPage
) -> None:
    activity = publish(system, "大屏班次", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 1))
    page = await open_page(viewport=DESK)
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}/wall")

    async def shown_as_it_is() -> bool:
        with as_admin(system) as admin:
            code = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/code").json()
        drawing = await page.locator(".qr .dots").get_attribute("d")
        digits = re.sub(r"\D", "", await page.locator(".digits").inner_text())
        wanted = qr_of(f"{system.origin}/c/{code['qr_token']}", border=3)
        return modules_of(drawing or "") == wanted and digits == code["digits"]

    await eventually(shown_as_it_is)
    await expect(page.get_by_text("还没有人签到。")).to_be_visible()
    (entry,) = roster(system, activity)
    with as_admin(system) as admin:
        admin.activities.send("POST", f"/v1/sign-ups/{entry['sign_up_id']}/check-in")
    await expect(page.get_by_text("还没有人签到。")).to_have_count(0)
    await expect(page.locator("#code .figure").filter(has_text="在场").locator("dd")).to_have_text("1")


async def test_a_wall_whose_code_is_not_renewed_takes_it_away_and_says_so(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "断网的大屏", begins=SOON, lasts=HOUR, capacity=5)
    page = await open_page(viewport=DESK)
    await log_in(page, system.district.manager)
    wall = f"/staff/shifts/{activity['shift']}/wall"
    await page.goto(wall)
    await expect(page.locator(".digits")).to_be_visible()
    await expect(page.get_by_text("签到码已停止更新")).to_be_hidden()

    async def keep_waiting(route: Route) -> None:
        """Answer nothing."""

    await page.route(f"**{wall}", keep_waiting)
    await page.evaluate("document.getAnimations().forEach((each) => each.finish())")
    await expect(page.get_by_text("签到码已停止更新")).to_be_visible()
    await expect(page.locator(".digits")).to_be_hidden()
    await expect(page.locator(".plate")).to_be_hidden()
    await page.unroute(f"**{wall}")
    await page.get_by_role("link", name="刷新").click()
    await expect(page.locator(".digits")).to_be_visible()


async def test_a_code_of_the_wall_works_once_and_an_old_one_does_not(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "一码一次", begins=SOON, lasts=HOUR, capacity=5)
    first, second = somebody(system), somebody(system)
    sign_up(system, activity, [first[0], second[0]])
    with as_admin(system) as admin:
        code = admin.activities.send("GET", f"/v1/shifts/{activity['shift']}/code").json()
    page = await open_page()
    await log_in(page, first)
    await page.goto(f"/c/{code['qr_token']}")
    await page.get_by_role("button", name="确认签到").click()
    await expect(page.get_by_text("已签到。")).to_be_visible()
    await page.goto(f"/c/{code['qr_token']}")
    await expect(page.get_by_role("button", name="确认签到")).to_have_count(0)
    late = await open_page()
    await log_in(late, second)

    async def is_expired() -> bool:
        answer = await late.request.get(f"/c/{code['qr_token']}", headers={"Accept": "text/html"})
        return "过期" in await answer.text()

    await eventually(is_expired, within=120)
    assert roster(system, activity)[1]["state"] == "confirmed"


async def test_a_manager_sees_the_own_roster_masked_and_another_station_s_not(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("403",)
    activity = publish(system, "名单班次", begins=LATER, lasts=HOUR, capacity=5)
    sign_up(system, activity, [system.district.volunteer[0], *people(system, 2)])
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}")
    await expect(page.get_by_role("row").filter(has_text="薛**")).to_be_visible()
    await page.get_by_label("编号后四位或姓").fill(system.district.volunteer[0][-4:])
    await page.get_by_role("button", name="查找").click()
    await expect(page.get_by_role("cell", name="薛**")).to_be_visible()
    await expect(page.get_by_role("main").locator("tbody tr")).to_have_count(1)
    with as_admin(system) as admin:
        others = admin.activities.send("GET", f"/v1/activities/{system.district.activities['护河行动']}").json()
    answer = await page.goto(f"/staff/shifts/{others['shifts'][0]['id']}")
    assert answer is not None
    assert answer.status == 403
    await expect(page.get_by_text("如果需要，请联系本区管理员")).to_be_visible()


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_an_empty_activity_is_refused_with_every_fault_and_keeps_what_was_typed(
    system: System, open_page: OpenPage, watch: Watch, language: str
) -> None:
    watch.expected = ("422",)
    page = await open_page(lang=language)
    await log_in(page, system.district.admin)
    await page.goto("/staff/activities/new")
    await page.locator("#description").fill("带上热情")
    await page.locator("#weeks").fill("2")
    await page.get_by_role("button", name={"zh": "发布", "en": "Publish"}[language], exact=True).click()
    summary = page.get_by_role("alert")
    await expect(summary).to_be_focused()
    links = summary.get_by_role("link")
    targets = [await link.get_attribute("href") for link in await links.all()]
    assert targets == [
        *("#station", "#title", "#service", "#place", "#person_in_charge", "#risk_text"),
        *("#day-0", "#starts-0", "#ends-0", "#capacity-0"),
    ]
    said = await summary.inner_text()
    assert (re.search("[一-鿿]", said) is None) == (language == "en"), said
    await links.nth(1).click()
    await expect(page.locator("#title")).to_be_focused()
    await expect(page.locator("#description")).to_have_value("带上热情")
    await expect(page.locator("#weeks")).to_have_value("2")


async def fill_in(page: Page, title: str) -> None:
    """Fill in an activity of the manager's station, on one day six days from now."""
    await page.goto("/staff/activities/new")
    await page.get_by_label("活动名称").fill(title)
    await page.get_by_label("服务类别").select_option("culture")
    await page.get_by_label("地点").fill("新华社区活动室")
    await page.get_by_label("负责人").fill("站长办公室")
    await page.get_by_label("安全提示").fill("室内活动。")
    day = (datetime.now(UTC) + timedelta(days=6)).date()
    await page.get_by_label("日期").fill(f"{day:%Y-%m-%d}")
    await page.get_by_label("开始").fill("09:00")
    await page.get_by_label("结束").fill("11:00")
    await page.get_by_label("名额").fill("12")


@pytest.mark.parametrize("scripts", [True, False])
async def test_what_is_published_is_on_the_public_list_within_two_seconds(
    system: System, open_page: OpenPage, scripts: bool
) -> None:
    title = f"新发布的{'活动' if scripts else '无脚本活动'}"
    page, stranger = await open_page(scripts=scripts), await open_page()
    await log_in(page, system.district.manager)
    await fill_in(page, title)
    await page.get_by_role("button", name="发布", exact=True).click()
    await expect(page.get_by_text("已发布，现在就能报名。")).to_be_visible()
    published = time.monotonic()
    found = 0
    while not found:
        assert time.monotonic() - published < 2, "it is not there two seconds later"
        await stranger.goto("/activities?days=7")
        found = await stranger.get_by_role("link", name=title).count()


async def test_an_activity_is_copied_changed_and_cancelled_with_a_reason(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "原来的活动", begins=LATER, lasts=HOUR, capacity=3)
    sign_up(system, activity, people(system, 1))
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/activities/{activity['id']}")
    await page.get_by_role("link", name="照此再发").click()
    await expect(page.get_by_label("活动名称")).to_have_value("原来的活动")
    await expect(page.get_by_label("名额")).to_have_value("3")
    await page.goto(f"/staff/activities/{activity['id']}/edit")
    await page.get_by_label("地点").fill("二楼会议室")
    await page.get_by_role("button", name="保存并通知").click()
    await expect(page.get_by_text("已保存，正在通知报名的人。")).to_be_visible()
    await expect(page.get_by_text("二楼会议室")).to_be_visible()
    await page.get_by_role("link", name="改时间和名额").click()
    await page.get_by_label("名额").fill("8")
    await page.get_by_role("button", name="保存并通知").click()
    await expect(page.get_by_text("1 / 8")).to_be_visible()
    assert roster(system, activity)[0]["state"] == "confirmed", "more places ask nobody to agree again"
    await page.get_by_role("link", name="取消整个活动").click()
    await page.get_by_label("原因").fill("场地停电")
    await page.get_by_role("button", name="确认取消并通知").click()
    await expect(page.get_by_text("场地停电")).to_be_visible()
    assert roster(system, activity)[0]["state"] == "cancelled"


async def test_fewer_places_than_people_asks_who_leaves(system: System, open_page: OpenPage, watch: Watch) -> None:
    watch.expected = ("409",)
    activity = publish(system, "名额变少", begins=LATER + HOUR * 2, lasts=HOUR, capacity=2)
    sign_up(system, activity, people(system, 2))
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/activities/{activity['id']}/shifts/{activity['shift']}")
    await page.get_by_label("名额").fill("1")
    await page.get_by_role("button", name="保存并通知").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.get_by_role("group", name="谁让出名额？").get_by_role("checkbox").last.check()
    await page.get_by_role("button", name="保存并通知").click()
    await expect(page.get_by_text("1 / 1")).to_be_visible()
    assert [entry["state"] for entry in roster(system, activity)] == ["confirmed", "cancelled"]


async def test_somebody_is_taken_off_with_a_reason_and_the_next_is_offered_the_place(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    activity = publish(system, "移出名单", begins=LATER + HOUR * 4, lasts=HOUR, capacity=1)
    sign_up(system, activity, people(system, 2))
    page = await open_page(scripts=False)
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}")
    await page.locator("tbody tr").first.get_by_role("link", name="移出").click()
    await page.get_by_role("button", name="确认移出并通知本人").click()
    await expect(page.get_by_role("alert")).to_contain_text("原因")
    await page.get_by_label("原因").fill("本人来电说来不了")
    await page.get_by_role("button", name="确认移出并通知本人").click()
    await expect(page.locator("tbody tr").first).to_contain_text("组织方已取消")
    assert [entry["state"] for entry in roster(system, activity)] == ["cancelled", "offered"]


async def test_the_leader_sees_who_has_not_agreed_to_moved_times(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "时间改过", begins=LATER + HOUR * 6, lasts=HOUR, capacity=3)
    sign_up(system, activity, people(system, 2))
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/activities/{activity['id']}/shifts/{activity['shift']}")
    day = date.fromisoformat(await page.get_by_label("日期").input_value())
    await page.get_by_label("日期").fill((day + timedelta(days=7)).isoformat())
    await page.get_by_role("button", name="保存并通知").click()
    await expect(page.get_by_text("已报名的人要重新同意新时间")).to_be_visible()
    await page.get_by_role("main").get_by_role("link", name="名单").first.click()
    await expect(page.get_by_text("还有 2 人没有答复")).to_be_visible()
    await page.get_by_role("link", name="看是谁").click()
    await expect(page.locator("tbody tr").filter(has_text="前答复")).to_have_count(2)


async def test_people_are_checked_in_and_out_in_the_row_by_keyboard_alone(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "键盘签到", begins=SOON, lasts=HOUR, capacity=5)
    sign_up(system, activity, people(system, 1))
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}")
    await page.evaluate("window.stayed = true")
    row = page.locator("tbody tr")
    await row.get_by_role("button", name="签到").focus()
    await page.keyboard.press("Enter")
    await expect(row.get_by_text("进行中")).to_be_visible()
    await expect(row.get_by_role("button", name="签退")).to_be_focused()
    await expect(page.locator("#counts .tile").filter(has_text="已到")).to_contain_text("1")
    await page.keyboard.press("Tab")
    await expect(row.get_by_role("button", name="撤回")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(row.get_by_role("button", name="签到")).to_be_focused()
    assert await page.evaluate("window.stayed")
    assert roster(system, activity)[0]["state"] == "confirmed"


async def test_without_scripts_the_page_comes_back_at_the_row(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "无脚本签到", begins=SOON, lasts=HOUR, capacity=2)
    sign_up(system, activity, people(system, 1))
    page = await open_page(scripts=False)
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}")
    await page.locator("tbody tr").get_by_role("button", name="签到").click()
    (entry,) = roster(system, activity)
    assert entry["state"] == "attending"
    await expect(page).to_have_url(re.compile(f"/staff/shifts/{activity['shift']}.*#s-{entry['sign_up_id']}"))
    await page.get_by_label("志愿者编号").fill(people(system, 1)[0])
    await page.get_by_role("button", name="加入").click()
    await expect(page.get_by_text("已加入名单。")).to_be_visible()
    assert [each["state"] for each in roster(system, activity)] == ["attending", "attending"]


async def test_a_shift_is_closed_with_a_missing_check_out_put_right(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    activity = publish(system, "要收尾的班次", begins=timedelta(seconds=20), lasts=timedelta(seconds=25), capacity=5)
    sign_up(system, activity, people(system, 2))
    came, _ = roster(system, activity)
    with as_admin(system) as admin:
        admin.activities.send("POST", f"/v1/sign-ups/{came['sign_up_id']}/check-in")
    page = await open_page()
    await log_in(page, system.district.manager)
    await page.goto(f"/staff/shifts/{activity['shift']}/closing")

    async def is_over() -> int:
        await page.reload()
        return await page.get_by_role("button", name="确认工时").count()

    await eventually(is_over)
    await page.get_by_role("button", name="确认工时").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await page.get_by_role("alert").get_by_role("link").first.click()
    await expect(page.locator(f"#end-{came['sign_up_id']}")).to_be_focused()
    start = datetime.now(UTC) - timedelta(hours=1)
    china = start + timedelta(hours=8)
    await page.locator(f"#start-{came['sign_up_id']}").fill(f"{china:%H:%M}")
    await page.locator(f"#end-{came['sign_up_id']}").fill(f"{china + timedelta(minutes=30):%H:%M}")
    await page.locator(f"#reason-{came['sign_up_id']}").fill("提前来布置，忘记签退")
    await page.get_by_role("button", name="确认工时").click()
    await expect(page.get_by_text("1 人到场，1 人未到")).to_be_visible()
    await expect(page.get_by_role("row").filter(has_text=came["number_last_four"])).to_contain_text("30 分")
    await expect(page.get_by_role("row").filter(has_text="未到场")).to_have_count(1)


async def test_without_an_origin_nothing_is_done_and_it_is_refused(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "别处来的请求", begins=SOON, lasts=HOUR, capacity=2)
    sign_up(system, activity, people(system, 1))
    (entry,) = roster(system, activity)
    page = await open_page()
    await log_in(page, system.district.manager)
    for headers in ({"Origin": "https://elsewhere.example"}, {"Origin": "null"}, {}):
        answer = await page.request.post(
            f"/staff/sign-ups/{entry['sign_up_id']}/check-in", form={"shift": activity["shift"]}, headers=headers
        )
        assert answer.status == 403
    assert roster(system, activity)[0]["state"] == "confirmed"


async def test_with_registry_away_a_roster_lacks_names_and_still_works(system: System, open_page: OpenPage) -> None:
    activity = publish(system, "登记服务不在", begins=SOON, lasts=HOUR, capacity=2)
    (number,) = guests = people(system, 1)
    sign_up(system, activity, guests)
    page = await open_page()
    await log_in(page, system.district.manager)
    with system.without("registry"):
        await page.goto(f"/staff/shifts/{activity['shift']}")
        row = page.locator("tbody tr")
        await expect(row).to_contain_text(number[-4:])
        await row.get_by_role("button", name="签到").click()
        await expect(row.get_by_text("进行中")).to_be_visible()
        await page.goto("/staff/volunteers")
        await expect(page.get_by_text("暂时取不到，稍后再试")).to_be_visible()

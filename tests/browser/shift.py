"""A shift run on pages alone: a student by phone, and the leader of the station at a desk, on the real system.

The leader publishes an activity with two shifts: one that begins in a moment, and one of tomorrow with a single place.
The student waits for tomorrow's place until somebody leaves, and serves in today's: it lasts two minutes of real time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from playwright.async_api import Page, expect

from deploy.demo.browser import Browser
from shared.contracts.calendar import CHINA
from tests.browser.people import somebody
from tests.support.browser import log_in
from tests.support.system import System

TITLE = "整理社区图书角"
LASTS = timedelta(minutes=2)
_BEGINS_IN = timedelta(seconds=150)
_SERVED_AFTER = timedelta(seconds=35)
"""Half a minute counts as one: who leaves later than this after the start has a minute on record."""
_LATE = 120_000
Picture = Callable[[Page, str], Awaitable[None]]
"""Takes a picture of a page under a name."""


async def play(system: System, student: Page, leader: Page, picture: Picture) -> None:
    """Let both live through it, and two further volunteers without scripts: one leaves, one forgets to check out."""
    who, leaves, forgets = (somebody(system) for _ in range(3))
    starts_at = (datetime.now(UTC) + _BEGINS_IN).replace(second=0, microsecond=0) + timedelta(minutes=1)
    await log_in(leader, system.district.manager)
    today, tomorrow = await _publish(leader, starts_at, picture)
    await asyncio.to_thread(_sign_up, system.origin, leaves, tomorrow)
    await asyncio.to_thread(_sign_up, system.origin, forgets, today)

    await log_in(student, who)
    await _find_and_sign_up(student, picture)
    await leader.goto(f"/staff/shifts/{tomorrow}")
    await expect(leader.locator("#counts")).to_contain_text("1 / 1")
    await expect(leader.locator("tbody tr")).to_have_count(2)
    await picture(leader, "05-the-leader-sees-the-list-fill")
    await asyncio.to_thread(_withdraw, system.origin, leaves)
    await _accept_the_place(student, picture)

    digits = await _wall(leader, today, picture)
    await asyncio.to_thread(_check_in, system.origin, forgets, today, digits)
    await student.goto("/check-in")
    await student.get_by_label("现场大屏上的 6 位数字").fill(digits)
    await student.get_by_role("main").get_by_role("button", name="签到").click()
    await expect(student.get_by_text("已签到。")).to_be_visible()
    await picture(student, "08-the-student-checks-in")
    await _until(starts_at + _SERVED_AFTER)
    await student.goto("/check-in")
    await student.get_by_role("button", name="签退").click()
    await expect(student.get_by_text("已完成")).to_be_visible()
    await expect(student.get_by_role("definition").filter(has_text="1 分")).to_be_visible()
    await picture(student, "09-the-student-checks-out")

    await _until(starts_at + LASTS + timedelta(seconds=1))
    await _close(leader, today, starts_at, picture)
    await _see_the_hours(student, picture)


async def _publish(leader: Page, starts_at: datetime, picture: Picture) -> tuple[str, str]:
    """Publish by the form; return the ids of both shifts."""
    await leader.goto("/staff/activities/new")
    await leader.locator("#station").select_option("510115-STA-01")
    await leader.locator("#title").fill(TITLE)
    await leader.locator("#service").select_option("culture")
    await leader.locator("#place").fill("新华社区活动室二层")
    await leader.locator("#person_in_charge").fill("新华社区站长办公室")
    await leader.locator("#risk_text").fill("室内活动。高处的书请两人一起取放，不要踩椅子。")
    await leader.locator("#description").fill("把捐来的书按类别上架，登记书目。手套由站里提供。")
    await _fill_shift(leader, 0, starts_at, starts_at + LASTS, 3)
    await leader.get_by_role("button", name="再加一个班次").click()
    noon = datetime.now(CHINA).replace(hour=14, minute=0) + timedelta(days=1)
    await _fill_shift(leader, 1, noon, noon + timedelta(hours=2), 1)
    await picture(leader, "01-the-leader-publishes")
    await leader.locator("main form button.large:not(.quiet)").click()
    await expect(leader.get_by_text("已发布，现在就能报名。")).to_be_visible()
    links = await leader.get_by_role("main").get_by_role("link", name="名单").all()
    today, tomorrow = [(await link.get_attribute("href") or "").rpartition("/")[2] for link in links]
    return today, tomorrow


async def _fill_shift(leader: Page, row: int, starts_at: datetime, ends_at: datetime, capacity: int) -> None:
    start, end = starts_at.astimezone(CHINA), ends_at.astimezone(CHINA)
    await leader.locator(f"#day-{row}").fill(f"{start:%Y-%m-%d}")
    await leader.locator(f"#starts-{row}").fill(f"{start:%H:%M}")
    await leader.locator(f"#ends-{row}").fill(f"{end:%H:%M}")
    await leader.locator(f"#capacity-{row}").fill(str(capacity))


async def _find_and_sign_up(student: Page, picture: Picture) -> None:
    """Take a place in today's shift, and the first one on the waiting list of tomorrow's."""
    await student.goto("/activities")
    rows = student.get_by_role("listitem").filter(has_text=TITLE)
    await expect(rows).to_have_count(2)
    await picture(student, "02-the-student-finds-it")
    await rows.first.get_by_role("button", name="报名").click()
    await expect(rows.first.get_by_text("已报名")).to_be_visible()
    await rows.last.get_by_role("link", name=TITLE).click()
    await expect(student.get_by_role("heading", level=1)).to_have_text(TITLE)
    await picture(student, "03-tomorrow-is-full")
    await student.get_by_role("main").get_by_role("button", name="候补").click()
    await expect(student.get_by_text("候补第 1 位")).to_be_visible()
    await student.goto("/me/sign-ups?listed=waiting")
    await student.get_by_role("link", name=TITLE).click()
    await expect(student.get_by_role("heading", level=1)).to_have_text(TITLE)
    await picture(student, "04-the-student-waits")


async def _accept_the_place(student: Page, picture: Picture) -> None:
    """Read of the place that has become free, and take it."""
    receipt = student.url
    told = student.get_by_role("heading", name=TITLE).first

    async def told_of_it() -> None:
        await student.goto("/me/inbox")
        await expect(told.filter(has_text="名额")).to_be_visible(timeout=1_000)

    await _eventually(told_of_it)
    await picture(student, "06-the-student-is-told")
    await student.goto(receipt)
    await student.get_by_role("button", name="接受名额").click()
    await expect(student.get_by_text("已报名")).to_be_visible()


async def _wall(leader: Page, shift: str, picture: Picture) -> str:
    """Open the screen of the place; return its six digits."""
    await leader.goto(f"/staff/shifts/{shift}/wall")
    await expect(leader.get_by_role("img", name="签到二维码")).to_be_visible()
    await picture(leader, "07-the-screen-at-the-place")
    return "".join((await leader.locator(".digits").inner_text()).split())


async def _close(leader: Page, shift: str, starts_at: datetime, picture: Picture) -> None:
    """Say when the one who forgot has left, and close the shift."""
    await leader.goto(f"/staff/shifts/{shift}/closing")
    missing = leader.get_by_role("region", name="缺签退").get_by_role("listitem")
    await expect(missing).to_have_count(1)
    end = (starts_at + LASTS).astimezone(CHINA)
    await missing.get_by_label("结束").fill(f"{end:%H:%M}")
    await missing.get_by_label("原因").fill("忘记签退，结束时在场")
    await picture(leader, "10-the-leader-mends-a-check-out")
    await leader.get_by_role("main").get_by_role("button", name="确认工时").click()
    await expect(leader.get_by_text("2 人到场，0 人未到")).to_be_visible()
    await picture(leader, "11-the-shift-is-closed")


async def _see_the_hours(student: Page, picture: Picture) -> None:
    async def in_the_ledger() -> None:
        await student.goto("/me/hours")
        await expect(student.get_by_role("link", name=TITLE)).to_be_visible(timeout=1_000)

    await _eventually(in_the_ledger)
    await picture(student, "12-the-student-sees-the-hours")


def _sign_up(origin: str, account: tuple[str, str], shift: str) -> None:
    with _logged_in(origin, account) as browser:
        page = browser.open("/activities?text=" + TITLE)
        form = page.form(f"/shifts/{shift}/sign-up")
        assert form is not None, page.main.text
        assert "报名成功" in browser.submit(page, form).main.text


def _withdraw(origin: str, account: tuple[str, str]) -> None:
    with _logged_in(origin, account) as browser:
        listed = browser.open("/me/sign-ups").main.all("a", "row")
        path = next(row.attributes["href"] for row in listed if TITLE in row.text)
        page = browser.open(f"{path}/withdraw")
        form = page.form(f"{path}/withdraw")
        assert form is not None, page.main.text
        assert "已取消报名" in browser.submit(page, form).main.text


def _check_in(origin: str, account: tuple[str, str], shift: str, digits: str) -> None:
    with _logged_in(origin, account) as browser:
        page = browser.open("/check-in")
        form = next(form for form in page.main.all("form") if form.first("input", value=shift))
        answer = browser.submit(page, form, {"digits": digits}).main.text
        assert "已签到。" in answer, answer


def _logged_in(origin: str, account: tuple[str, str]) -> Browser:
    browser = Browser(origin)
    page = browser.open("/log-in")
    form = page.form("/log-in")
    assert form is not None, page.main.text
    assert browser.submit(page, form, {"user_name": account[0], "password": account[1]}).path == "/me"
    return browser


async def _eventually(look: Callable[[], Awaitable[None]]) -> None:
    """Look again until it is so: events take their time."""
    deadline = asyncio.get_running_loop().time() + _LATE / 1000
    while True:
        try:
            return await look()
        except AssertionError:
            if asyncio.get_running_loop().time() > deadline:
                raise


async def _until(moment: datetime) -> None:
    """Wait for a time of day: minutes are served, not simulated."""
    await asyncio.sleep(max(0.0, (moment - datetime.now(UTC)).total_seconds()))

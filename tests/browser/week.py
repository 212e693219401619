"""A district centre's first week, played on pages alone, on the real system with a district of real size.

The sample's files are read as another district's, so that it begins with nothing. What is counted in the end comes from
the files: 27,300 people, 24,400 of them students, and every minute of 250,789 service records.
"""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import FilePayload, Page, expect

from deploy.demo.district import logged_in, open_account
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.browser.opening import CHOSEN, administrator, come_in, open_by_form
from tests.browser.uploads import of_district, upload
from tests.support.browser import log_in
from tests.support.eventually import eventually
from tests.support.system import System

DISTRICT, NAME = "510117", "郫都区"
PEOPLE, STUDENTS = 27_300, 24_400
SLOW = 400_000
"""Milliseconds: a quarter of a million records take their time on two busy cores. It ends a hang alone."""
REFERENCE = ("divisions", "organisations", "stations", "teams")
STATION = "新华社区志愿服务站"
JUDGED = ("staff", "office", "rules")
"""The criteria of the six-haves that somebody judges; the other three are computed."""
EVIDENCE = FilePayload(
    name="佐证.pdf",
    mimeType="application/pdf",
    buffer=b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
    b"trailer<</Root 1 0 R>>\n%%EOF\n",
)
Picture = Callable[[Page, str], Awaitable[None]]
"""Takes a picture of a page under a name."""
Somebody = Callable[[], Awaitable[Page]]
"""Opens a browser for somebody more."""


async def play(system: System, operator: Page, centre: Page, student: Somebody, folder: Path, picture: Picture) -> None:
    """Let the centre live through its first week."""
    await _open(system, operator, centre, picture)
    await _import(centre, folder, picture)
    await _build(centre, picture)
    await _set_targets(centre, picture)
    await _judge(centre, picture)
    await _allocate(system, centre, student, folder, picture)
    await _export(centre, folder, picture)


async def _open(system: System, operator: Page, centre: Page, picture: Picture) -> None:
    """Monday morning: the operator opens the district by a form, and its administrator comes in."""
    password = await open_by_form(system, operator, DISTRICT, NAME)
    await picture(operator, "00-the-operator-opens-the-district")
    await come_in(centre, DISTRICT, password)
    await centre.goto("/staff/overview")
    await expect(centre.get_by_role("heading", level=1)).to_be_visible()
    await picture(centre, "01-nothing-is-there-yet")


async def _import(centre: Page, folder: Path, picture: Picture) -> None:
    """Monday: the places, the people, and all that they have served."""
    for kind in REFERENCE:
        await upload(centre, kind, of_district(DISTRICT, NAME, f"{kind}.csv", folder))
        await expect(centre.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    await upload(centre, "roster", of_district(DISTRICT, NAME, "volunteers.csv.gz", folder))
    await expect(centre.locator("#done")).to_have_text(f"{PEOPLE:,} / {PEOPLE:,} 行", timeout=SLOW)
    await expect(centre.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    records = of_district(DISTRICT, NAME, "service_records.csv.gz", folder)
    await upload(centre, "service-records", records)
    lines = len(_rows(records))
    await expect(centre.locator("#done")).to_contain_text(f"/ {lines:,} 行", timeout=SLOW)
    await picture(centre, "02-the-records-come-in")
    await expect(centre.locator("#done")).to_have_text(f"{lines:,} / {lines:,} 行", timeout=SLOW)
    await expect(centre.get_by_text("已完成", exact=True)).to_be_visible(timeout=SLOW)
    await picture(centre, "03-every-line-has-its-verdict")


async def _build(centre: Page, picture: Picture) -> None:
    """Tuesday: who guides whom, who runs the centre, a team that was missing, and who works at a station."""
    await centre.goto("/staff/network/guiding-bodies/new")
    await centre.get_by_label("名称").fill("区团委")
    await centre.get_by_label("代码").fill(f"{DISTRICT}-LEAGUE")
    await centre.get_by_role("button", name="登记").click()
    await centre.get_by_role("link", name="志愿者协会").last.click()
    await centre.get_by_text("改归属").click()
    await centre.get_by_label("指导机构").select_option(f"{DISTRICT}-LEAGUE")
    await centre.get_by_label("挂靠单位").fill("区团委")
    await centre.get_by_role("button", name="保存").click()
    await expect(centre.get_by_role("status")).to_contain_text("已保存")
    await centre.goto("/staff/network/formations/new")
    await centre.get_by_label("队名").fill("法律咨询队")
    await centre.get_by_label("类别").select_option("professional")
    await centre.get_by_label("站点").select_option(f"{DISTRICT}-STA-01")
    await centre.get_by_label("服务方向").select_option("law")
    await centre.get_by_label("为什么需要这支队伍").fill("居民常问拆迁和劳动合同，没有队伍能接。")
    await centre.get_by_role("button", name="提交申请").click()
    await centre.get_by_role("button", name="批准成立").click()
    await expect(centre.get_by_role("status")).to_contain_text("队伍已成立")
    await centre.goto("/staff/network")
    await centre.get_by_role("link", name="志愿服务中心").first.click()
    await centre.get_by_text("改共建单位").click()
    await centre.get_by_role("textbox", name="共建单位").fill("区志愿服务中心\n区教育局")
    await centre.get_by_role("button", name="保存").click()
    await expect(centre.get_by_role("status")).to_contain_text("已保存")
    await picture(centre, "04-the-centre-is-run-by-two")
    await centre.goto("/staff/network")
    await expect(centre.get_by_text(f"{PEOPLE:,}").first).to_be_visible()
    await picture(centre, "05-the-tree")


async def _set_targets(centre: Page, picture: Picture) -> None:
    """Wednesday morning: one centre, ten stations, 84 teams by a day; every community within two years."""
    for title, days, figures in (
        ("1 中心 10 站点 84 队", 90, {"centres": "1", "stations": "10", "teams": "84"}),
        ("两年覆盖全区", 730, {}),
    ):
        await centre.goto("/staff/overview/new")
        await centre.locator("#title").fill(title)
        await centre.locator("#due_on").fill((district_day(now()) + timedelta(days=days)).isoformat())
        for kind, number in figures.items():
            await centre.locator(f"#{kind}").fill(number)
        if not figures:
            await centre.get_by_label("每个社区都要有达标站点").check()
        await centre.get_by_role("button", name="定下目标").click()
        await expect(centre.get_by_text(title).first).to_be_visible()
    await picture(centre, "06-targets-with-a-forecast")


async def _judge(centre: Page, picture: Picture) -> None:
    """Wednesday: a station's three criteria that are judged, each with evidence."""
    await centre.goto("/staff/standard")
    await picture(centre, "07-the-map")
    await centre.get_by_role("link", name=STATION).click()
    station = centre.url
    for criterion in JUDGED:
        await centre.goto(f"{station}/{criterion}")
        await centre.get_by_label("是什么").fill("现场核对材料")
        await centre.locator("#file").set_input_files(EVIDENCE)
        await centre.get_by_role("button", name="上传佐证").click()
        await expect(centre.get_by_role("status").first).to_contain_text("佐证已上传")
        await centre.get_by_label("符合", exact=True).check()
        await centre.get_by_role("button", name="保存评定").click()
        await expect(centre.get_by_text("现场核对材料")).to_be_visible()
        if criterion == JUDGED[-1]:
            await picture(centre, "08-a-criterion-with-its-evidence")
    await centre.goto(station)
    await picture(centre, "09-a-station-by-the-standard")


async def _allocate(system: System, centre: Page, student: Somebody, folder: Path, picture: Picture) -> None:
    """Thursday: a plan for the students, its proof, its approval, three answers, and the plan after these."""
    await _propose(centre)
    await expect(centre.get_by_text(f"{STUDENTS:,}").first).to_be_visible()
    await picture(centre, "10-a-plan-with-its-proof")
    plan = centre.url
    await centre.goto(f"/step-up?then={urlsplit(plan).path}")
    await centre.get_by_label("密码").fill(CHOSEN)
    await centre.get_by_role("button", name="确认").click()
    await centre.get_by_role("button", name="批准并通知").click()
    await expect(centre.get_by_role("status").first).to_contain_text("已批准")
    answers = ("接受", "不接受", "不接受")
    accounts = await asyncio.to_thread(_accounts, system, folder, len(answers))
    for number, (account, answer) in enumerate(zip(accounts, answers, strict=True)):
        page = await student()
        await log_in(page, account)
        await eventually(partial(_is_asked, page, answer), within=SLOW / 1000)
        await page.get_by_role("button", name=answer, exact=True).click()
        await expect(page.get_by_role("status").first).to_be_visible()
        if number == 1:
            await picture(page, "11-a-student-declines")
    await centre.goto(plan)
    await picture(centre, "12-the-answers-so-far")
    await _propose(centre)
    await picture(centre, "13-the-plan-after-the-answers")


def _accounts(system: System, folder: Path, number: int) -> list[tuple[str, str]]:
    """Open accounts for the first students of the roster; the pages for that have a test of their own."""
    students = [row for row in _rows(folder / "volunteers.csv") if row["人员类别"] == "university_student"]
    numbers = [row["志愿者编号"] for row in students[:number]]
    with logged_in(system.platform, administrator(DISTRICT), CHOSEN) as session:
        return [(one, open_account(system.platform, session, one, volunteer_number=one)) for one in numbers]


async def _is_asked(page: Page, answer: str) -> bool:
    await page.goto("/me/placements")
    return await page.get_by_role("button", name=answer, exact=True).count() == 1


async def _propose(centre: Page) -> None:
    """Have a plan made, and wait until it is."""
    await centre.goto("/staff/allocations")
    await centre.get_by_role("button", name="计算方案").click()
    await expect(centre.get_by_role("heading", name="各站点")).to_be_visible(timeout=SLOW)


async def _export(centre: Page, folder: Path, picture: Picture) -> None:
    """Friday: what was served, by month, as a chart, a table and a file whose sum is the records'."""
    await centre.goto("/staff/statistics?by=month")
    await picture(centre, "14-statistics")
    async with centre.expect_download() as download:
        await centre.get_by_role("link", name="CSV").click()
    *months, total = [int(row["分钟数"]) for row in _rows(Path(await (await download.value).path()))]
    served = sum(int(row["minutes"]) for row in _rows(folder / "service_records.csv"))
    assert sum(months) == total == served
    await centre.goto("/staff/overview")
    await picture(centre, "15-the-week-is-over")


def _rows(file: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"))))

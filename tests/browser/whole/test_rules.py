"""Row 17 by everybody who has a part in it, without scripts: the centre publishes, a volunteer is led to it at log-in.

They sign up once they have accepted; who has not is reminded, and follows the message to the same page."""

from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from playwright.async_api import Page, expect
from sqlalchemy import make_url

from deploy.services import url_name
from tests.browser.conftest import OpenPage
from tests.browser.people import somebody
from tests.browser.whole.test_a_shift import publish
from tests.browser.whole.test_own_affairs import told
from tests.support.browser import DESK, Watch, log_in
from tests.support.eventually import eventually
from tests.support.infrastructure import Infrastructure
from tests.support.system import System

TITLE = "安全须知（试行）"


@pytest.fixture
async def no_rules_afterwards(system: System, infrastructure: Infrastructure) -> AsyncIterator[None]:
    """Leave the district without rules: other tests sign up there."""
    yield
    for service, tables in (
        ("registry", ("rule_acceptance", "rule_document")),
        ("activities", ("accepted_rule", "known_rule")),
    ):
        name = make_url(system.database_urls[url_name(service, "api")]).database
        url = make_url(infrastructure.admin_url).set(database=name).render_as_string(hide_password=False)
        database = await asyncpg.connect(url)
        for table in tables:
            await database.execute(f"DELETE FROM {table}")
        await database.close()


@pytest.mark.row(17)
@pytest.mark.usefixtures("no_rules_afterwards")
async def test_rules_are_published_read_and_accepted_and_until_then_nobody_signs_up(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422", "409")
    activity = publish(system, "高处清洁", begins=timedelta(days=9, hours=9), lasts=timedelta(hours=1), capacity=5)
    reader, reminded = somebody(system), somebody(system)
    office = await open_page(scripts=False, viewport=DESK)
    await log_in(office, system.district.admin)
    await office.goto("/staff/rule-documents")
    await office.get_by_role("link", name="发布新的规则").click()
    await office.get_by_label("名称").fill(TITLE)
    await office.get_by_role("button", name="发布", exact=True).click()
    await expect(office.get_by_role("alert").get_by_role("link")).to_have_count(1)  # its text
    await expect(office.get_by_label("名称")).to_have_value(TITLE)
    await office.get_by_label("全文").fill("# 高处作业\n\n系好安全带。\n\n# 附则\n\n由区志愿服务中心解释。")
    await office.get_by_role("button", name="发布", exact=True).click()
    await expect(office.get_by_role("status")).to_contain_text("已发布")
    document = office.url.partition("?")[0]

    page = await open_page(scripts=False)
    await log_in(page, reader)
    await expect(page).to_have_url(f"{system.origin}/me/rules?then=%2Fme")
    await page.get_by_role("link", name="以后再看").click()
    await expect(page).to_have_url(f"{system.origin}/me")

    async def is_refused() -> bool:
        await page.goto(f"/activities/{activity['id']}")
        await page.get_by_role("main").get_by_role("button", name="报名").click()
        return await page.get_by_text(f"要先阅读并同意《{TITLE}》").count() > 0

    assert await eventually(is_refused)
    await page.get_by_role("link", name="去阅读").click()
    await accept(page)
    await expect(page.get_by_role("status")).to_contain_text("已记下您的同意")

    async def signs_up() -> bool:
        await page.goto(f"/activities/{activity['id']}")
        await page.get_by_role("main").get_by_role("button", name="报名").click()
        return "/sign-ups/" in page.url

    assert await eventually(signs_up)

    await office.goto(document)
    await expect(office.get_by_role("main")).to_contain_text("1 人已同意")
    await office.get_by_role("button", name="提醒还没有同意的人").click()
    await expect(office.get_by_role("status")).to_contain_text("只提醒一次")
    page = await open_page(scripts=False)
    await log_in(page, reminded)
    await told(page, TITLE, "去阅读")
    await accept(page)

    stranger = await open_page(scripts=False)
    await stranger.goto("/rules")
    await stranger.get_by_role("link", name=TITLE).click()
    await expect(stranger.get_by_role("heading", name="附则")).to_be_visible()


async def accept(page: Page) -> None:
    """Read the document, and accept it."""
    await page.get_by_role("link", name=TITLE).click()
    await expect(page.get_by_role("heading", name="高处作业")).to_be_visible()
    await page.get_by_role("button", name="我已阅读并同意").click()

"""Logging in by phone and by an outside issuer that is another site, without a script; and a district's rules."""

import json
import re
from datetime import timedelta

from playwright.async_api import Page, expect

from deploy.local.environment import TEXTS
from shared.contracts.calendar import district_day
from shared.store.event_log import now
from tests.browser.conftest import OpenPage
from tests.browser.people import Account, as_admin, somebody
from tests.support.browser import Watch, log_in
from tests.support.eventually import eventually
from tests.support.system import System


def phone_of(system: System, who: Account) -> str:
    """Return somebody's phone, as the centre may read it with a reason."""
    with as_admin(system) as admin:
        (found,) = admin.registry.send("GET", f"/v1/volunteers?query={who[0]}").json()["items"]
        reason = {"reason": "a test of pages"}
        return str(admin.registry.send("POST", f"/v1/volunteers/{found['id']}/reveal", json=reason).json()["phone"])


def texts_to(phone: str) -> list[str]:
    lines = TEXTS.read_text(encoding="utf-8").splitlines() if TEXTS.exists() else []
    return [line["text"] for line in map(json.loads, lines) if line["to"] == phone]


async def test_the_holder_of_a_phone_logs_in_by_its_code_and_is_where_they_wanted_to_be(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("401",)
    who = somebody(system)
    phone = phone_of(system, who)
    before = len(texts_to(phone))
    page = await open_page(scripts=False)
    await page.goto("/me/hours")
    await page.get_by_role("navigation", name="登录方式").get_by_role("link", name="手机验证码").click()
    await page.get_by_label("登记的手机号码").fill(phone)
    await page.get_by_role("button", name="获取验证码").click()
    await expect(page.get_by_text("如果这个号码登记过，验证码已发出")).to_be_visible()

    async def has_come() -> bool:
        return len(texts_to(phone)) > before

    assert await eventually(has_come)
    found = re.search(r"\b[0-9]{6}\b", texts_to(phone)[-1])
    assert found
    await page.get_by_label("短信验证码").fill(f"{(int(found[0]) + 1) % 1_000_000:06d}")
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page.get_by_role("alert")).to_contain_text("没有登录成功")
    await page.get_by_label("短信验证码").fill(found[0])
    await page.get_by_role("button", name="登录", exact=True).click()
    await expect(page).to_have_url(f"{system.origin}/me/hours")


ISSUER_STYLE = "https://cdn.jsdelivr.net/"


async def without_outside_styles(page: Page) -> Page:
    await page.route(f"{ISSUER_STYLE}**", lambda route: route.fulfill(content_type="text/css", body=""))
    return page


async def leave_for_the_issuer(page: Page, issuer: str, subject: str) -> None:
    """Log in at the issuer, to which the page goes on by itself."""
    await page.wait_for_url(f"{issuer}/**")
    await page.locator("input[name=sub]").fill(subject)
    await page.get_by_role("button", name="Authorize").click()


async def test_an_identity_of_another_site_is_linked_after_a_log_in_and_logs_in_from_then_on(
    system: System, open_page: OpenPage, watch: Watch, issuer: str
) -> None:
    watch.expected = (issuer, ISSUER_STYLE)  # its own pages are none of ours
    who, subject = somebody(system), "student@campus"
    page = await without_outside_styles(await open_page(scripts=False))
    await page.goto("/me/hours")
    await page.get_by_role("button", name="用校园账号登录").click()
    await leave_for_the_issuer(page, issuer, subject)
    await expect(page.get_by_text("您的校园账号还没有关联到这里的账号")).to_be_visible()
    await page.get_by_label("志愿者编号或用户名").fill(who[0])
    await page.get_by_label("密码").fill(who[1])
    await page.get_by_role("button", name="登录", exact=True).click()
    await page.get_by_role("button", name="关联 校园账号").click()
    await leave_for_the_issuer(page, issuer, subject)
    await expect(page.get_by_text("已关联，下次可以用它登录。")).to_be_visible()
    await page.get_by_role("link", name="继续").click()
    await expect(page).to_have_url(f"{system.origin}/me/hours")

    other = await without_outside_styles(await open_page())
    await other.goto("/log-in?then=/me/stars")
    await other.get_by_role("button", name="用校园账号登录").click()
    await leave_for_the_issuer(other, issuer, subject)
    await expect(other).to_have_url(f"{system.origin}/me/stars")
    await other.goto("/settings/identities")
    await other.get_by_role("button", name="取消关联 校园账号").click()
    await expect(other.get_by_text("已取消关联。")).to_be_visible()


async def test_the_centre_sets_rules_and_a_manager_reads_them(
    system: System, open_page: OpenPage, watch: Watch
) -> None:
    watch.expected = ("422",)
    page = await open_page()
    await log_in(page, system.district.admin)
    await page.get_by_role("link", name="规则").click()
    await page.get_by_role("link", name="改规则").click()
    await page.get_by_label("从哪天起").fill("2020-01-01")
    await page.get_by_label("晚走的时间最多计多久").fill("999")
    await page.get_by_role("button", name="保存为新规则").click()
    faults = page.get_by_role("alert")
    await expect(faults.get_by_role("link")).to_have_count(2)
    await faults.get_by_role("link", name="晚走的时间最多计多久").click()
    await expect(page.locator("#counts_late")).to_be_focused()
    await page.get_by_label("晚走的时间最多计多久").fill("10")
    later = district_day(now()) + timedelta(days=300)  # other tests publish under today's
    await page.get_by_label("从哪天起").fill(f"{later}")
    await page.get_by_role("button", name="保存为新规则").click()
    await expect(page.get_by_text("已保存。")).to_be_visible()
    history = page.get_by_role("region", name="历次规则")
    newest = history.get_by_role("listitem").filter(has_text="第 1 版")
    await expect(newest).to_contain_text("未到")
    await expect(newest).to_contain_text(f"{system.district.admin[0]} 定于")
    await expect(newest).to_contain_text("0 分 → 10 分")

    page = await open_page(scripts=False)
    await log_in(page, system.district.manager)
    await page.get_by_role("link", name="规则").click()
    await expect(page.get_by_role("region", name="现行规则")).to_contain_text("初始规则")
    await expect(page.get_by_role("region", name="历次规则")).to_contain_text("10 分")
    await expect(page.get_by_role("link", name="改规则")).to_have_count(0)

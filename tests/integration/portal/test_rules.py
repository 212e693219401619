"""A district's rules: read by all who work there, set by its centre from a day on, each bad figure named."""

import json
from typing import Any

import pytest

from tests.support.portal import ACCOUNT, Portal

FIRST = {
    "version": 0,
    "made_at": None,
    "made_by": None,
    "holds_from": None,
    "check_in_opens": 30,
    "counts_early": 0,
    "counts_late": 0,
    "forgotten_after": 30,
    "offer_stands": 720,
    "no_offers": 60,
    "agreement": 2880,
    "notice": 1440,
}
SECOND = FIRST | {
    "version": 1,
    "made_at": "2025-03-01T08:00:00+08:00",
    "made_by": f"account:{ACCOUNT}",
    "holds_from": "2025-03-02T00:00:00+08:00",
    "counts_early": 15,
}
SETS = {"in_force": 1, "items": [SECOND, FIRST], "limits": {"counts_early": {"least": 0, "most": 180}}}
TYPED = {
    "check_in_opens": "30",
    "counts_early": "15",
    "counts_late": "0",
    "forgotten_after": "30",
    "offer_stands": "12",
    "offer_stands_in": "hours",
    "no_offers": "90",
    "no_offers_in": "minutes",
    "agreement": "2",
    "agreement_in": "days",
    "notice": "24",
    "notice_in": "hours",
    "version": "1",
    "holds_from": "2030-01-01",
    "key": "once",
}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    portal.services.answer("GET activities/v1/rule-sets", SETS)
    portal.services.answer(f"GET registry/v1/accounts/{ACCOUNT}", {"user_name": "admin.510115"})


async def test_the_centre_sees_what_holds_what_has_held_and_by_whom_it_was_made(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/rules")).text
    for said in (
        "早到的时间最多计多久",
        "15 分",
        "2 天",
        "第 1 版",
        "初始规则",
        "admin.510115 定于",
        "0 分 → <strong>15 分",
    ):
        assert said in page
    assert 'href="/staff/rules/new"' in page
    assert 'href="/staff/rules" aria-current="page"' in page
    await browser.aclose()


@pytest.mark.parametrize("role", ["team_leader", "station_manager", "auditor", "case_worker"])
async def test_others_who_work_in_the_district_read_and_do_not_set(portal: Portal, role: str) -> None:
    browser = await portal.logged_in(role)
    page = await browser.get("/staff/rules")
    assert page.status_code == 200
    assert "/staff/rules/new" not in page.text
    assert ("admin.510115" in page.text) == (role == "auditor")  # names of accounts are for who may list accounts
    assert (await browser.get("/staff/rules/new")).status_code == 403
    assert (await browser.post("/staff/rules/new", data=TYPED)).status_code == 403
    assert ('href="/staff/activities"' in page.text) == (role in ("team_leader", "station_manager"))
    await browser.aclose()


async def test_a_volunteer_has_no_such_page(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    assert (await browser.get("/staff/rules")).status_code == 403
    await browser.aclose()


async def test_other_rules_are_typed_in_units_that_fit_and_hold_from_a_day(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    form = (await browser.get("/staff/rules/new")).text
    for kept in ('name="counts_early" inputmode="numeric" value="15"', 'value="2"', 'name="version" value="1"'):
        assert kept in form
    portal.services.answer("POST activities/v1/rule-sets", SECOND | {"version": 2}, 201)
    answer = await browser.post("/staff/rules/new", data=TYPED)
    assert (answer.status_code, answer.headers["location"]) == (303, "/staff/rules?done=1")
    sent = portal.services.asked[-1]
    assert sent.headers["idempotency-key"] == "once"
    assert json.loads(sent.content) == {
        "version": 1,
        "holds_from": "2030-01-01",
        "check_in_opens": 30,
        "counts_early": 15,
        "counts_late": 0,
        "forgotten_after": 30,
        "offer_stands": 720,
        "no_offers": 90,
        "agreement": 2880,
        "notice": 1440,
    }
    await browser.aclose()


@pytest.mark.parametrize(
    ("typed", "field", "said"),
    [
        ({"notice": "soon"}, "notice", "不是数字"),
        ({"notice": "-1"}, "notice", "不是数字"),
        ({"counts_late": ""}, "counts_late", "必填项为空"),
        ({"holds_from": "tomorrow"}, "holds_from", "不是有效日期"),
    ],
)
async def test_what_is_no_figure_is_named_and_kept_and_nothing_is_sent(
    portal: Portal, typed: dict[str, Any], field: str, said: str
) -> None:
    browser = await portal.logged_in("district_admin")
    answer = await browser.post("/staff/rules/new", data=TYPED | typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert said in answer.text
    assert f'value="{typed[field]}"' in answer.text
    assert [request.method for request in portal.services.asked if "rule-sets" in request.url.path] == ["GET"]
    await browser.aclose()


async def test_what_activities_refuses_stands_at_its_field(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    portal.services.refuse("POST activities/v1/rule-sets", 422, "out_of_range", "counts_early")
    answer = await browser.post("/staff/rules/new", data=TYPED)
    assert answer.status_code == 422
    assert 'id="counts_early-fault"' in answer.text
    assert "0 分 到 3 小时" in answer.text
    portal.services.refuse("POST activities/v1/rule-sets", 409, "changed_meanwhile", "version")
    assert "changed_meanwhile" in (await browser.post("/staff/rules/new", data=TYPED)).text
    await browser.aclose()

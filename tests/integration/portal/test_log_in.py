"""The ways to log in: side by side, without a script, and none tells a stranger who is registered."""

import json

import pytest

from tests.support.portal import ORIGIN, Portal, tokens

PHONE = "17000000170"
SENT = {"expires_in": 300, "again_in": 60}
ISSUERS = {"issuers": [{"name": "campus", "title": "校园账号"}]}


async def test_each_page_leads_to_the_other_ways_and_keeps_where_one_wanted_to_go(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/oidc", ISSUERS)
    async with portal.browser() as browser:
        for path in ("/log-in", "/log-in/phone"):
            page = (await browser.get(path, params={"then": "/activities?days=30"})).text
            for way in ("/log-in?", "/log-in/phone?"):
                assert f'href="{way}then=%2Factivities%3Fdays%3D30"' in page
            assert page.count('name="then" value="/activities?days=30"') == 2  # this way's form, and the issuer's
            assert 'action="/log-in/with/campus" method="post"' in page
            assert "用校园账号登录" in page


async def test_only_issuers_that_registry_knows_have_a_button(portal: Portal) -> None:
    async with portal.browser() as browser:
        assert "/log-in/with/" not in (await browser.get("/log-in")).text  # registry is away
        portal.services.answer("GET registry/v1/oidc", {"issuers": []})
        assert "/log-in/with/" not in (await browser.get("/log-in", headers={"Accept-Language": "en"})).text
        assert (await browser.post("/log-in/with/campus")).status_code == 404


async def test_a_code_is_asked_for_and_logs_in_to_where_one_wanted_to_be(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/codes", SENT, 202)
    portal.services.answer("POST registry/v1/tokens/by-phone", tokens("volunteer"))
    async with portal.browser() as browser:
        form = {"phone": f" {PHONE} ", "then": "/me/hours"}
        page = await browser.post("/log-in/phone", data={**form, "do": "code"})
        assert page.status_code == 200
        assert f'value="{PHONE}"' in page.text
        assert 'name="phone_code"' in page.text
        answer = await browser.post("/log-in/phone", data={**form, "sent": "1", "phone_code": "204817", "do": "log-in"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/me/hours")
        assert answer.headers["set-cookie"].startswith("linbang=")
    code, log_in = [
        json.loads(request.content)
        for request in portal.services.asked
        if request.url.path.startswith(("/v1/c", "/v1/t"))
    ]
    assert code == {"purpose": "log_in", "channel": "sms", "to": PHONE}
    assert log_in == {"phone": PHONE, "phone_code": "204817", "user_name": "", "code": ""}


async def test_what_was_wrong_is_told_by_one_sentence(portal: Portal) -> None:
    pages = []
    async with portal.browser() as browser:
        for status, code, field in ((422, "wrong_code", "code"), (403, "locked", ""), (409, "changed_meanwhile", "")):
            portal.services.refuse("POST registry/v1/tokens/by-phone", status, code, field)
            form = {"phone": PHONE, "sent": "1", "phone_code": "204817", "do": "log-in"}
            answer = await browser.post("/log-in/phone", data=form)
            assert answer.status_code == 401
            pages.append(answer.text)
    assert len(set(pages)) == 1
    assert "手机号码、验证码或编号不对，或验证码已过期。" in pages[0]
    assert 'role="alert"' in pages[0]
    assert "204817" not in pages[0]


@pytest.mark.parametrize("sentence", ["尝试次数过多，请 42 秒后再试。", ""])
async def test_who_tries_too_often_is_told_how_long_to_wait_and_can_still_type_the_code(
    portal: Portal, sentence: str
) -> None:
    for what in ("POST registry/v1/codes", "POST registry/v1/tokens/by-phone", "POST registry/v1/tokens"):
        faults = [{"field": "to", "code": "too_often", "message": "too_often"}]
        portal.services.answer(what, {"status": 429, "faults": faults, "detail": sentence}, 429)
    said = sentence or "尝试次数过多，请稍后再试。"
    async with portal.browser() as browser:
        for do in ("code", "log-in"):
            form = {"phone": PHONE, "do": do} | ({"sent": "1"} if do == "log-in" else {})
            answer = await browser.post("/log-in/phone", data=form)
            assert (answer.status_code, said in answer.text) == (429, True)
            assert 'name="phone_code"' in answer.text
        answer = await browser.post("/log-in", data={"user_name": "x", "password": "y"})
        assert (answer.status_code, said in answer.text) == (429, True)


async def test_who_shares_a_phone_is_asked_for_the_number_and_keeps_the_code(portal: Portal) -> None:
    portal.services.refuse("POST registry/v1/tokens/by-phone", 422, "missing", "user_name")
    form = {"phone": PHONE, "sent": "1", "phone_code": "204817", "do": "log-in"}
    async with portal.browser() as browser:
        page = (await browser.post("/log-in/phone", data=form)).text
        assert "不止一位志愿者登记了这个手机号码" in page
        assert 'name="user_name"' in page
        assert 'value="204817"' in page
        portal.services.refuse("POST registry/v1/tokens/by-phone", 404, "not_found", "user_name")
        page = (await browser.post("/log-in/phone", data={**form, "user_name": "nobody"})).text
        assert "手机号码、验证码或编号不对" in page
        assert 'name="user_name"' in page


async def test_a_second_factor_is_asked_for_and_the_code_kept(portal: Portal) -> None:
    portal.services.refuse("POST registry/v1/tokens/by-phone", 401, "second_factor", "code")
    form = {"phone": PHONE, "sent": "1", "phone_code": "204817", "do": "log-in"}
    async with portal.browser() as browser:
        page = (await browser.post("/log-in/phone", data=form)).text
        assert 'name="code"' in page
        assert 'value="204817"' in page
        portal.services.answer("POST registry/v1/tokens/by-phone", tokens("district_admin") | {"second_factor": "done"})
        answer = await browser.post("/log-in/phone", data={**form, "code": "492039"})
        assert answer.headers["location"] == "/staff"
    assert json.loads(portal.services.asked[-1].content)["code"] == "492039"


async def test_a_token_that_is_good_for_one_thing_alone_leads_to_that(portal: Portal) -> None:
    for code, place in (
        ("password_to_change", "/settings/password?first=1"),
        ("second_factor_to_set_up", "/settings/second-factor"),
        ("second_factor", "/step-up?then=%2Fstaff%2Factivities"),
    ):
        browser = await portal.logged_in("district_admin")
        portal.services.refuse("GET activities/v1/me/activities", 403, code)
        answer = await browser.get("/staff/activities")
        assert (answer.status_code, answer.headers["location"]) == (303, place)
        await browser.aclose()


async def test_who_has_a_second_factor_to_set_up_logs_in_again_where_that_was_long_ago(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin", only="second_factor")
    portal.services.refuse("POST registry/v1/me/second-factor", 403, "step_up")
    asked = await browser.post("/settings/second-factor", headers={"Referer": f"{ORIGIN}/settings/second-factor"})
    answer = await browser.get(asked.headers["location"])
    assert (answer.status_code, answer.headers["location"]) == (303, "/log-in")
    assert (await browser.get("/log-in")).status_code == 200  # logged out, so that it asks
    await browser.aclose()

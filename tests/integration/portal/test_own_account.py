"""What a lost phone must not do: it is asked once more who somebody is, and they go on to where they were."""

import json
import time

from tests.support.portal import ORIGIN, Portal, tokens

OWN = {"second_factor": False, "volunteer": {"phone": "170****8271", "email": ""}}
LATELY = {"stepped_up_at": int(time.time()) + 3600}
LONG_AGO = {"stepped_up_at": int(time.time()) - 3600}


async def test_what_needs_it_leads_to_the_question_and_back_under_a_new_cookie(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer", **LONG_AGO)
    before = browser.cookies["linbang"]
    portal.services.refuse("DELETE registry/v1/me/second-factor", 403, "step_up")
    page = f"{ORIGIN}/settings/second-factor"
    answer = await browser.post("/settings/second-factor/remove", headers={"Referer": page})
    assert answer.headers["location"] == "/step-up?then=%2Fsettings%2Fsecond-factor"

    portal.services.answer("GET registry/v1/me", OWN)
    assert 'name="password"' in (await browser.get(answer.headers["location"])).text
    portal.services.refuse("POST registry/v1/me/step-up", 401, "wrong_credentials", "password")
    wrong = await browser.post("/step-up", data={"password": "wrong", "then": "/settings/second-factor"})
    assert wrong.status_code == 401
    assert "密码不对" in wrong.text
    assert browser.cookies["linbang"] == before

    portal.services.answer("POST registry/v1/me/step-up", tokens("volunteer", **LATELY))
    right = await browser.post("/step-up", data={"password": "right", "then": "/settings/second-factor"})
    assert (right.status_code, right.headers["location"]) == (303, "/settings/second-factor")
    assert browser.cookies["linbang"] != before
    async with portal.browser(linbang=before) as thief:
        assert (await thief.get("/settings/second-factor")).headers["location"].startswith("/log-in")
    assert (await browser.get("/settings/second-factor")).status_code == 200
    await browser.aclose()


async def test_who_has_a_second_factor_is_asked_for_its_code(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    portal.services.answer("GET registry/v1/me", OWN | {"second_factor": True})
    page = (await browser.get("/step-up")).text
    assert 'name="code"' in page
    assert 'name="password"' not in page
    portal.services.answer("POST registry/v1/me/step-up", tokens("volunteer"))
    answer = await browser.post("/step-up", data={"code": " 492039 ", "then": "//evil.example"})
    assert answer.headers["location"] == "/"
    assert json.loads(portal.services.asked[-1].content) == {"code": "492039", "password": ""}
    await browser.aclose()


async def test_a_new_number_takes_a_code_to_it_and_the_question_first(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer", **LONG_AGO)
    answer = await browser.get("/settings/contact/phone")
    assert answer.headers["location"] == "/step-up?then=/settings/contact/phone"
    await browser.aclose()

    browser = await portal.logged_in("volunteer", **LATELY)
    assert (await browser.get("/settings/contact/phone")).status_code == 200
    portal.services.answer("POST registry/v1/codes", {"expires_in": 300, "again_in": 60}, 202)
    sent = await browser.post("/settings/contact/phone", data={"to": "17023828271", "do": "code"})
    assert json.loads(portal.services.asked[-1].content) == {
        "purpose": "contact",
        "channel": "sms",
        "to": "17023828271",
    }
    assert "验证码已发出" in sent.text

    portal.services.refuse("PUT registry/v1/me/contact-points", 422, "wrong_code", "code")
    wrong = await browser.post("/settings/contact/phone", data={"to": "17023828271", "code": "1", "do": "save"})
    assert wrong.status_code == 422
    assert 'href="#code"' in wrong.text
    assert 'value="17023828271"' in wrong.text

    portal.services.answer("PUT registry/v1/me/contact-points", status=204)
    saved = await browser.post("/settings/contact/phone", data={"to": "17023828271", "code": "204817", "do": "save"})
    assert saved.headers["location"] == "/settings?done=contact"
    assert json.loads(portal.services.asked[-1].content) == {"phone": "17023828271", "code": "204817"}
    await browser.aclose()


async def test_a_malformed_address_is_said_at_its_field(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer", **LATELY)
    portal.services.refuse("POST registry/v1/codes", 422, "format", "to")
    answer = await browser.post("/settings/contact/mail", data={"to": "nonsense", "do": "code"})
    assert answer.status_code == 422
    assert 'href="#to"' in answer.text
    assert "保存" not in answer.text
    await browser.aclose()


async def test_what_is_left_out_of_the_notices_is_not_said(portal: Portal) -> None:
    browser = await portal.logged_in("volunteer")
    channels = {"reminder": ["in_app"], "place": ["in_app", "email"], "leading": ["in_app"]}
    said = {"channels": channels, "needed": {"place": ["in_app"]}, "quiet_hours": None}
    portal.services.answer("GET notifications/v1/me/preferences", said)
    page = (await browser.get("/settings/notices")).text
    assert 'value="leading"' not in page
    assert "没有登记" not in page
    portal.services.answer("PUT notifications/v1/me/preferences", said)
    form = {
        "asked": ["reminder", "place"],
        "wanted": ["place/in_app"],
        "quiet": "1",
        "starts": "22:00",
        "ends": "07:00",
    }
    answer = await browser.post("/settings/notices", data=form)
    assert answer.headers["location"] == "/settings?done=notices"
    assert json.loads(portal.services.asked[-1].content) == {
        "channels": {"reminder": [], "place": ["in_app"]},
        "quiet_hours": {"starts": "22:00", "ends": "07:00"},
    }
    await browser.aclose()


async def test_after_a_reset_the_log_in_page_says_that_there_is_a_new_password(portal: Portal) -> None:
    async with portal.browser() as browser:
        portal.services.answer("POST registry/v1/password-resets", status=204)
        form = {"user_name": "x", "phone": "17023828271", "code": "1", "password": "long enough", "do": "reset"}
        answer = await browser.post("/forgotten", data=form)
        assert "密码已修改，请用新密码登录。" in (await browser.get(answer.headers["location"])).text
        assert "密码已修改" not in (await browser.get("/log-in")).text

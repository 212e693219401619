"""Row 6: each purpose in plain words, agreed to and taken back with one tap, and all that was said before."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}
AT = "2026-11-20T09:00:00Z"


def consent(purpose: str, *, given: bool, **changes: Any) -> dict[str, Any]:
    said = {"given": given, "channel": "own_page", "text_version": "2026-11-1", "stated_at": AT}
    shown = {
        "purpose": purpose,
        "title": f"题目 {purpose}",
        "text": f"正文 {purpose}",
        "text_version": "2026-11-1",
        "needed": False,
        "given": given,
        "changed": False,
        "channel": "own_page",
        "stated_at": AT,
        "statements": [said, said | {"given": not given}],
    }
    return shown | changes


def consents(*items: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {"items": items, "organisation_source": None, "organisation_stated_at": None} | changes


@pytest.mark.row(6)
@pytest.mark.parametrize(
    ("answer", "given", "button", "said"), [("take-back", False, "撤回", "已撤回"), ("agree", True, "同意", "已同意")]
)
async def test_a_purpose_is_agreed_to_and_taken_back_with_one_tap(
    portal: Portal, answer: str, button: str, said: str, *, given: bool
) -> None:
    portal.services.answer("GET registry/v1/me/consents", consents(consent("notices", given=not given)))
    portal.services.answer("PUT registry/v1/me/consents/notices", {"purpose": "notices", "given": given})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/consents")).text
    assert "正文 notices" in page
    assert f'action="/me/consents/notices/{answer}"' in page
    assert button in page
    assert "以前的选择" in page
    done = await browser.post(f"/me/consents/notices/{answer}", data={"key": "once", "version": "2026-11-1"})
    assert done.headers["location"] == f"/me/consents?done={answer}&about=notices"
    [sent] = [request for request in portal.services.asked if request.method == "PUT"]
    assert json.loads(sent.content) == {"text_version": "2026-11-1", "given": given}
    assert sent.headers["Idempotency-Key"] == "once"
    portal.services.answer("GET registry/v1/me/consents", consents(consent("notices", given=given)))
    assert said in (await browser.get(done.headers["location"])).text
    await browser.aclose()


@pytest.mark.row(6)
async def test_what_registration_needs_has_no_button_and_says_how_it_ends(portal: Portal) -> None:
    needed = consent("service", given=True, needed=True, channel="organisation", stated_at=None, statements=[])
    portal.services.answer(
        "GET registry/v1/me/consents",
        consents(needed, organisation_source="signed_form", organisation_stated_at=AT),
    )
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/consents")).text
    assert "/me/consents/service/" not in page
    assert "注销登记" in page
    assert "依据：签字表" in page
    await browser.aclose()


@pytest.mark.row(6)
async def test_an_older_version_can_be_taken_back_or_the_new_one_agreed_to_and_a_refusal_is_told(
    portal: Portal,
) -> None:
    portal.services.answer("GET registry/v1/me/consents", consents(consent("notices", given=True, changed=True)))
    portal.services.refuse("PUT registry/v1/me/consents/notices", 422, "changed_meanwhile")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post("/me/consents/notices/agree", data={"key": "once", "version": "2020-1"})
    assert page.status_code == 422
    assert "没有成功" in page.text
    assert 'action="/me/consents/notices/agree"' in page.text
    assert 'action="/me/consents/notices/take-back"' in page.text
    await browser.aclose()


GUARDIAN_TEXT = {"version": "2026-11-1", "title": "监护人同意书", "text": "我是这名未成年人的监护人"}
LACKING: dict[str, Any] = {
    "minor": True,
    "agreed": False,
    "agreed_at": None,
    "name": "",
    "phone": "",
    "text": GUARDIAN_TEXT,
}


@pytest.mark.row(5)
async def test_a_minor_has_a_guardian_agree_by_the_code_that_went_to_their_phone(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/guardian", LACKING)
    portal.services.answer("POST registry/v1/codes", {"expires_in": 300, "again_in": 60})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "我是这名未成年人的监护人" in (await browser.get("/me/guardian")).text
    typed = {"guardian_name": "张建国", "guardian_phone": "17011110001", "version": "2026-11-1", "key": "once"}
    asked = (await browser.post("/me/guardian", data=typed | {"do": "code"})).text
    assert "验证码已发到监护人的手机" in asked
    assert 'value="张建国"' in asked  # what was typed stays
    portal.services.refuse("POST registry/v1/me/guardian", 422, "wrong_code", "guardian_code")
    wrong = await browser.post("/me/guardian", data=typed | {"guardian_code": "1", "do": "agree"})
    assert wrong.status_code == 422
    assert 'id="guardian_code-fault"' in wrong.text
    portal.services.answer("POST registry/v1/me/guardian", {"agreed": True})
    done = await browser.post("/me/guardian", data=typed | {"guardian_code": "204817", "do": "agree"})
    assert done.headers["location"] == "/me/guardian?done=agreed"
    sent = [json.loads(request.content) for request in portal.services.asked if request.method == "POST"]
    assert {"purpose": "guardian", "channel": "sms", "to": "17011110001"} in sent
    agreed = LACKING | {"agreed": True, "agreed_at": AT, "name": "张**", "phone": "170****0001"}
    portal.services.answer("GET registry/v1/me/guardian", agreed)
    assert "监护人已同意" in (await browser.get(done.headers["location"])).text
    await browser.aclose()


@pytest.mark.row(5)
async def test_whoever_registers_under_18_is_asked_for_a_guardian_in_the_last_step_and_nobody_else(
    portal: Portal,
) -> None:
    portal.services.answer("GET registry/v1/consent-texts", [])
    portal.services.answer("GET registry/v1/guardian-text", GUARDIAN_TEXT)
    portal.services.answer("POST registry/v1/codes", {"expires_in": 300, "again_in": 60})
    portal.services.answer("POST registry/v1/volunteers/self/check", None, 204)
    browser = portal.browser()
    last = {"step": "4", "name": "小明", "id_number": "519900201111270033", "phone": "17011110009", "do": "own"}
    assert "监护人" not in (await browser.post("/register", data=last)).text
    portal.services.refuse("POST registry/v1/volunteers/self/check", 422, "guardian_needed", "guardian_phone")
    shown = (await browser.post("/register", data=last)).text
    assert "我是这名未成年人的监护人" in shown
    assert 'name="code"' in shown
    assert 'name="guardian_code"' not in shown
    asked = last | {"guardian_phone": "17011110001", "sent": "own", "do": "guardian"}
    both = (await browser.post("/register", data=asked)).text
    assert 'name="guardian_code"' in both
    assert 'name="code"' in both
    await browser.aclose()


@pytest.mark.row(5)
async def test_the_desk_sees_the_minors_without_a_guardian_s_consent_page_by_page(portal: Portal) -> None:
    one = {
        "id": str(new_id()),
        "volunteer_number": "51011500000001",
        "name": "李**",
        "phone": "170****0001",
        "organisation": None,
        "registered_on": "2026-03-01",
        "guardian_agreed": False,
    }
    portal.services.answer("GET registry/v1/minors", {"items": [one], "next_cursor": "next"})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/minors")).text
    assert "李**" in page
    assert "/staff/minors?listed=lacking&amp;cursor=next" in page
    assert portal.services.asked[-1].url.params["agreed"] == "false"
    portal.services.answer("GET registry/v1/minors", {"items": [], "next_cursor": None})
    assert "没有未成年志愿者" in (await browser.get("/staff/minors?listed=all")).text
    await browser.aclose()


@pytest.mark.row(5, 58)
async def test_a_guardian_without_an_account_takes_their_consent_back_by_a_code(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/codes", {"expires_in": 300, "again_in": 60})
    browser = portal.browser()
    assert "不用账号" in (await browser.get("/guardian")).text
    typed = {"volunteer_number": "51011500000007", "guardian_phone": "17011110001", "key": "once"}
    asked = (await browser.post("/guardian", data=typed | {"do": "code"})).text
    assert "验证码已发到您的手机" in asked
    assert 'value="51011500000007"' in asked  # what was typed stays
    portal.services.refuse("POST registry/v1/guardian-withdrawals", 422, "unknown_reference", "volunteer_number")
    wrong = await browser.post("/guardian", data=typed | {"code": "204817", "do": "take-back"})
    assert wrong.status_code == 422
    assert 'id="volunteer_number-fault"' in wrong.text
    portal.services.answer("POST registry/v1/guardian-withdrawals", {"agreed": False})
    done = await browser.post("/guardian", data=typed | {"code": "204817", "do": "take-back"})
    assert done.headers["location"] == "/guardian?done=taken-back"
    sent = [request for request in portal.services.asked if request.method == "POST"][-1]
    assert json.loads(sent.content) == {
        "volunteer_number": "51011500000007",
        "guardian_phone": "17011110001",
        "code": "204817",
        "district": "510115",
    }
    assert sent.headers["Idempotency-Key"] == "once"
    assert "已撤回" in (await browser.get(done.headers["location"])).text
    await browser.aclose()


@pytest.mark.row(1)
async def test_the_centre_states_what_a_roster_s_consents_rest_on_and_auditors_see_it(portal: Portal) -> None:
    roster = str(new_id())
    where, api = f"/staff/consents/rosters/{roster}", "registry/v1/organisation-statements"
    portal.services.answer(f"GET {api}/{roster}", [])
    office = await portal.logged_in("district_admin")
    assert "说明依据" in (await office.get(where)).text
    portal.services.refuse(f"POST {api}", 422, "missing", "statement")
    wrong = await office.post(where, data={"source": "signed_form", "statement": " "})
    assert (wrong.status_code, 'href="#statement"' in wrong.text) == (422, True)
    portal.services.answer(f"POST {api}", {"id": str(new_id())}, 201)
    stated = {"source": "signed_form", "statement": "签字表存校团委。"}
    done = await office.post(where, data=stated | {"key": "once"})
    assert done.headers["location"] == f"{where}?done=stated"
    [*_, sent] = [json.loads(one.content) for one in portal.services.asked if one.method == "POST"]
    assert sent == stated | {"subject_id": roster}
    await office.aclose()
    portal.services.answer(f"GET {api}/{roster}", [stated | {"stated_by": "admin.510115", "stated_at": AT}])
    auditor = await portal.logged_in("auditor")
    page = (await auditor.get(where)).text
    assert ("签字表存校团委。" in page, "admin.510115" in page, "<textarea" in page) == (True, True, False)
    await auditor.aclose()

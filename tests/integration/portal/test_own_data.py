"""Rows 7 and 8: one's own data as pages, what one has put right, who has read it; and the auditor's access log."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

VOLUNTEER_ID = str(new_id())
VOLUNTEER: dict[str, Any] = {"vid": VOLUNTEER_ID}
AT = "2026-03-01T10:00:00+08:00"
DIVISIONS: dict[str, Any] = {
    "items": [
        {"code": "510115001000", "level": "township", "name": "柳城街道", "parent_code": "510115"},
        {"code": "510115001001", "level": "community", "name": "柳城社区", "parent_code": "510115001"},
    ],
    "next_cursor": None,
}
REGISTERED: dict[str, Any] = {
    "number": "51011500027301",
    "name": "张晓雨",
    "gender": "female",
    "id_number": "519900200604070186",
    "phone": "17023828271",
    "email": "xiaoyu@example.org",
    "category": "university_student",
    "organisation": "学生会",
    "team": None,
    "skills": ["english"],
    "services": ["tutoring"],
    "community": None,
    "community_name": None,
    "registered_on": "2026-03-01",
    "source": "self",
    "account": {"user_name": "51011500027301", "created_at": AT, "second_factor": False, "sessions": 1},
    "consents": [{"purpose": "service", "given": True, "stated_at": AT}],
    "rules": [{"title": "志愿者守则", "version": 2, "accepted_at": AT}],
    "placements": [],
    "invitations": [{"team": "柳城法律服务队", "state": "declined"}],
    "contacts": [{"contacted_on": "2026-11-20", "way": "phone", "outcome": "wants_team", "note": "周末有空"}],
    "training": [{"subject": "上门探访须知", "delivered_at": AT, "read_at": AT, "passed_at": None}],
    "corrections": [],
}
ENTRY: dict[str, Any] = {
    "happened_at": AT,
    "by_oneself": False,
    "roles": ["station_manager"],
    "unit": "柳城街道站",
    "action": "volunteer_revealed",
    "reason": "电话通知改期",
}


def all_that_is_held(portal: Portal) -> None:
    answer = portal.services.answer
    answer("POST registry/v1/me/data/copies", REGISTERED)
    move = {"to_district": "510116", "to_name": "双流区", "state": "refused", "asked_at": AT, "answer": "请核对住址"}
    answer("GET registry/v1/me/moves", [move])
    answer("GET registry/v1/me/data", REGISTERED | {"name": "张**"})
    record = {"activity": "陪伴阅读", "service": "tutoring", "started_at": AT, "minutes": 90, "record_no": "SR1"}
    answer("GET activities/v1/me/data", {"sign_ups": [], "records": [record], "claims": [], "calendar_made_at": None})
    answer("GET assessment/v1/me/hours", {"lifetime_minutes": 90, "sessions": 1, "stars": 0})
    answer(f"GET assessment/v1/volunteers/{VOLUNTEER_ID}/ledger", {"items": [{"minutes": 90}], "next_cursor": None})
    answer("GET notifications/v1/me/messages", {"items": [], "next_cursor": None})
    answer("GET notifications/v1/me/preferences", {"channels": {"hours": ["in_app"]}})
    answer("GET registry/v1/me/access-log", {"items": [ENTRY], "next_cursor": None})


async def just_logged_in(portal: Portal) -> Any:
    return await portal.logged_in("volunteer", stepped_up_at=4_000_000_000, **VOLUNTEER)


@pytest.mark.row(7)
async def test_all_of_one_s_data_is_a_page_and_a_file_with_what_every_service_holds(portal: Portal) -> None:
    all_that_is_held(portal)
    browser = await just_logged_in(portal)
    page = await browser.get("/me/profile/data")
    for shown in (
        "志愿者守则",
        "张晓雨",
        "519900200604070186",
        "学生会",
        "英语",
        "陪伴阅读",
        "1 小时 30 分",
        "周末有空",
        "柳城法律服务队",
        "上门探访须知",
    ):
        assert shown in page.text
    file = await browser.post("/me/profile/data")
    assert file.headers["content-disposition"].startswith('attachment; filename="linbang-51011500027301-')
    copy = json.loads(file.content)
    assert copy["registry"]["source"] == "self"  # also what no page shows
    assert copy["activities"]["records"][0]["record_no"] == "SR1"
    assert copy["moves"][0]["answer"] == "请核对住址"
    assert copy["preferences"] == {"channels": {"hours": ["in_app"]}}
    assert [entry["reason"] for entry in copy["access_log"]] == ["电话通知改期"]
    await browser.aclose()


@pytest.mark.row(7)
async def test_it_is_shown_to_whoever_has_just_said_who_they_are(portal: Portal) -> None:
    all_that_is_held(portal)
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    for path in ("/me/profile/data", "/me/profile/closing"):
        asked = (await browser.get(path)).text
        assert f'href="/step-up?then={path}"' in asked
        assert "519900200604070186" not in asked
    await browser.aclose()


@pytest.mark.row(7)
async def test_a_copy_that_would_not_be_whole_is_none(portal: Portal) -> None:
    all_that_is_held(portal)
    del portal.services.answers["GET activities/v1/me/data"]
    browser = await just_logged_in(portal)
    assert (await browser.post("/me/profile/data")).status_code == 503
    await browser.aclose()


@pytest.mark.row(7)
async def test_a_correction_is_asked_for_and_what_is_wrong_with_it_stands_at_its_field(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/corrections", [])
    portal.services.refuse("POST registry/v1/me/corrections", 422, "check_digit", "value")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    form = {"field": "id_number", "value": "519900200604070187", "reason": "写错了", "key": "once"}
    refused = await browser.post("/me/profile/corrections", data=form)
    assert refused.status_code == 422
    assert 'id="value-fault"' in refused.text
    assert 'value="519900200604070187"' in refused.text
    portal.services.answer("POST registry/v1/me/corrections", {"due_on": "2026-03-06"}, 201)
    done = await browser.post("/me/profile/corrections", data=form)
    assert "已提交" in (await browser.get(done.headers["location"])).text
    await browser.aclose()


@pytest.mark.row(7)
async def test_another_kind_of_paper_is_asked_for_and_the_centre_sees_both_kinds(portal: Portal) -> None:
    one = str(new_id())
    portal.services.answer("GET registry/v1/me/corrections", [])
    portal.services.refuse("POST registry/v1/me/corrections", 422, "date", "born_on")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    form = {"field": "id_number", "value": "E12345678", "document": "passport", "born_on": "1", "reason": "换了证件"}
    refused = (await browser.post("/me/profile/corrections", data=form)).text
    assert 'id="born_on-fault"' in refused
    assert '<option value="passport" selected>' in refused
    posted = [each for each in portal.services.asked if each.url.path == "/v1/me/corrections" and each.method == "POST"]
    assert json.loads(posted[-1].content) == form
    await browser.aclose()
    opened = {"name": "张晓雨", "phone": "17023828271", "on_file": "519900200604070187", "value": "E12345678"}
    opened |= {"id": one, "volunteer_number": "51011500027301", "field": "id_number", "reason": "换了证件"}
    opened |= {"document_on_file": "resident_id", "document": "passport", "born_on": "2006-04-07"}
    portal.services.answer(f"POST registry/v1/corrections/{one}/opening", opened)
    browser = await portal.logged_in("district_admin")
    page = (await browser.post(f"/staff/corrections/{one}")).text
    assert all(word in page for word in ("居民身份证", "护照", "2006-04-07"))
    await browser.aclose()


@pytest.mark.row(7)
async def test_interests_are_changed_by_ticking(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/data", REGISTERED)
    portal.services.answer("PUT registry/v1/me/profile", status=204)
    portal.services.answer("GET registry/v1/divisions", DIVISIONS)
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/profile/interests")).text
    assert 'value="tutoring" checked' in page
    assert '<option value="510115001001">柳城社区</option>' in page
    assert "510115001000" not in page  # a township is not where somebody lives
    typed = {"services": ["culture"], "skills": ["law", "tax"], "community": "510115001001"}
    await browser.post("/me/profile/interests", data=typed)
    [sent] = [json.loads(one.content) for one in portal.services.asked if one.url.path == "/v1/me/profile"]
    assert sent == typed
    await browser.aclose()


@pytest.mark.row(7)
@pytest.mark.row(1)
async def test_whoever_registers_is_asked_for_the_fields_of_order_67_where_they_live_their_skills_and_services(
    portal: Portal,
) -> None:
    portal.services.answer("GET registry/v1/consent-texts", [])
    portal.services.answer("GET registry/v1/divisions", DIVISIONS)
    portal.services.answer("POST registry/v1/volunteers/self/check", None, 204)
    browser = portal.browser()
    who = {"name": "张晓雨", "gender": "female", "id_number": "519900200604070186", "category": "resident"}
    asked = (await browser.post("/register", data=who | {"step": "1"})).text
    assert '<option value="510115001001">柳城社区</option>' in asked
    assert 'name="skills" value="law"' in asked
    assert 'name="services" value="tutoring"' in asked
    chosen = {"community": "510115001001", "skills": ["law", "tax"], "services": ["tutoring"]}
    kept = (await browser.post("/register", data=who | chosen | {"step": "2"})).text
    assert '<input type="hidden" name="skills" value="tax">' in kept
    sent = json.loads([one for one in portal.services.asked if one.method == "POST"][-1].content)
    assert {name: sent[name] for name in chosen} == chosen
    assert sent["fields"] == ["services", "skills", "community"]
    await browser.aclose()


@pytest.mark.row(7)
@pytest.mark.row(1)
async def test_whoever_registers_somebody_for_an_organisation_is_asked_for_the_same(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/divisions", DIVISIONS)
    portal.services.answer("POST registry/v1/volunteers", {"id": VOLUNTEER_ID, "number": "51011500027301"}, 201)
    browser = await portal.logged_in("district_admin")
    form = (await browser.get("/staff/volunteers/new")).text
    assert '<option value="510115001001">柳城社区</option>' in form
    chosen = {"community": "510115001001", "skills": ["law", "tax"], "services": ["tutoring"]}
    await browser.post("/staff/volunteers/new", data={"name": "张晓雨", **chosen})
    sent = json.loads(portal.services.asked[-1].content)
    assert {name: sent[name] for name in chosen} == chosen
    await browser.aclose()


@pytest.mark.row(7)
async def test_one_sees_who_has_read_one_s_data_why_and_the_earlier_ones(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/access-log", {"items": [ENTRY], "next_cursor": "more"})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/profile/access")).text
    for shown in ("站长", "柳城街道站", "查看了姓名和电话", "电话通知改期", "cursor=more"):
        assert shown in page
    portal.services.answer("GET registry/v1/me/access-log", {"items": [], "next_cursor": None})
    assert "还没有人看过" in (await browser.get("/me/profile/access")).text
    await browser.aclose()


@pytest.mark.row(7)
async def test_ending_one_s_registration_says_what_becomes_of_it_asks_once_more_and_logs_out(portal: Portal) -> None:
    all_that_is_held(portal)
    portal.services.answer("POST registry/v1/me/closing", {"volunteer_number": "51011500027301"})
    browser = await just_logged_in(portal)
    assert "满十年" in (await browser.get("/me/profile/closing")).text
    unsure = await browser.post("/me/profile/closing", data={"key": "once"})
    assert (unsure.status_code, "请勾选确认" in unsure.text) == (422, True)
    assert not [one for one in portal.services.asked if one.url.path == "/v1/me/closing"]
    done = await browser.post("/me/profile/closing", data={"key": "once", "sure": "yes"})
    assert done.headers["location"] == "/left"
    assert "登记已注销" in (await browser.get("/left")).text
    assert (await browser.get("/me")).headers["location"].startswith("/log-in")
    await browser.aclose()


@pytest.mark.row(7)
async def test_who_also_has_duties_is_told_to_give_them_up_first(portal: Portal) -> None:
    all_that_is_held(portal)
    portal.services.refuse("POST registry/v1/me/closing", 409, "has_duties", "account_id")
    browser = await just_logged_in(portal)
    refused = await browser.post("/me/profile/closing", data={"key": "once", "sure": "yes"})
    assert (refused.status_code, 'role="alert"' in refused.text) == (409, True)
    await browser.aclose()


@pytest.mark.row(7)
async def test_the_centre_opens_a_correction_and_answers_it(portal: Portal) -> None:
    one = str(new_id())
    listed = {"id": one, "volunteer_number": "51011500027301", "field": "name", "asked_at": AT, "due_on": "2026-03-06"}
    portal.services.answer("GET registry/v1/corrections", {"items": [listed], "next_cursor": None})
    opened = {"name": "张晓雨", "phone": "17023828271", "on_file": "张晓雨", "value": "张晓羽", "reason": "写错了"}
    opened |= {"id": one, "volunteer_number": "51011500027301", "field": "name"}
    portal.services.answer(f"POST registry/v1/corrections/{one}/opening", opened)
    browser = await portal.logged_in("district_admin")
    assert f'action="/staff/corrections/{one}?number=51011500027301"' in (await browser.get("/staff/corrections")).text
    assert "张晓羽" in (await browser.post(f"/staff/corrections/{one}")).text
    portal.services.refuse(f"POST registry/v1/corrections/{one}/answer", 422, "missing", "answer")
    refused = await browser.post(f"/staff/corrections/{one}/refuse", data={"key": "once", "words": ""})
    assert (refused.status_code, 'id="answer-fault"' in refused.text) == (422, True)
    portal.services.answer(f"POST registry/v1/corrections/{one}/answer", {"state": "accepted"})
    done = await browser.post(f"/staff/corrections/{one}/accept", data={"key": "once", "words": "已核对"})
    portal.services.answer("GET registry/v1/corrections", {"items": [], "next_cursor": None})
    page = (await browser.get(done.headers["location"])).text
    assert "已更正" in page
    assert "没有待答复的申请" in page
    await browser.aclose()


@pytest.mark.row(7)
@pytest.mark.row(8)
async def test_an_auditor_asks_by_person_reader_and_day_and_takes_it_away_as_a_file(portal: Portal) -> None:
    entry = {"happened_at": AT, "actor": "account:x", "user_name": "manager.1", "roles": ["station_manager"]}
    entry |= {
        "action": "volunteer_revealed",
        "volunteer_number": "51011500027301",
        "reason": "=1+1",
        "approved_by": "second.admin",
    }
    portal.services.answer("GET registry/v1/access-log", {"items": [entry], "next_cursor": None})
    browser = await portal.logged_in("auditor")
    asked = "person=51011500027301&reader=manager.1&since=2026-03-01&until=2026-03-01"
    page = await browser.get(f"/staff/access-log?{asked}")
    assert "查看了姓名和电话" in page.text
    assert "second.admin 批准" in page.text
    sent = dict(portal.services.asked[-1].url.params)
    assert (sent["since"], sent["until"]) == ("2026-03-01T00:00:00+08:00", "2026-03-02T00:00:00+08:00")
    assert (sent["person"], sent["reader"]) == ("51011500027301", "manager.1")
    file = await browser.post("/staff/access-log", data=dict(pair.split("=") for pair in asked.split("&")))
    assert file.content.startswith(b"\xef\xbb\xbf")
    assert "'=1+1" in file.text  # no cell is a formula
    wrong = await browser.get("/staff/access-log?since=2026-02-30")
    assert (wrong.status_code, 'id="since-fault"' in wrong.text) == (422, True)
    await browser.aclose()
    volunteer = await portal.logged_in("volunteer", **VOLUNTEER)
    assert (await volunteer.get("/staff/access-log")).status_code == 403
    await volunteer.aclose()

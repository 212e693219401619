"""Surveys of needs as pages: the office makes one, stations and everybody answer, and its gaps lead to an activity."""

import json
from typing import Any

from shared.contracts.calendar import district_day
from shared.store.event_log import new_id, now
from tests.support.portal import DISTRICT, Portal

ID = str(new_id())
NORTH, SOUTH = "510115001001", "510115001002"
TODAY = str(district_day(now()))
SUMMARY: dict[str, Any] = {
    "id": ID,
    "number": 3,
    "title": "三月社区需求调查",
    "starts_on": TODAY,
    "ends_on": TODAY,
    "state": "open",
    "communities": 2,
    "with_answers": 1,
    "answered": 40,
}
THEMES = [{"theme": "elderly", "people": 20, "per_cent": 50}, {"theme": "health", "people": 0, "per_cent": 0}]
SURVEY = SUMMARY | {
    "themes": THEMES,
    "found": [
        {"code": NORTH, "name": "北社区", "answered": 40, "themes": THEMES},
        {"code": SOUTH, "name": "南社区", "answered": 0, "themes": [one | {"people": 0} for one in THEMES]},
    ],
}
OPEN = {
    "id": ID,
    "title": "三月社区需求调查",
    "ends_on": TODAY,
    "themes": ["elderly", "health"],
    "communities": {NORTH: "北社区", SOUTH: "南社区"},
}
DIVISIONS = {
    "items": [
        {"code": "510115001", "level": "township", "name": "柳城街道"},
        {"code": NORTH, "level": "community", "name": "北社区"},
        {"code": SOUTH, "level": "community", "name": "南社区"},
    ],
    "next_cursor": None,
}


def sent(portal: Portal, path: str) -> Any:
    [request] = [each for each in portal.services.asked if each.method == "POST" and each.url.path == path]
    return json.loads(request.content), request.headers.get("Idempotency-Key")


async def test_the_office_makes_a_survey_of_every_community_or_of_some(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/divisions", DIVISIONS)
    portal.services.answer("POST registry/v1/need-surveys", {"id": ID}, 201)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/surveys/new")).text
    assert "北社区" in page
    assert "柳城街道" not in page
    typed = {"title": "三月社区需求调查", "starts_on": TODAY, "ends_on": TODAY, "themes": ["elderly", "health"]}
    done = await browser.post("/staff/surveys/new", data={**typed, "asked_in": [NORTH], "key": "once"})
    assert done.headers["location"] == f"/staff/surveys/{ID}?done=made"
    assert sent(portal, "/v1/need-surveys") == ({**typed, "asked_in": []}, "once")
    portal.services.asked.clear()
    await browser.post("/staff/surveys/new", data={**typed, "some": "yes", "asked_in": [NORTH]})
    assert sent(portal, "/v1/need-surveys")[0]["asked_in"] == [NORTH]
    await browser.aclose()


async def test_a_survey_that_is_refused_comes_back_as_it_was_typed_with_its_faults(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/divisions", DIVISIONS)
    browser = await portal.logged_in("district_admin")
    page = await browser.post("/staff/surveys/new", data={"title": "春天", "starts_on": "明天", "some": "yes"})
    assert page.status_code == 422
    assert all(word in page.text for word in ('id="starts_on-fault"', 'id="ends_on-fault"', 'value="春天"'))
    portal.services.refuse("POST registry/v1/need-surveys", 422, "missing", "themes")
    page = await browser.post("/staff/surveys/new", data={"title": "春天", "starts_on": TODAY, "ends_on": TODAY})
    assert 'id="themes-fault"' in page.text
    await browser.aclose()


async def test_a_station_s_manager_enters_what_a_community_has_answered(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/need-surveys", {"items": [SUMMARY], "next_cursor": None})
    portal.services.answer(f"GET registry/v1/need-surveys/{ID}", SURVEY)
    portal.services.answer(f"POST registry/v1/need-surveys/{ID}/answers", {"id": str(new_id())}, 201)
    browser = await portal.logged_in("station_manager")
    listed = (await browser.get("/staff/surveys")).text
    assert "三月社区需求调查" in listed
    assert "/staff/surveys/new" not in listed
    page = (await browser.get(f"/staff/surveys/{ID}")).text
    assert all(word in page for word in ("1 / 2", "为老服务", "50%", "还没有答复", f"/needs/{ID}?community={SOUTH}"))
    typed = {"community": SOUTH, "answered": "12", "theme": ["elderly", "health"], "people": ["7", ""], "key": "once"}
    done = await browser.post(f"/staff/surveys/{ID}/answers", data=typed)
    assert done.headers["location"] == f"/staff/surveys/{ID}?done=entered"
    body = {"community": SOUTH, "answered": 12, "by_theme": {"elderly": 7}}
    assert sent(portal, f"/v1/need-surveys/{ID}/answers") == (body, "once")
    wrong = await browser.post(f"/staff/surveys/{ID}/answers", data={**typed, "answered": "", "people": ["七", "2"]})
    assert wrong.status_code == 422
    assert all(word in wrong.text for word in ('id="answered-fault"', 'id="theme-elderly-fault"', 'value="七"'))
    await browser.aclose()


async def test_nobody_enters_into_a_survey_that_is_over(portal: Portal) -> None:
    portal.services.answer(f"GET registry/v1/need-surveys/{ID}", SURVEY | {"state": "closed"})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/surveys/{ID}")).text
    assert "已结束" in page
    assert 'name="answered"' not in page
    await browser.aclose()


async def test_a_stranger_answers_without_a_log_in_and_without_saying_who_they_are(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/public/need-surveys", {"items": [OPEN], "as_of": "2026-03-01T00:00:00Z"})
    portal.services.answer(f"POST registry/v1/public/need-surveys/{ID}/answers", {"id": str(new_id())}, 201)
    browser = portal.browser()
    assert f"/needs/{ID}" in (await browser.get("/needs")).text
    page = (await browser.get(f"/needs/{ID}?community={SOUTH}")).text
    assert "南社区需要什么？" in page
    assert all(f'name="{field}"' not in page for field in ("name", "phone", "id_number", "address"))
    done = await browser.post(f"/needs/{ID}", data={"community": SOUTH, "themes": ["health"], "key": "once"})
    assert done.headers["location"] == f"/needs/{ID}?done=thanks&community={SOUTH}"
    assert "谢谢" in (await browser.get(done.headers["location"])).text
    body = {"district": DISTRICT, "community": SOUTH, "themes": ["health"]}
    assert sent(portal, f"/v1/public/need-surveys/{ID}/answers") == (body, "once")
    await browser.aclose()


async def test_an_answer_that_is_refused_says_why_beside_its_field(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/public/need-surveys", {"items": [OPEN], "as_of": "2026-03-01T00:00:00Z"})
    portal.services.refuse(f"POST registry/v1/public/need-surveys/{ID}/answers", 422, "missing", "themes")
    browser = portal.browser()
    page = await browser.post(f"/needs/{ID}", data={"community": SOUTH})
    assert page.status_code == 422
    assert 'id="themes-fault"' in page.text
    portal.services.refuse(f"POST registry/v1/public/need-surveys/{ID}/answers", 429, "too_often")
    page = await browser.post(f"/needs/{ID}", data={"community": SOUTH, "themes": ["health"]})
    assert page.status_code == 429
    assert "checked" in page.text
    await browser.aclose()


async def test_where_nothing_is_asked_the_page_says_so(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/public/need-surveys", {"items": [], "as_of": "2026-03-01T00:00:00Z"})
    browser = portal.browser()
    assert "现在没有进行中的调查" in (await browser.get("/needs")).text
    gone = await browser.get(f"/needs/{ID}")
    assert (gone.status_code, "这次调查没有在进行" in gone.text) == (404, True)
    await browser.aclose()


async def test_gaps_lead_to_an_activity_with_station_and_service_filled_in(portal: Portal) -> None:
    asked = {"id": ID, "number": 3, "title": "三月社区需求调查", "starts_on": "2026-03-01", "ends_on": "2026-03-15"}
    themes = [
        {"theme": "elderly", "people": 20, "per_cent": 50, "shifts": 0, "places": 0},
        {"theme": "health", "people": 4, "per_cent": 10, "shifts": 2, "places": 30},
    ]
    portal.services.answer(
        "GET activities/v1/need-gaps",
        {
            "survey": asked,
            "surveys": [asked],
            "until": "2026-06-15T00:00:00+08:00",
            "items": [{"code": NORTH, "name": "北社区", "answered": 40, "themes": themes}],
            "next_cursor": None,
        },
    )
    station = {"id": str(new_id()), "code": "510115-STA-01", "name": "北社区站", "division_code": NORTH}
    portal.services.answer("GET registry/v1/stations", {"items": [station | {"closed_on": None}], "next_cursor": None})
    browser = await portal.logged_in("team_leader")
    page = (await browser.get("/staff/needs")).text
    assert all(word in page for word in ("北社区", "没有安排", "已有安排", "50%"))
    way_on = f"/staff/activities/new?community={NORTH}&amp;theme=elderly"
    assert way_on in page
    form = (await browser.get(way_on.replace("&amp;", "&"))).text
    assert '<option value="510115-STA-01" selected>' in form
    assert '<option value="elderly" selected>' in form
    await browser.aclose()


async def test_where_no_survey_is_closed_or_activities_is_away_the_page_says_so(portal: Portal) -> None:
    browser = await portal.logged_in("station_manager")
    assert "暂时取不到" in (await browser.get("/staff/needs")).text
    none: dict[str, Any] = {
        "survey": None,
        "surveys": [],
        "until": "2026-06-15T00:00:00+08:00",
        "items": [],
        "next_cursor": None,
    }
    portal.services.answer("GET activities/v1/need-gaps", none)
    assert "还没有结束的调查" in (await browser.get("/staff/needs")).text
    await browser.aclose()


async def test_the_office_ends_a_survey_early_and_stations_have_no_button_for_it(portal: Portal) -> None:
    portal.services.answer(f"GET registry/v1/need-surveys/{ID}", SURVEY)
    portal.services.answer(f"POST registry/v1/need-surveys/{ID}/ending", {"id": ID})
    browser = await portal.logged_in("station_manager")
    assert f"/staff/surveys/{ID}/ending" not in (await browser.get(f"/staff/surveys/{ID}")).text
    await browser.aclose()
    browser = await portal.logged_in("district_admin")
    assert f'action="/staff/surveys/{ID}/ending"' in (await browser.get(f"/staff/surveys/{ID}")).text
    done = await browser.post(f"/staff/surveys/{ID}/ending", data={"key": "once"})
    assert done.headers["location"] == f"/staff/surveys/{ID}?done=ended"
    portal.services.refuse(f"POST registry/v1/need-surveys/{ID}/ending", 409, "not_open", "survey_id")
    again = await browser.post(f"/staff/surveys/{ID}/ending", data={"key": "twice"})
    assert (again.status_code, 'class="faults"' in again.text) == (422, True)
    await browser.aclose()


async def test_a_sheet_is_taken_back_with_a_reason_and_stays_in_the_list(portal: Portal) -> None:
    sheet, gone = str(new_id()), str(new_id())
    entered = {
        "id": sheet,
        "community_name": "北社区",
        "answered": 40,
        "by_theme": {"elderly": 20},
        "source": "station",
        "sheet_no": None,
        "entered_at": "2026-03-02T02:00:00Z",
        "taken_back_at": None,
        "reason": None,
    }
    back = {"id": gone, "taken_back_at": "2026-03-03T02:00:00Z", "reason": "填报了两次"}
    listed = {"items": [entered, entered | back], "next_cursor": None}
    portal.services.answer(f"GET registry/v1/need-surveys/{ID}/sheets", listed)
    taking_back = f"/v1/need-surveys/{ID}/answers/{sheet}/taking-back"
    portal.services.answer(f"POST registry{taking_back}", {"id": sheet})
    browser = await portal.logged_in("station_manager")
    page = (await browser.get(f"/staff/surveys/{ID}/sheets")).text
    assert all(word in page for word in ("北社区", "为老服务 20", "填报了两次"))
    action = f"/staff/surveys/{ID}/sheets/{sheet}/taking-back"
    assert (action in page, f"/sheets/{gone}/taking-back" in page) == (True, False)
    done = await browser.post(action, data={"reason": "社区填错了", "key": "once"})
    assert done.headers["location"] == f"/staff/surveys/{ID}/sheets?done=taken-back"
    assert sent(portal, taking_back) == ({"reason": "社区填错了"}, "once")
    portal.services.refuse(f"POST registry{taking_back}", 422, "missing", "reason")
    wrong = await browser.post(action, data={"reason": ""})
    assert (wrong.status_code, f'id="fault-{sheet}"' in wrong.text) == (422, True)
    await browser.aclose()

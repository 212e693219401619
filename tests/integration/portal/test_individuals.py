"""Row 18 on pages: the centre finds individuals, notes contacts and invites; who is invited answers with one tap."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

ID, INVITATION_ID, ACTIVITY_ID = str(new_id()), str(new_id()), str(new_id())
ONE: dict[str, Any] = {
    "id": ID,
    "number": "51011500027301",
    "name_masked": "王**",
    "phone_masked": "173****0000",
    "category": "resident",
    "community": "510115001040",
    "community_name": "新华社区",
    "skills": ["english"],
    "services": ["tutoring"],
    "registered_on": "2026-03-01",
    "last_contacted_on": None,
    "last_outcome": None,
    "invited_to": "新华社区助学助教第2服务队",
    "invitation_state": "declined",
}
INVITATION: dict[str, Any] = {
    "id": INVITATION_ID,
    "team_name": "新华社区助学助教第2服务队",
    "why": "就在居住的社区；服务意向里有助学助教。",
    "state": "invited",
    "invited_at": "2026-11-20T10:00:00+08:00",
    "answer_by": "2030-03-01T23:59:59+08:00",
    "answered_at": None,
}
SUGGESTION = {
    "team": "510115-TEAM-017",
    "name": "新华社区助学助教第2服务队",
    "why": "就在居住的社区；服务意向里有助学助教。",
    "points": 0,
    "is_invited": False,
}
IN_FULL: dict[str, Any] = ONE | {
    "team": None,
    "contacts": [],
    "invitations": [],
    "suggestions": [SUGGESTION],
    "is_left_out": False,
}
ACTIVITY = {
    "activity_id": ACTIVITY_ID,
    "title": "周末助学",
    "service": "tutoring",
    "place": "新华社区",
    "station_name": "新华社区志愿服务站",
    "shifts": [
        {
            "shift_id": str(new_id()),
            "starts_at": "2030-01-05T09:00:00+08:00",
            "ends_at": "2030-01-05T11:00:00+08:00",
            "capacity": 5,
            "taken": 1,
            "waiting": 0,
        }
    ],
}
VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    divisions = [{"code": "510115001040", "level": "community", "name": "新华社区"}]
    open_ones = {"items": [ACTIVITY], "next_cursor": None, "as_of": "2026-11-28T10:00:00+08:00"}
    portal.services.answer("GET registry/v1/divisions", {"items": divisions, "next_cursor": None})
    portal.services.answer("GET registry/v1/individuals", {"items": [ONE], "next_cursor": None})
    portal.services.answer(f"GET registry/v1/individuals/{ID}", IN_FULL)
    portal.services.answer("GET activities/v1/public/activities", open_ones)


def _sent(portal: Portal, end: str) -> list[Any]:
    asked = [one for one in portal.services.asked if one.method == "POST" and one.url.path.endswith(end)]
    return [json.loads(one.content) for one in asked]


@pytest.mark.row(18)
async def test_the_centre_finds_who_is_of_no_team_and_sees_what_came_of_an_invitation(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/individuals?community=510115001040&months=3&skill=english")).text
    [asked] = [one for one in portal.services.asked if one.url.path == "/v1/individuals"]
    assert dict(asked.url.params) == {"community": "510115001040", "skill": "english", "months": "3"}
    for said in ("王**", "新华社区", "还没有联系过", "已婉拒", f"/staff/individuals/{ID}"):
        assert said in page
    portal.services.answer("GET registry/v1/individuals", {"items": [], "next_cursor": None})
    assert "没有这样的个人志愿者" in (await browser.get("/staff/individuals")).text
    await browser.aclose()


@pytest.mark.row(18)
async def test_the_centre_invites_to_a_suggested_team_and_is_told_each_field_that_is_wrong(portal: Portal) -> None:
    where = f"/staff/individuals/{ID}"
    portal.services.answer(f"POST registry/v1/individuals/{ID}/invitations", {"id": INVITATION_ID}, 201)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(where)).text
    assert str(SUGGESTION["why"]) in page
    assert "周末助学" in page  # a project that is of the kind they like
    wrong = await browser.post(f"{where}/invitations", data={"team": "x", "answer_on": "tomorrow"})
    assert wrong.status_code == 422
    assert 'href="#answer_on"' in wrong.text
    form = {"team": "510115-TEAM-017", "answer_on": "2030-03-01", "key": "once"}
    done = await browser.post(f"{where}/invitations", data=form)
    assert done.headers["location"] == f"{where}?done=invited"
    assert _sent(portal, "/invitations") == [{"team": "510115-TEAM-017", "answer_by": "2030-03-01T23:59:59+08:00"}]
    portal.services.refuse(f"POST registry/v1/individuals/{ID}/invitations", 422, "missing", "team")
    refused = await browser.post(f"{where}/invitations", data=form | {"team": ""})
    assert 'id="team-fault"' in refused.text
    await browser.aclose()


@pytest.mark.row(18)
async def test_a_contact_is_noted_and_one_that_is_refused_comes_back_as_it_was_typed(portal: Portal) -> None:
    where = f"/staff/individuals/{ID}"
    portal.services.answer(f"POST registry/v1/individuals/{ID}/contacts", {"id": str(new_id())}, 201)
    browser = await portal.logged_in("district_admin")
    form = {"contacted_on": "2026-11-20", "way": "visit", "outcome": "wants_team", "note": "周末有空", "key": "once"}
    done = await browser.post(f"{where}/contacts", data=form)
    assert done.headers["location"] == f"{where}?done=contacted"
    assert _sent(portal, "/contacts") == [{name: form[name] for name in ("contacted_on", "way", "outcome", "note")}]
    portal.services.refuse(f"POST registry/v1/individuals/{ID}/contacts", 422, "in_future", "contacted_on")
    refused = await browser.post(f"{where}/contacts", data=form)
    assert refused.status_code == 422
    assert 'id="contacted_on-fault"' in refused.text
    assert "周末有空" in refused.text
    await browser.aclose()


@pytest.mark.row(18)
@pytest.mark.parametrize(("answer", "accepted", "said"), [("accept", True, "已加入"), ("decline", False, "已婉拒")])
async def test_an_invitation_is_answered_with_one_tap_and_why_it_was_sent_is_said(
    portal: Portal, answer: str, said: str, *, accepted: bool
) -> None:
    portal.services.answer("GET registry/v1/me/team-invitations", [INVITATION])
    portal.services.answer(f"POST registry/v1/team-invitations/{INVITATION_ID}/answer", {"id": INVITATION_ID})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/team-invitations")).text
    assert INVITATION["why"] in page
    assert "这是邀请，不是安排" in page
    done = await browser.post(f"/me/team-invitations/{INVITATION_ID}/{answer}", data={"key": "once"})
    assert done.headers["location"] == f"/me/team-invitations?done={answer}"
    assert said in (await browser.get(done.headers["location"])).text
    assert _sent(portal, "/answer") == [{"accepted": accepted}]
    await browser.aclose()


@pytest.mark.row(18)
async def test_an_answer_that_comes_too_late_is_told_beside_how_it_stands(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/team-invitations", [INVITATION | {"state": "expired"}])
    portal.services.refuse(f"POST registry/v1/team-invitations/{INVITATION_ID}/answer", 422, "too_late")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/me/team-invitations/{INVITATION_ID}/accept", data={"key": "once"})
    assert page.status_code == 422
    assert "没有成功" in page.text
    assert 'action="/me/team-invitations/' not in page.text
    await browser.aclose()


@pytest.mark.row(18)
async def test_what_came_of_the_invitations_is_listed_by_state(portal: Portal) -> None:
    of_office = INVITATION | {"volunteer_id": ID, "volunteer_number": "51011500027301", "name_masked": "王**"}
    portal.services.answer("GET registry/v1/team-invitations", {"items": [of_office], "next_cursor": None})
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/individuals/invitations?state=invited")).text
    for said in ("王**", "新华社区助学助教第2服务队", "待答复"):
        assert said in page
    await browser.aclose()

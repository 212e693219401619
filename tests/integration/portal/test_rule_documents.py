"""Row 17 as pages: rules are read by anybody, accepted by volunteers, published and followed up by the centre."""

import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal, tokens

ID, OTHER_ID = str(new_id()), str(new_id())
VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}
DAYS = {"in_force_from": "2026-03-01", "required_from": "2026-04-01"}
HELD: dict[str, Any] = {"document_id": ID, "version": 2, "title": "志愿者守则", **DAYS}
OWN = HELD | {"accepted_at": None, "accepted_version": 1, "is_required": True}
ACCEPTED = OWN | {"accepted_at": "2026-04-02T10:00:00+08:00", "accepted_version": 2, "is_required": False}
VERSIONS = [{"version": n, "title": "志愿者守则", **DAYS} for n in (2, 1)]
TEXT = HELD | {"text": "# 总则\n\n按时参加。\n互相尊重。", "version_in_force": 2, "versions": VERSIONS}
COUNTED = {
    "document_id": ID,
    "version_in_force": 2,
    "volunteers": 27300,
    "versions": [
        one | {"published_at": "2026-02-01T10:00:00+08:00", "published_by": "account:x", "accepted": 1200, "asked": 7}
        for one in VERSIONS
    ],
}
MISSING = {"volunteer_number": "51011500000001", "name_masked": "王**", "asked_at": None}
TYPED = {"title": "安全须知", "text": "戴好安全帽。", "in_force_from": "2126-01-01", "required_from": "", "key": "once"}


@pytest.fixture(autouse=True)
def rules(portal: Portal) -> None:
    """One document in its second version, of which the volunteer has accepted the first."""
    portal.services.answers.pop("POST registry/v1/rule-documents", None)
    portal.services.answer("GET registry/v1/public/rule-documents", {"items": [HELD]})
    portal.services.answer(f"GET registry/v1/public/rule-documents/{ID}", TEXT)
    for version in (1, 2):
        portal.services.answer(
            f"GET registry/v1/public/rule-documents/{ID}/versions/{version}", TEXT | {"version": version}
        )
    portal.services.answer("GET registry/v1/me/rule-documents", [OWN])
    portal.services.answer(f"GET registry/v1/rule-documents/{ID}", COUNTED)
    portal.services.answer(
        f"GET registry/v1/rule-documents/{ID}/versions/2/missing", {"items": [MISSING], "next_cursor": "next"}
    )


def sent(portal: Portal, end: str) -> list[dict[str, Any]]:
    """Return the bodies that were sent to a route."""
    asked = portal.services.asked
    return [json.loads(one.content) for one in asked if one.method == "POST" and one.url.path.endswith(end)]


@pytest.mark.row(17)
async def test_anybody_reads_the_rules_in_force_and_older_versions(portal: Portal) -> None:
    async with portal.browser() as browser:
        listed = (await browser.get("/rules")).text
        assert f'href="/rules/{ID}"' in listed
        page = (await browser.get(f"/rules/{ID}")).text
        assert "<h2>总则</h2>" in page
        assert "按时参加。\n互相尊重。</p>" in page
        assert f'href="/rules/{ID}/1"' in page
        old = (await browser.get(f"/rules/{ID}/1")).text
        assert "旧版本" in old
        assert "现行的是第 2 版" in old
        for wrong in ("x", "0", "1234567"):
            assert (await browser.get(f"/rules/{ID}/{wrong}")).status_code == 404
        portal.services.answers.pop("GET registry/v1/public/rule-documents")


@pytest.mark.row(17)
async def test_at_log_in_a_volunteer_is_led_to_what_is_not_accepted_and_can_go_on(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/tokens", tokens("volunteer", **VOLUNTEER))
    portal.services.answer(f"POST registry/v1/me/rule-documents/{ID}/acceptance", {"version": 2})
    async with portal.browser() as browser:
        typed = {"user_name": "x", "password": "y", "then": "/activities?days=30"}
        led = (await browser.post("/log-in", data=typed)).headers["location"]
        assert led == "/me/rules?then=%2Factivities%3Fdays%3D30"
        page = (await browser.get(led)).text
        assert 'href="/activities?days=30"' in page  # one can leave it
        assert f'href="/me/rules/{ID}?then=%2Factivities%3Fdays%3D30"' in page
        reading = (await browser.get(f"/me/rules/{ID}?then=/activities?days=30")).text
        assert "按时参加。" in reading
        assert "您同意的是第 1 版" in reading
        portal.services.answer("GET registry/v1/me/rule-documents", [ACCEPTED])
        form = {"version": "2", "then": "/activities?days=30", "key": "once"}
        done = await browser.post(f"/me/rules/{ID}", data=form)
        assert done.headers["location"] == "/activities?days=30"
    assert sent(portal, f"{ID}/acceptance")[-1] == {"version": 2, "channel": "log_in"}


@pytest.mark.row(17)
@pytest.mark.parametrize("answer", ["accepted", "none", "away", "refused"])
async def test_log_in_is_as_ever_where_nothing_is_to_accept_or_registry_does_not_say(
    portal: Portal, answer: str
) -> None:
    what = "GET registry/v1/me/rule-documents"
    if answer == "away":
        portal.services.answers.pop(what)
    elif answer == "refused":
        portal.services.refuse(what, 403)
    else:
        portal.services.answer(what, [ACCEPTED] if answer == "accepted" else [])
    portal.services.answer("POST registry/v1/tokens", tokens("volunteer", **VOLUNTEER))
    async with portal.browser() as browser:
        done = await browser.post("/log-in", data={"user_name": "x", "password": "y"})
        assert done.headers["location"] == "/me"


@pytest.mark.row(17)
async def test_what_was_accepted_is_said_and_further_rules_are_next(portal: Portal) -> None:
    portal.services.answer(f"POST registry/v1/me/rule-documents/{ID}/acceptance", {"version": 2})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    portal.services.answer("GET registry/v1/me/rule-documents", [ACCEPTED, OWN | {"document_id": OTHER_ID}])
    done = await browser.post(f"/me/rules/{ID}", data={"version": "2", "then": "/me", "key": "k"})
    assert done.headers["location"] == "/me/rules?done=accepted&then=%2Fme"
    page = (await browser.get(done.headers["location"])).text
    assert "已记下您的同意" in page
    assert f"/me/rules/{OTHER_ID}" in page
    own = (await browser.get(f"/me/rules/{ID}")).text
    assert "同意这个版本" in own
    assert "我已阅读并同意" not in own
    assert (await browser.get(f"/me/rules/{new_id()}")).status_code == 404
    await browser.aclose()


@pytest.mark.row(17)
async def test_where_another_version_has_come_meanwhile_it_is_shown_before_it_is_accepted(portal: Portal) -> None:
    portal.services.refuse(f"POST registry/v1/me/rule-documents/{ID}/acceptance", 409, "changed_meanwhile", "version")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/me/rules/{ID}", data={"version": "1", "key": "k"})
    assert page.status_code == 409
    assert "刚刚有了新的版本" in page.text
    assert 'name="version" value="2"' in page.text
    assert sent(portal, f"{ID}/acceptance")[-1] == {"version": 1, "channel": "own_page"}
    await browser.aclose()


@pytest.mark.row(17)
async def test_the_centre_publishes_a_document_and_its_next_version(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/rule-documents", {"document_id": ID, "version": 1}, 201)
    portal.services.answer(f"POST registry/v1/rule-documents/{ID}/versions", {"document_id": ID, "version": 3}, 201)
    portal.services.answer(
        "GET registry/v1/rule-documents",
        {"items": [HELD | {"newest_version": 3, "accepted": 1200, "volunteers": 27300}], "next_cursor": None},
    )
    browser = await portal.logged_in("district_admin")
    listed = (await browser.get("/staff/rule-documents")).text
    assert all(word in listed for word in ("志愿者守则", "1,200 / 27,300", "有新版待生效"))
    done = await browser.post("/staff/rule-documents/new", data=TYPED)
    assert done.headers["location"] == f"/staff/rule-documents/{ID}?done=published"
    assert sent(portal, "/v1/rule-documents") == [
        {"title": "安全须知", "text": "戴好安全帽。", "in_force_from": "2126-01-01"}
    ]
    form = (await browser.get(f"/staff/rule-documents/{ID}/new")).text
    assert "# 总则" in form
    assert 'name="version" value="2"' in form
    done = await browser.post(f"/staff/rule-documents/{ID}/new", data=TYPED | {"version": "2"})
    assert done.headers["location"] == f"/staff/rule-documents/{ID}?done=published"
    assert sent(portal, "/versions")[-1]["version"] == 2
    await browser.aclose()


@pytest.mark.row(17)
async def test_what_was_typed_stays_with_every_fault_or_where_the_centre_has_to_show_who_it_is(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    portal.services.refuse("POST registry/v1/rule-documents", 422, "missing", "text")
    page = await browser.post("/staff/rule-documents/new", data=TYPED | {"text": ""})
    assert page.status_code == 422
    assert 'id="text-fault"' in page.text
    assert 'value="安全须知"' in page.text
    page = await browser.post("/staff/rule-documents/new", data=TYPED | {"required_from": "明天"})
    assert 'id="required_from-fault"' in page.text
    portal.services.refuse("POST registry/v1/rule-documents", 403, "step_up")
    page = await browser.post("/staff/rule-documents/new", data=TYPED)
    assert page.status_code == 403
    assert "戴好安全帽。</textarea>" in page.text
    assert 'href="/step-up?then=/staff/rule-documents"' in page.text
    await browser.aclose()


@pytest.mark.row(17)
async def test_the_centre_sees_who_has_not_accepted_and_has_them_reminded(portal: Portal) -> None:
    portal.services.answer(
        f"POST registry/v1/rule-documents/{ID}/reminders", {"document_id": ID, "version": 2, "to_ask": 26100}, 202
    )
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/rule-documents/{ID}")).text
    assert all(word in page for word in ("还有 26,100 人", "王**", "27,300 人中 1,200 人已同意", "cursor=next"))
    done = await browser.post(f"/staff/rule-documents/{ID}/reminders", data={"version": "2", "key": "once"})
    assert done.headers["location"] == f"/staff/rule-documents/{ID}?done=reminded"
    assert sent(portal, "/reminders")[-1] == {"version": 2}
    assert "每人每个版本只提醒一次" in (await browser.get(done.headers["location"])).text
    portal.services.refuse(f"POST registry/v1/rule-documents/{ID}/reminders", 409, "changed_meanwhile", "version")
    late = await browser.post(f"/staff/rule-documents/{ID}/reminders", data={"version": "1"})
    assert (late.status_code, "请看过再提醒" in late.text) == (409, True)
    await browser.aclose()


@pytest.mark.row(17)
async def test_before_its_first_day_nobody_is_asked(portal: Portal) -> None:
    first = COUNTED["versions"][1] | {"in_force_from": "2126-01-01", "required_from": "2126-02-01", "accepted": 0}  # type: ignore[index]
    portal.services.answer(
        f"GET registry/v1/rule-documents/{ID}", COUNTED | {"version_in_force": None, "versions": [first]}
    )
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/rule-documents/{ID}")).text
    assert "生效以后才请志愿者同意" in page
    assert "/reminders" not in page
    await browser.aclose()


@pytest.mark.row(17)
async def test_who_is_refused_a_place_is_led_to_the_rules(portal: Portal) -> None:
    other = {"zh": "《志愿者守则》", "en": '"志愿者守则"'}
    fault = {"field": "shift_id", "code": "rules_to_accept", "message": "x", "other": other}
    shift = str(new_id())
    portal.services.answer(
        f"POST activities/v1/shifts/{shift}/sign-ups",
        {"type": "/problems/refused", "title": "refused", "status": 409, "faults": [fault]},
        409,
    )
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/shifts/{shift}/sign-up", data={"key": "k", "activity": str(new_id())})
    assert page.status_code == 409
    assert "要先阅读并同意《志愿者守则》" in page.text
    assert 'href="/me/rules"' in page.text
    await browser.aclose()


@pytest.mark.row(17)
async def test_who_is_not_of_the_centre_sees_none_of_it(portal: Portal) -> None:
    browser = await portal.logged_in("station_manager")
    assert (await browser.get("/staff/rule-documents")).status_code == 403
    await browser.aclose()


@pytest.mark.row(17)
async def test_the_centre_ends_the_version_in_force_with_a_reason_and_what_ended_says_so(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/rule-documents/{ID}")).text
    assert f'action="/staff/rule-documents/{ID}/2/ending"' in page
    assert f"/staff/rule-documents/{ID}/1/ending" not in page
    path = f"registry/v1/rule-documents/{ID}/versions/2/ending"
    portal.services.refuse(f"POST {path}", 422, "missing", "reason")
    refused = await browser.post(f"/staff/rule-documents/{ID}/2/ending", data={"reason": ""})
    assert (refused.status_code, 'id="fault-2"' in refused.text) == (422, True)
    portal.services.answer(f"POST {path}", {"version": 2})
    done = await browser.post(f"/staff/rule-documents/{ID}/2/ending", data={"reason": "文字有误", "key": "once"})
    assert done.headers["location"] == f"/staff/rule-documents/{ID}?done=ended"
    assert sent(portal, "/versions/2/ending")[-1] == {"reason": "文字有误"}
    ended = {"ended_at": "2026-05-01T10:00:00+08:00", "end_reason": "文字有误"}
    versions = [one | ended for one in COUNTED["versions"]]  # type: ignore[attr-defined]
    gone = COUNTED | {"version_in_force": None, "versions": versions}
    portal.services.answer(f"GET registry/v1/rule-documents/{ID}", gone)
    page = (await browser.get(f"/staff/rule-documents/{ID}?done=ended")).text
    assert all(word in page for word in ("不再使用", "停用：文字有误"))
    assert "/ending" not in page
    await browser.aclose()

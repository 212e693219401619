"""Row 8: a reading of a minor's data is asked for, answered by somebody else, and audited once a year, on pages."""

import csv
import io
import json
from typing import Any

import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

READING, VOLUNTEER = str(new_id()), str(new_id())
AT = "2026-11-20T09:00:00Z"
NUMBER = "51011500027301"


def reading(**changes: Any) -> dict[str, Any]:
    shown = {
        "id": READING,
        "volunteer_id": VOLUNTEER,
        "volunteer_number": NUMBER,
        "name": "张**",
        "purpose": "contact",
        "reason": "电话通知改期",
        "asked_by": "manager.1",
        "own": False,
        "asked_at": AT,
        "state": "open",
        "answered_by": None,
        "answered_at": None,
        "answer": "",
        "good_until": None,
        "readings": 0,
    }
    return shown | changes


def page_of(*items: dict[str, Any]) -> dict[str, Any]:
    return {"items": list(items), "next_cursor": None}


@pytest.mark.row(8)
async def test_a_reading_is_asked_for_with_a_purpose_and_a_reason(portal: Portal) -> None:
    browser = await portal.logged_in("station_manager", units=["019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77"])
    form = (await browser.get(f"/staff/minor-readings/new?number={NUMBER}&purpose=correction")).text
    assert f'value="{NUMBER}"' in form
    assert '<option value="correction" selected>' in form
    portal.services.refuse("POST registry/v1/minor-readings", 422, "missing", "reason")
    typed = {"volunteer_number": NUMBER, "purpose": "contact", "reason": "", "key": "once"}
    refused = await browser.post("/staff/minor-readings/new", data=typed)
    assert (refused.status_code, 'id="reason-fault"' in refused.text) == (422, True)
    portal.services.answer("POST registry/v1/minor-readings", {"id": READING}, 201)
    done = await browser.post("/staff/minor-readings/new", data=typed | {"reason": "电话通知改期"})
    assert done.headers["location"] == "/staff/minor-readings?done=asked"
    sent = portal.services.asked[-1]
    assert json.loads(sent.content) == {"volunteer_number": NUMBER, "purpose": "contact", "reason": "电话通知改期"}
    assert sent.headers["Idempotency-Key"] == "once"
    portal.services.answer("GET registry/v1/minor-readings", page_of(reading(own=True)))
    listed = (await browser.get(done.headers["location"])).text
    assert "已提交" in listed
    assert "由另一名管理人员答复" in listed
    assert f"/staff/minor-readings/{READING}/approve" not in listed
    await browser.aclose()


@pytest.mark.row(8)
async def test_another_administrator_approves_or_refuses_and_says_why(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/minor-readings", page_of(reading()))
    browser = await portal.logged_in("district_admin")
    listed = (await browser.get("/staff/minor-readings?listed=waiting")).text
    assert dict(portal.services.asked[-1].url.params)["waiting"].lower() == "true"
    assert f'action="/staff/minor-readings/{READING}/approve"' in listed
    portal.services.refuse(f"POST registry/v1/minor-readings/{READING}/answer", 422, "missing", "answer")
    refused = await browser.post(f"/staff/minor-readings/{READING}/refuse", data={"answer": "", "key": "once"})
    assert (refused.status_code, f'id="answer-{READING}-fault"' in refused.text) == (422, True)
    portal.services.answer(f"POST registry/v1/minor-readings/{READING}/answer", {"state": "approved"})
    done = await browser.post(f"/staff/minor-readings/{READING}/approve", data={"answer": "", "key": "once"})
    assert json.loads(portal.services.asked[-1].content) == {"approved": True, "answer": ""}
    approved = reading(state="approved", own=True, answered_by="second.admin", answered_at=AT, good_until=AT)
    portal.services.answer("GET registry/v1/minor-readings", page_of(approved))
    shown = (await browser.get(done.headers["location"])).text
    assert "已批准，四小时内有效" in shown
    assert f'href="/staff/volunteers/{VOLUNTEER}"' in shown
    portal.services.answer("GET registry/v1/minor-readings", page_of())
    assert "还没有申请" in (await browser.get("/staff/minor-readings")).text
    await browser.aclose()


@pytest.mark.row(8)
async def test_who_opens_a_minor_s_correction_or_paper_is_led_to_asking_first(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    portal.services.refuse(f"POST registry/v1/corrections/{READING}/opening", 422, "approval_needed", "volunteer_id")
    led = await browser.post(f"/staff/corrections/{READING}?number={NUMBER}")
    assert led.headers["location"] == f"/staff/minor-readings/new?purpose=correction&number={NUMBER}"
    portal.services.refuse(f"GET registry/v1/qualifications/{READING}", 422, "approval_needed", "volunteer_id")
    led = await browser.get(f"/staff/qualifications/{READING}?number={NUMBER}")
    assert led.headers["location"] == f"/staff/minor-readings/new?purpose=qualification&number={NUMBER}"
    await browser.aclose()


@pytest.mark.row(8)
async def test_the_auditor_sees_a_year_and_takes_it_away_as_a_file(portal: Portal) -> None:
    entry: dict[str, Any] = {
        "at": AT,
        "volunteer_number": NUMBER,
        "purpose": "contact",
        "reason": "=1+1",
        "asked_by": "manager.1",
    }
    entry |= {"state": "over", "answered_by": "second.admin", "answered_at": AT, "answer": "", "readings": 2}
    entry |= {"last_read_at": AT}
    bare = entry | {"state": "without_approval", "purpose": "volunteer_revealed", "answered_by": None}
    portal.services.answer("GET registry/v1/minor-readings/years/2026", page_of(entry, bare))
    browser = await portal.logged_in("auditor")
    shown = (await browser.get("/staff/minor-readings/years/2026")).text
    assert "second.admin" in shown
    assert "没有批准" in shown
    assert "查看了姓名和电话" in shown
    file = await browser.post("/staff/minor-readings/years/2026")
    assert file.status_code == 200, file.text
    lines = list(csv.DictReader(io.StringIO(file.text.lstrip("\ufeff"))))
    assert [(line["state"], line["readings"], line["reason"]) for line in lines] == [
        ("over", "2", "'=1+1"),
        ("without_approval", "2", "'=1+1"),
    ]
    portal.services.answer("GET registry/v1/minor-readings/years/2025", page_of())
    assert "这一年没有查看" in (await browser.get("/staff/minor-readings/years/2025")).text
    await browser.aclose()
    office = await portal.logged_in("district_admin")
    assert (await office.get("/staff/minor-readings/years/2026")).status_code == 403
    await office.aclose()


@pytest.mark.row(8)
async def test_an_administrator_s_desk_says_how_many_requests_of_others_wait_for_an_answer(portal: Portal) -> None:
    portal.services.answer("GET activities/v1/me/activities", page_of() | {"counts": {}})
    portal.services.answer("GET activities/v1/claims", page_of())
    asked = [reading(id=str(new_id())), reading(id=str(new_id())), reading(own=True)]
    portal.services.answer("GET registry/v1/minor-readings", page_of(*asked))
    desk = await portal.logged_in("district_admin")
    shown = (await desk.get("/staff")).text
    assert 'href="/staff/minor-readings?listed=waiting"' in shown
    assert '<span class="num">2</span>' in shown  # one's own is answered by somebody else
    portal.services.answer("GET registry/v1/minor-readings", page_of(reading(own=True)))
    assert "minor-readings" not in (await desk.get("/staff")).text
    head = await portal.logged_in("station_manager", units=["019c2f6e-6f1a-7c3e-9a51-0d4c8b1f2a77"])
    portal.services.asked.clear()
    assert "minor-readings" not in (await head.get("/staff")).text
    assert not [one for one in portal.services.asked if "minor-readings" in one.url.path]

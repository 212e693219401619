"""Rows 11, 12 and 13: the centre sees its network and judges stations; a manager sees what is missing, and shows it."""

import json
from typing import Any

import httpx
import pytest

from services.portal.standard.drawing import WIDTH, map_of
from services.portal.standard.queries import Standing
from shared.contracts.calendar import district_day
from shared.store.event_log import new_id, now
from tests.support.portal import Portal

STATION_ID, EVIDENCE_ID, PLAN_ID = (str(new_id()) for _ in range(3))
REGULARITY = {"days": 40, "on_festivals": 4, "months": 9, "outside_festivals": 90}
STANDING: dict[str, Any] = {
    "station_id": STATION_ID,
    "code": "510115-STA-01",
    "name": "新华社区志愿服务站",
    "level": "station",
    "community": "新华社区",
    "longitude": 103.7498,
    "latitude": 30.7668,
    "status": "lapsed",
    "since": "2026-11-01",
    "met": 1,
    "of": 2,
    "waiting": 1,
    "expires_on": None,
    "reviewed_on": "2026-11-27",
    "regularity": REGULARITY,
}
CRITERION: dict[str, Any] = {
    "code": "staff",
    "name": "有工作人员",
    "name_en": "Staff",
    "text": "有专职或兼职工作人员。",
    "text_en": "Full-time or part-time staff.",
    "by": "judgement",
    "people": 0,
    "kinds": 0,
    "months": 0,
    "window": 0,
    "holds": True,
    "cause": "judged",
    "facts": {},
    "since": "2026-03-01",
    "expires_on": "2027-03-01",
    "latest_expiry": "2027-11-27",
    "assessor": "centre",
    "assessed_at": "2026-03-01T02:00:00Z",
    "note": "现场看过",
    "evidence": [
        {
            "id": EVIDENCE_ID,
            "title": "值班表",
            "media_type": "application/pdf",
            "size": 34_000,
            "added_at": "2026-03-01T01:00:00Z",
        }
    ],
}
COMPUTED = CRITERION | {
    "code": "activities",
    "name": "有长期活动",
    "name_en": "Long-term activities",
    "by": "long_term",
    "window": 6,
    "holds": False,
    "cause": "computed",
    "facts": {"missing": ["2026-09"]},
    **dict.fromkeys(("expires_on", "latest_expiry", "assessor", "assessed_at", "note")),
    "evidence": [],
}
STATION = STANDING | {
    "template_name": "六有站点",
    "template_name_en": "Six haves",
    "criteria": [CRITERION, COMPUTED],
    "by_month": [{"month": f"2026-{month:02}", "days": 0 if month == 9 else 4} for month in range(1, 12)],
}
TARGET: dict[str, Any] = {
    "kind": "stations",
    "wanted": 10,
    "every": False,
    "there": 8,
    "at_start": 6,
    "gained": 2,
    "days": 60,
    "per_cent": 80,
    "outlook": "late",
    "reached_on": "2027-01-26",
}
NETWORK: dict[str, Any] = {
    "as_of": "2026-11-27T02:00:00Z",
    "centres": 1,
    "stations": 8,
    "teams": 84,
    "communities": 8,
    "every_community": 33,
    "by_status": {"standard": 9, "lapsed": 1, "building": 1},
    "plans": [
        {
            "id": PLAN_ID,
            "title": "一中心十站点",
            "starts_on": "2026-09-28",
            "due_on": "2026-12-31",
            "overdue": False,
            "targets": [TARGET],
        }
    ],
}
HERE = f"/staff/standard/{STATION_ID}"
PDF = b"%PDF-1.7 a duty roster"


@pytest.fixture
def shown(portal: Portal) -> Portal:
    """The portal, with a station that has lapsed and a plan that will be late."""
    answer = portal.services.answer
    answer("GET registry/v1/station-standings", {"items": [STANDING, _elsewhere()], "next_cursor": None})
    answer(f"GET registry/v1/station-standings/{STATION_ID}", STATION)
    answer("GET registry/v1/network-targets", NETWORK)
    answer("GET assessment/v1/statistics", {"minutes": 60 * 1234, "volunteers": 300, "as_of": "2026-11-28T01:00:00Z"})
    return portal


def _elsewhere() -> dict[str, Any]:
    changes = {"station_id": str(new_id()), "code": "510115-STA-02", "name": "没有坐标的站点", "status": "building"}
    return STANDING | changes | {"longitude": None, "latitude": None, "community": None, "waiting": 0}


def asked(portal: Portal, path: str) -> list[Any]:
    return [request for request in portal.services.asked if request.url.path.endswith(path)]


@pytest.mark.row(13)
async def test_the_centre_sees_targets_hours_regularity_and_what_waits_each_with_the_way_to_why(shown: Portal) -> None:
    browser = await shown.logged_in("district_admin")
    page = (await browser.get("/staff/overview")).text
    assert "截至" in page
    assert "8 / 10" in page
    assert "60 天里多了 2 个；照这个速度，还差的 2 个到" in page
    assert "会晚" in page
    assert "1,234" in page
    assert f'href="/staff/statistics?from={district_day(now()).year}-01-01&amp;by=month"' in page
    assert page.count(f'href="{HERE}') >= 3  # lapsed, evidence that waits, regularity
    assert "份佐证等评定" in page
    await browser.aclose()


async def test_while_assessment_is_away_the_rest_of_the_dashboard_is_there(shown: Portal) -> None:
    del shown.services.answers["GET assessment/v1/statistics"]
    browser = await shown.logged_in("district_admin")
    page = (await browser.get("/staff/overview")).text
    assert "一中心十站点" in page
    assert "暂时取不到，稍后再试" in page
    await browser.aclose()


@pytest.mark.row(10, 13)
async def test_the_map_marks_stations_by_status_and_names_those_without_a_position(shown: Portal) -> None:
    browser = await shown.logged_in("district_admin")
    page = (await browser.get("/staff/standard")).text
    assert '<g class="sign stop">' in page
    assert "没有坐标、图上没有画的：没有坐标的站点。" in page
    assert "没有绑定社区" in page
    assert "style=" not in page
    assert "已失标" in page
    await browser.aclose()


@pytest.mark.row(11)
async def test_who_manages_one_station_comes_to_it_and_sees_what_is_missing(shown: Portal) -> None:
    shown.services.answer("GET registry/v1/station-standings", {"items": [STANDING], "next_cursor": None})
    browser = await shown.logged_in("station_manager")
    assert (await browser.get("/staff/standard")).headers["location"] == HERE
    page = (await browser.get(HERE)).text
    assert "还缺 1 条" in page
    assert "没有服务的月份：2026-09。" in page
    assert "/staff/overview" not in page
    await browser.aclose()


@pytest.mark.row(11)
async def test_a_manager_uploads_evidence_and_cannot_judge(shown: Portal) -> None:
    shown.services.answer(f"POST registry/v1/station-standings/{STATION_ID}/evidence", {"id": EVIDENCE_ID}, 201)
    browser = await shown.logged_in("station_manager")
    page = (await browser.get(f"{HERE}/staff")).text
    assert f'action="{HERE}/staff/evidence"' in page
    assert f'action="{HERE}/staff/judgement"' not in page
    form = {"title": "十一月值班表", "key": "once"}
    done = await browser.post(f"{HERE}/staff/evidence", data=form, files={"file": ("x.html", PDF, "text/html")})
    assert (done.status_code, done.headers["location"]) == (303, f"{HERE}/staff?done=added")
    [sent] = asked(shown, "/evidence")
    assert sent.content == PDF
    assert dict(sent.url.params) == {"criterion": "staff", "title": "十一月值班表"}
    assert (sent.headers["idempotency-key"], sent.headers["content-type"]) == ("once", "application/octet-stream")
    assert (await browser.post(f"{HERE}/staff/judgement", data={"holds": "yes"})).status_code == 403
    await browser.aclose()


@pytest.mark.row(11)
async def test_what_is_no_evidence_is_said_beside_its_field_and_the_title_is_kept(shown: Portal) -> None:
    shown.services.refuse(f"POST registry/v1/station-standings/{STATION_ID}/evidence", 422, "not_evidence", "file")
    browser = await shown.logged_in("station_manager")
    files = {"file": ("x.pdf", b"<html>", "application/pdf")}
    page = await browser.post(f"{HERE}/staff/evidence", data={"title": "值班表照片"}, files=files)
    assert page.status_code == 422
    assert 'id="file-fault"' in page.text
    assert "值班表照片" in page.text
    large = {"file": ("x.pdf", b"%PDF-" + bytes(5 * 1024 * 1024), "application/pdf")}
    shown.services.asked.clear()
    assert (await browser.post(f"{HERE}/staff/evidence", data={"title": "x"}, files=large)).status_code == 422
    assert not asked(shown, "/evidence")
    await browser.aclose()


@pytest.mark.row(11)
async def test_evidence_is_handed_out_as_an_attachment_under_its_title(shown: Portal) -> None:
    shown.services.answers[f"GET registry/v1/evidence/{EVIDENCE_ID}"] = httpx.Response(
        200, content=PDF, headers={"Content-Type": "application/pdf"}
    )
    browser = await shown.logged_in("auditor")
    answer = await browser.get(f"{HERE}/staff/evidence/{EVIDENCE_ID}")
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%E5%80%BC%E7%8F%AD%E8%A1%A8.pdf"
    assert answer.content == PDF
    assert (answer.headers["content-type"], answer.headers["x-content-type-options"]) == ("application/pdf", "nosniff")
    assert (await browser.get(f"{HERE}/activities/evidence/{EVIDENCE_ID}")).status_code == 404
    await browser.aclose()


@pytest.mark.row(11)
async def test_the_centre_judges_a_criterion(shown: Portal) -> None:
    shown.services.answer(f"POST registry/v1/station-standings/{STATION_ID}/judgements", {"status": "x"}, 201)
    browser = await shown.logged_in("district_admin")
    page = (await browser.get(f"{HERE}/staff")).text
    assert 'value="2027-11-27"' in page
    assert f'action="{HERE}/staff/judgement"' in page
    typed = {"holds": "no", "expires_on": "2027-01-01", "note": "没有值班表", "key": "once"}
    done = await browser.post(f"{HERE}/staff/judgement", data=typed)
    assert done.headers["location"] == f"{HERE}/staff?done=judged"
    assert json.loads(asked(shown, "/judgements")[0].content) == {
        "criterion": "staff",
        "holds": False,
        "note": "没有值班表",
    }
    wrong = await browser.post(f"{HERE}/staff/judgement", data={"expires_on": "soon", "note": "看过"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="fault"') == 2
    assert "看过" in wrong.text
    assert (await browser.get(f"{HERE}/none")).status_code == 404
    await browser.aclose()


@pytest.mark.row(13)
async def test_the_centre_sets_a_target_and_every_fault_is_said_at_once(shown: Portal) -> None:
    shown.services.answer("POST registry/v1/network-targets/plans", {"id": PLAN_ID}, 201)
    shown.services.answer(f"POST registry/v1/network-targets/plans/{PLAN_ID}/ending", {"id": PLAN_ID})
    browser = await shown.logged_in("district_admin")
    typed = {"title": "一中心十站点", "due_on": "2027-07-31", "centres": "1", "stations": "10", "key": "once"}
    done = await browser.post("/staff/overview/new", data=typed | {"every_community": "1"})
    assert done.headers["location"] == "/staff/overview?done=made"
    assert json.loads(asked(shown, "/plans")[0].content) == {
        "title": "一中心十站点",
        "due_on": "2027-07-31",
        "every_community": True,
        "centres": 1,
        "stations": 10,
    }
    wrong = await browser.post("/staff/overview/new", data={"title": "网络", "stations": "ten"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="fault"') == 2
    assert 'value="ten"' in wrong.text
    ended = await browser.post(f"/staff/overview/plans/{PLAN_ID}/end", data={"key": "once"})
    assert ended.headers["location"] == "/staff/overview?done=ended"
    await browser.aclose()


@pytest.mark.row(11)
async def test_both_lists_of_criteria_are_shown_and_the_one_that_does_not_hold_can_be_chosen(shown: Portal) -> None:
    criterion = {name: CRITERION[name] for name in ("code", "name", "name_en", "text", "text_en", "by")}
    numbers = dict.fromkeys(("people", "kinds", "months", "window"), 0)
    lists = [
        {
            "code": code,
            "name": name,
            "name_en": name,
            "source": "x",
            "in_force": held,
            "criteria": [criterion | numbers],
        }
        for code, name, held in (("six-haves.1", "六有站点", True), ("national-2024.1", "全国清单", False))
    ]
    shown.services.answer("GET registry/v1/station-standards", lists)
    shown.services.answer("POST registry/v1/station-standards/adoption", {"template": "x"})
    browser = await shown.logged_in("district_admin")
    page = (await browser.get("/staff/standard/templates")).text
    assert "全国清单" in page
    assert page.count('name="template"') == 1
    await browser.post("/staff/standard/templates", data={"template": "national-2024.1", "key": "once"})
    assert json.loads(asked(shown, "/adoption")[0].content) == {"template": "national-2024.1"}
    await browser.aclose()


async def test_with_no_station_and_no_target_the_pages_say_what_one_can_do(shown: Portal) -> None:
    shown.services.answer("GET registry/v1/station-standings", {"items": [], "next_cursor": None})
    shown.services.answer("GET registry/v1/network-targets", NETWORK | {"plans": [], "by_status": {}})
    browser = await shown.logged_in("district_admin")
    assert "还没有站点" in (await browser.get("/staff/standard")).text
    page = (await browser.get("/staff/overview")).text
    assert "还没有目标" in page
    assert "没有要处理的" in page
    await browser.aclose()


def test_a_map_has_one_scale_in_both_directions_and_north_is_up() -> None:
    """Two stations a tenth of a degree apart to the north, two to the east, where a degree is shorter."""
    places = [(103.8, 30.7), (103.8, 30.8), (103.9, 30.7)]
    stations = [
        Standing.model_validate(STANDING | {"code": str(number), "longitude": lon, "latitude": lat})
        for number, (lon, lat) in enumerate(places)
    ]
    drawn = map_of(stations)
    origin, north, east = drawn.dots
    up, right = origin.y - north.y, east.x - origin.x
    assert up > 0
    assert right / up == pytest.approx(0.859, abs=0.01)  # the cosine of 30.75 degrees
    assert all(0 < dot.x < WIDTH and 0 < dot.y < drawn.height for dot in drawn.dots)
    assert drawn.bar / drawn.bar_km == pytest.approx(up / 11.12, rel=0.01)
    alone = map_of(stations[:1])
    assert (alone.dots[0].x, alone.dots[0].y) == (WIDTH / 2, alone.height / 2)

"""Row 18 on pages: the centre adds and delivers material and sees receipts; a volunteer reads and answers."""

import json
from base64 import b64decode
from typing import Any

import httpx
import pytest

from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.store.event_log import new_id
from tests.support.portal import Portal

ID, DELIVERY, VOLUNTEER_ID = str(new_id()), str(new_id()), str(new_id())
PDF = b"%PDF-1.7 of ours"
MATERIAL: dict[str, Any] = {
    "id": ID,
    "subject": "上门探访须知",
    "document_type": None,
    "questions": 1,
    "pass_mark": 1,
    "added_at": "2026-11-20T10:00:00+08:00",
    "delivered": 2,
    "read": 1,
    "tested": 1,
    "passed": 0,
}
QUESTION: dict[str, Any] = {"question": "住户送您水果，怎么办？", "choices": ["收下", "婉拒"]}
IN_FULL: dict[str, Any] = MATERIAL | {"body": "进门前先打电话。\n不收礼物。", "quiz": [QUESTION | {"right": 1}]}
RECEIPT: dict[str, Any] = {
    "id": DELIVERY,
    "volunteer_id": VOLUNTEER_ID,
    "volunteer_number": "51011500027301",
    "name_masked": "李**",
    "delivered_at": "2026-11-20T10:00:00+08:00",
    "read_at": None,
    "tries": 0,
    "best": 0,
    "passed_at": None,
}
OWN: dict[str, Any] = {
    "id": DELIVERY,
    "subject": "上门探访须知",
    "document_type": None,
    "questions": 1,
    "pass_mark": 1,
    "delivered_at": "2026-11-20T10:00:00+08:00",
    "read_at": "2026-11-21T10:00:00+08:00",
    "tries": 0,
    "best": 0,
    "passed_at": None,
}
OWN_IN_FULL: dict[str, Any] = OWN | {"body": IN_FULL["body"], "quiz": [QUESTION]}
VOLUNTEER: dict[str, Any] = {"vid": VOLUNTEER_ID}
FORM: dict[str, Any] = {
    "subject": "上门探访须知",
    "body": "进门前先打电话。",
    "question": ["住户送您水果，怎么办？", "", "老人没有开门？", "", ""],
    "choice": ["收下", "婉拒", "", "", *[""] * 4, "离开", "", "报告站点", "", *[""] * 8],
    "right": ["B", "", "C", "", ""],
    "key": "once",
}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    teams = [{"code": "510115-TEAM-017", "name": "新华社区助学助教第2服务队"}]
    portal.services.answer("GET registry/v1/teams", {"items": teams, "next_cursor": None})
    portal.services.answer("GET registry/v1/training-materials", {"items": [MATERIAL], "next_cursor": None})
    portal.services.answer(f"GET registry/v1/training-materials/{ID}", IN_FULL)
    receipts = {"items": [RECEIPT], "next_cursor": None}
    portal.services.answer(f"GET registry/v1/training-materials/{ID}/receipts", receipts)
    portal.services.answer("GET registry/v1/me/training", [OWN])
    portal.services.answer(f"GET registry/v1/me/training/{DELIVERY}", OWN_IN_FULL)


def _sent(portal: Portal, end: str) -> list[Any]:
    asked = [one for one in portal.services.asked if one.method == "POST" and one.url.path.endswith(end)]
    return [json.loads(one.content) for one in asked]


@pytest.mark.row(18)
async def test_material_with_a_test_is_added_and_each_question_that_is_wrong_says_so(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/training-materials", {"id": ID}, 201)
    browser = await portal.logged_in("district_admin")
    assert "上门探访须知" in (await browser.get("/staff/training")).text
    assert 'name="file"' in (await browser.get("/staff/training/new")).text
    files = {"file": ("x.pdf", PDF, "application/pdf")}
    done = await browser.post("/staff/training/new", data=FORM, files=files)
    assert done.headers["location"] == f"/staff/training/{ID}?done=added"
    [sent] = _sent(portal, "/training-materials")
    assert b64decode(sent.pop("file")) == PDF
    assert sent == {
        "subject": "上门探访须知",
        "body": "进门前先打电话。",
        "quiz": [
            {"question": "住户送您水果，怎么办？", "choices": ["收下", "婉拒"], "right": 1},
            {"question": "老人没有开门？", "choices": ["离开", "报告站点"], "right": 1},
        ],
        "pass_mark": 2,  # all of them, where nothing else is said
    }
    portal.services.refuse("POST registry/v1/training-materials", 422, "out_of_range", "quiz.1.right")
    refused = await browser.post("/staff/training/new", data=FORM)
    assert refused.status_code == 422
    assert 'href="#quiz-2"' in refused.text  # the second that was sent is the third of the form
    assert "报告站点" in refused.text
    large = {"file": ("x.pdf", b"%PDF-".ljust(LARGEST_EVIDENCE + 1), "application/pdf")}
    too_large = await browser.post("/staff/training/new", data=FORM | {"pass_mark": "two"}, files=large)
    assert 'id="file-fault"' in too_large.text
    assert 'id="pass_mark-fault"' in too_large.text
    await browser.aclose()


@pytest.mark.row(18)
async def test_material_is_delivered_and_who_has_not_read_it_is_listed(portal: Portal) -> None:
    where = f"/staff/training/{ID}"
    portal.services.answer(f"POST registry/v1/training-materials/{ID}/deliveries", {"people": 2}, 202)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"{where}?standing=unread")).text
    [asked] = [one for one in portal.services.asked if one.url.path.endswith("/receipts")]
    assert dict(asked.url.params) == {"standing": "unread"}
    for said in ("李**", "还没有阅读", "不收礼物。", "新华社区助学助教第2服务队"):
        assert said in page
    form = {"audience": "persons", "team": "", "numbers": "51011500027301\n51011500027302, 51011500027303", "key": "x"}
    done = await browser.post(f"{where}/deliveries", data=form)
    assert done.headers["location"] == f"{where}?done=delivered&people=2"
    assert "正在发给 2 人" in (await browser.get(done.headers["location"])).text
    numbers = ["51011500027301", "51011500027302", "51011500027303"]
    assert _sent(portal, "/deliveries") == [{"audience": "persons", "team": "", "volunteer_numbers": numbers}]
    portal.services.refuse(
        f"POST registry/v1/training-materials/{ID}/deliveries", 422, "unknown_reference", "volunteer_numbers"
    )
    refused = await browser.post(f"{where}/deliveries", data=form)
    assert 'id="numbers-fault"' in refused.text
    assert "51011500027302" in refused.text
    await browser.aclose()


@pytest.mark.row(18)
async def test_a_volunteer_reads_answers_and_is_told_the_result(portal: Portal) -> None:
    where = f"/me/training/{DELIVERY}"
    test = f"POST registry/v1/me/training/{DELIVERY}/test"
    portal.services.answer(test, {"right": 0, "passed": False})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "待测验" in (await browser.get("/me/training")).text
    page = (await browser.get(where)).text
    assert "进门前先打电话。" in page
    assert QUESTION["question"] in page
    failed = await browser.post(f"{where}/test", data={"answer_0": "0", "key": "once"})
    assert failed.headers["location"] == f"{where}?done=failed&right=0"
    assert "可以重新作答" in (await browser.get(failed.headers["location"])).text

    portal.services.answer(test, {"right": 1, "passed": True})
    passed = await browser.post(f"{where}/test", data={"answer_0": "1", "key": "again"})
    assert passed.headers["location"] == f"{where}?done=passed&right=1"
    over = OWN_IN_FULL | {"best": 1, "tries": 2, "passed_at": "2026-11-21T11:00:00+08:00"}
    portal.services.answer(f"GET registry/v1/me/training/{DELIVERY}", over)
    page = (await browser.get(passed.headers["location"])).text
    assert "通过了：1 题答对 1 题" in page
    assert 'name="answer_0"' not in page
    assert _sent(portal, "/test") == [{"answers": [0]}, {"answers": [1]}]
    await browser.aclose()


@pytest.mark.row(18)
async def test_a_question_without_an_answer_is_named_and_the_others_stay_chosen(portal: Portal) -> None:
    two = OWN_IN_FULL | {"quiz": [QUESTION, QUESTION | {"question": "老人没有开门？"}], "questions": 2}
    portal.services.answer(f"GET registry/v1/me/training/{DELIVERY}", two)
    portal.services.refuse(f"POST registry/v1/me/training/{DELIVERY}/test", 422, "missing", "answers")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post(f"/me/training/{DELIVERY}/test", data={"answer_0": "1"})
    assert page.status_code == 422
    assert "每道题都要选一个答案" in page.text
    assert page.text.count("请选一个答案") == 1
    assert page.text.count(" checked") == 1
    assert _sent(portal, "/test") == [{"answers": [1, -1]}]
    await browser.aclose()


@pytest.mark.row(18)
async def test_a_document_is_taken_as_an_attachment_and_the_test_comes_after_it(portal: Portal) -> None:
    with_document = OWN_IN_FULL | {"document_type": "application/pdf", "read_at": None}
    portal.services.answer(f"GET registry/v1/me/training/{DELIVERY}", with_document)
    file = httpx.Response(200, content=PDF, headers={"content-type": "application/pdf"})
    portal.services.answers[f"GET registry/v1/me/training/{DELIVERY}/document"] = file
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get(f"/me/training/{DELIVERY}")).text
    assert "下载并看过文件之后" in page
    assert 'name="answer_0"' not in page
    taken = await browser.get(f"/me/training/{DELIVERY}/document")
    assert (taken.content, taken.headers["content-type"]) == (PDF, "application/pdf")
    assert taken.headers["content-disposition"].startswith("attachment")
    await browser.aclose()


@pytest.mark.row(18)
async def test_with_nothing_there_the_pages_say_what_one_can_do(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/training", [])
    portal.services.answer("GET registry/v1/training-materials", {"items": [], "next_cursor": None})
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "还没有培训材料" in (await browser.get("/me/training")).text
    await browser.aclose()
    centre = await portal.logged_in("district_admin")
    assert "还没有培训材料" in (await centre.get("/staff/training")).text
    await centre.aclose()

"""Row 16 as pages: a volunteer submits a paper, the centre looks at it; what an activity needs is said to everybody."""

import json
from base64 import b64decode
from typing import Any

import pytest

from shared.contracts.evidence import LARGEST_EVIDENCE
from shared.store.event_log import new_id
from tests.support.portal import Portal

ID = str(new_id())
VOLUNTEER: dict[str, Any] = {"vid": str(new_id())}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(2 * 1024 * 1024)
PAPER: dict[str, Any] = {
    "id": ID,
    "kind": "first_aid",
    "state": "submitted",
    "issued_by": "温江区红十字会",
    "number": "JH-1",
    "issued_on": "2025-03-01",
    "expires_on": None,
    "reason": None,
    "evidence_type": "image/png",
    "submitted_at": "2026-03-01T10:00:00+08:00",
    "decided_at": None,
}
OF_SOMEBODY = PAPER | {"volunteer_id": str(new_id()), "volunteer_number": "51011500000001", "name_masked": "王**"}
TYPED = {"kind": "first_aid", "issued_by": "红十字会", "number": "JH-1", "issued_on": "2025-03-01", "key": "once"}


@pytest.mark.row(16)
async def test_a_paper_is_submitted_with_its_picture(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/qualifications", [])
    portal.services.answer("POST registry/v1/me/qualifications", {"id": ID, "state": "submitted"}, 201)
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    assert "还没有资质" in (await browser.get("/me/qualifications")).text
    done = await browser.post("/me/qualifications", data=TYPED, files={"evidence": ("证.png", PNG, "image/png")})
    assert done.headers["location"] == "/me/qualifications?done=submitted"
    assert "核验有了结果" in (await browser.get(done.headers["location"])).text
    [sent] = [request for request in portal.services.asked if request.method == "POST" and "me/q" in request.url.path]
    assert sent.headers["Idempotency-Key"] == "once"
    body = json.loads(sent.content)
    assert (body["issued_on"], "expires_on" in body, b64decode(body["evidence"])) == ("2025-03-01", False, PNG)
    await browser.aclose()


@pytest.mark.row(16)
async def test_a_form_that_is_refused_comes_back_as_it_was_typed_with_every_fault(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/me/qualifications", [])
    portal.services.refuse("POST registry/v1/me/qualifications", 422, "missing", field="number")
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = await browser.post("/me/qualifications", data=TYPED | {"number": ""}, files={"evidence": ("", b"")})
    assert page.status_code == 422
    assert 'id="number-fault"' in page.text
    assert 'value="红十字会"' in page.text
    too_large = {"evidence": ("a.pdf", b"%PDF-".ljust(LARGEST_EVIDENCE + 1, b"x"), "application/pdf")}
    before = len(portal.services.asked)
    page = await browser.post("/me/qualifications", data=TYPED | {"issued_on": "昨天"}, files=too_large)
    assert page.status_code == 422
    assert 'id="issued_on-fault"' in page.text
    assert 'id="evidence-fault"' in page.text
    assert [request.method for request in portal.services.asked[before:]] == ["GET"]
    await browser.aclose()


@pytest.mark.row(16)
async def test_one_s_own_say_how_they_stand_and_why(portal: Portal) -> None:
    refused = PAPER | {"state": "refused", "reason": "照片看不清"}
    portal.services.answer("GET registry/v1/me/qualifications", [refused])
    portal.services.answer(f"GET registry/v1/qualifications/{ID}/evidence", None)
    browser = await portal.logged_in("volunteer", **VOLUNTEER)
    page = (await browser.get("/me/qualifications")).text
    assert all(word in page for word in ("没有通过", "照片看不清", "长期有效", f"/me/qualifications/{ID}/evidence.png"))
    assert (await browser.get(f"/me/qualifications/{ID}/evidence.exe")).status_code == 404
    await browser.aclose()


@pytest.mark.row(16)
@pytest.mark.parametrize(("verdict", "reason"), [("verified", ""), ("refused", "照片看不清")])
async def test_the_centre_looks_at_what_waits_and_decides(portal: Portal, verdict: str, reason: str) -> None:
    portal.services.answer("GET registry/v1/qualifications", {"items": [OF_SOMEBODY], "next_cursor": "next"})
    portal.services.answer(f"GET registry/v1/qualifications/{ID}", OF_SOMEBODY | {"name": "王小明"})
    portal.services.answer(f"POST registry/v1/qualifications/{ID}/verdict", {"id": ID, "state": verdict})
    browser = await portal.logged_in("district_admin")
    listed = (await browser.get("/staff/qualifications")).text
    assert "王**" in listed
    assert "JH-1" not in listed
    assert "cursor=next" in listed
    one = (await browser.get(f"/staff/qualifications/{ID}")).text
    assert all(word in one for word in ("王小明", "JH-1", "温江区红十字会", "evidence.png"))
    done = await browser.post(
        f"/staff/qualifications/{ID}/verdict", data={"verdict": verdict, "reason": reason, "key": "k"}
    )
    assert done.headers["location"] == f"/staff/qualifications?done={verdict}"
    [sent] = [json.loads(asked.content) for asked in portal.services.asked if asked.url.path.endswith("/verdict")]
    assert sent == {"verified": verdict == "verified", "reason": reason}
    await browser.aclose()


@pytest.mark.row(16)
async def test_a_verdict_that_comes_second_is_told_beside_how_it_stands(portal: Portal) -> None:
    portal.services.answer(
        f"GET registry/v1/qualifications/{ID}", OF_SOMEBODY | {"name": "王小明", "state": "verified"}
    )
    portal.services.refuse(f"POST registry/v1/qualifications/{ID}/verdict", 409, "not_open")
    browser = await portal.logged_in("district_admin")
    page = await browser.post(f"/staff/qualifications/{ID}/verdict", data={"verdict": "verified"})
    assert page.status_code == 409
    assert "撤销这份资质" in page.text
    await browser.aclose()


@pytest.mark.row(16)
async def test_who_is_not_of_the_centre_sees_none_of_it(portal: Portal) -> None:
    browser = await portal.logged_in("station_manager")
    assert (await browser.get("/staff/qualifications")).status_code == 403
    await browser.aclose()

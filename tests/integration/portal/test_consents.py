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

"""The operator opens a district by a form, and sees how far each has come and which keys sign (O4)."""

import json
import re

import httpx
import pytest

from services.portal.shell.districts import District, Districts
from tests.support.portal import Portal

PATH = "/staff/operations/districts"
MADE = "2026-11-01T02:00:00+00:00"
FORM = {"code": "510117", "name": "郫都区", "user_name": "admin.510117", "key": "0198-one-form"}


def district(code: str, name: str, **more: object) -> dict[str, object]:
    at_work = {"administrators": 1, "waiting": 0, "has_places": True, "has_roster": True}
    return {"code": code, "name": name, "opened_at": MADE, **at_work, **more}


@pytest.fixture(autouse=True)
def _known(portal: Portal) -> None:
    items = [
        district("510115", "温江区"),
        district("510116", "双流区", waiting=1),
        district("510117", "郫都区", has_places=False, has_roster=False),
        district("510118", "都江堰", has_roster=False),
        district("510119", "新津区", administrators=0),
    ]
    portal.services.answer("GET registry/v1/operations/districts", {"items": items, "next_cursor": None})
    keys = [
        {"id": "a" * 32, "created_at": MADE, "replaced_at": None, "verifies_until": None},
        {"id": "b" * 32, "created_at": MADE, "replaced_at": MADE, "verifies_until": "2026-11-01T02:16:00+00:00"},
    ]
    portal.services.answer("GET registry/v1/signing-keys", keys)
    opened = {"code": "510117", "name": "郫都区", "administrator": "admin.510117"}
    portal.services.answer("POST registry/v1/districts", opened, 201)


def sent(portal: Portal, path: str) -> list[httpx.Request]:
    return [request for request in portal.services.asked if request.url.path == path and request.method == "POST"]


async def test_each_district_says_what_it_waits_for_and_each_key_what_it_is_good_for(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    page = (await browser.get(PATH)).text
    for said in (
        "在用",
        "等管理员第一次登录",
        "等导入站点和服务队",
        "等导入志愿者名册",
        "没有管理员",
        "在签名",
        "已停用",
    ):
        assert f"{said}</span>" in page, said


async def test_the_form_opens_a_district_and_shows_once_how_its_administrator_gets_in(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    answers = [await browser.post(f"{PATH}/new", data=FORM) for _ in range(2)]
    first, again = sent(portal, "/v1/districts")
    assert first.content == again.content, "a second tap is the same request"
    assert first.headers["Idempotency-Key"] == again.headers["Idempotency-Key"] == FORM["key"]
    password = json.loads(first.content)["administrator"]["password"]
    assert re.fullmatch("[a-km-np-z2-9]{16}", password)
    assert all(answer.status_code == 200 and password in answer.text for answer in answers)
    assert password not in (await browser.get(PATH)).text
    other = await browser.post(f"{PATH}/new", data=FORM | {"key": "another form"})
    assert password not in other.text


async def test_a_fault_stands_beside_its_field_and_what_was_written_stays(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    portal.services.refuse("POST registry/v1/districts", 409, "already_registered", "code")
    answer = await browser.post(f"{PATH}/new", data=FORM)
    assert answer.status_code == 409
    assert 'id="code-fault"' in answer.text
    assert 'value="郫都区"' in answer.text
    portal.services.refuse("POST registry/v1/districts", 403, "step_up")
    asked = await browser.post(f"{PATH}/new", data=FORM, headers={"Referer": f"http://portal.test{PATH}/new"})
    assert (asked.status_code, asked.headers["Location"][:8]) == (303, "/step-up")


async def test_a_new_key_signs_after_one_press(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    portal.services.answer("POST registry/v1/signing-keys", {"id": "c" * 32}, 201)
    answer = await browser.post(f"{PATH}/signing-key", data={"key": "one press"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{PATH}?done=key")
    assert [request.headers["Idempotency-Key"] for request in sent(portal, "/v1/signing-keys")] == ["one press"]


async def test_what_is_away_is_said_and_nothing_is_called_empty(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    del portal.services.answers["GET registry/v1/operations/districts"]
    page = (await browser.get(PATH)).text
    assert "暂时取不到" in page
    assert "还没有开通区县" not in page


async def test_an_operator_goes_into_a_district_and_deals_with_it(portal: Portal) -> None:
    browser = await portal.logged_in("operator", district="*")
    await browser.post("/display", data={"district": "510117", "back": "/staff/accounts"})
    await browser.get("/staff/accounts")
    assert portal.services.asked[-1].headers["X-District"] == "510117"
    await browser.post("/display", data={"district": "not one", "back": "/"})
    await browser.get("/staff/accounts")
    assert portal.services.asked[-1].headers["X-District"] == "510117"


async def test_a_new_installation_without_a_district_can_be_begun_with(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none(_: Districts) -> list[District]:
        return []

    monkeypatch.setattr(Districts, "all", none)
    browser = await portal.logged_in("operator", district="*")
    assert (await browser.get(f"{PATH}/new")).status_code == 200
    assert (await browser.post(f"{PATH}/new", data=FORM)).status_code == 200
    assert sent(portal, "/v1/districts")[0].headers["X-District"] == "000000"


async def test_the_pages_are_the_operator_s_alone(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    for path in (PATH, f"{PATH}/new"):
        assert (await browser.get(path)).status_code == 403
    assert (await browser.post(f"{PATH}/new", data=FORM)).status_code == 403
    assert sent(portal, "/v1/districts") == []

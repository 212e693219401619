"""D2: a file is handed on as it comes, followed while it is taken in, and every line's verdict can be read."""

from typing import Any

import httpx
import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

ID = str(new_id())
IMPORT: dict[str, Any] = {
    "id": ID,
    "kind": "roster",
    "dry_run": False,
    "state": "running",
    "faults": [],
    "total": 27_300,
    "done": 10_000,
    "accepted": 9_000,
    "normalised": 500,
    "unchanged": 490,
    "rejected": 10,
    "changed": 200,
    "created_at": "2026-11-01T10:00:00+08:00",
    "completed_at": None,
}
DONE = IMPORT | {"state": "completed", "done": 27_300, "completed_at": "2026-11-01T10:02:00+08:00"}
ROSTER = "姓名,手机号码\n张三,17000000000\n".encode()


def page_of(*imports: dict[str, Any], next_cursor: str | None = None) -> dict[str, Any]:
    return {"items": list(imports), "next_cursor": next_cursor}


def sent(portal: Portal) -> list[httpx.Request]:
    return [one for one in portal.services.asked if one.url.path.startswith("/v1/imports/") and one.method == "POST"]


@pytest.mark.row(4)
async def test_a_file_is_handed_on_as_the_browser_sends_it_and_one_goes_to_where_it_is_followed(portal: Portal) -> None:
    portal.services.answer("POST registry/v1/imports/roster", IMPORT, 202)
    browser = await portal.logged_in("district_admin")
    form = await browser.get("/staff/imports/new/roster")
    assert "身份证号" in form.text
    assert 'enctype="multipart/form-data"' in form.text
    made = await browser.post("/staff/imports/new/roster?key=once", files={"file": ("名单.csv", ROSTER)})
    assert made.headers["location"] == f"/staff/imports/registry/{ID}"
    trial = await browser.post("/staff/imports/new/roster?key=twice&dry_run=true", files={"file": ("名单.csv", ROSTER)})
    assert trial.status_code == 303
    first, second = sent(portal)
    assert ROSTER in first.content
    assert first.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert [one.headers["idempotency-key"] for one in (first, second)] == ["once", "twice"]
    assert [one.url.params["dry_run"] for one in (first, second)] == ["false", "true"]
    await browser.aclose()


@pytest.mark.row(4)
async def test_after_a_lost_answer_the_same_form_is_the_same_import(portal: Portal) -> None:
    browser = await portal.logged_in("district_admin")
    lost = await browser.post("/staff/imports/new/roster?key=once", files={"file": ("r.csv", ROSTER)})
    assert lost.status_code == 503
    assert "不会导入第二次" in lost.text
    assert 'action="/staff/imports/new/roster?key=once"' in lost.text
    await browser.aclose()


async def test_without_a_file_the_form_says_so_beside_its_field(portal: Portal) -> None:
    portal.services.refuse("POST registry/v1/imports/roster", 422, "missing", "file")
    browser = await portal.logged_in("district_admin")
    empty = await browser.post("/staff/imports/new/roster?key=once", files={"file": ("", b"")})
    assert empty.status_code == 422
    assert 'id="file-fault"' in empty.text
    assert (
        'action="/staff/imports/new/roster?key=once"' not in empty.text
    )  # it may stand for another file by now; the next try is one of its own
    assert (await browser.get("/staff/imports/new/nothing")).status_code == 404
    await browser.aclose()


@pytest.mark.row(4)
async def test_an_import_is_followed_live_without_scripts_and_after_a_reload(portal: Portal) -> None:
    portal.services.answer(f"GET registry/v1/imports/{ID}", IMPORT)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/imports/registry/{ID}")).text
    for said in (
        "10,000 / 27,300",
        "9,300",
        "200",
        "490",
        '<noscript><meta http-equiv="refresh"',
        'hx-trigger="every 1s"',
    ):
        assert said in page
    portal.services.answer(f"GET registry/v1/imports/{ID}", DONE)
    part = (await browser.get(f"/staff/imports/registry/{ID}", headers={"HX-Request": "true"})).text
    assert "<html" not in part
    assert "27,300 / 27,300" in part
    assert "hx-trigger" not in part
    assert "verdicts?only=rejected" in part
    await browser.aclose()


async def test_records_are_followed_until_the_ledger_has_them(portal: Portal) -> None:
    records = DONE | {"kind": "service-records", "total": 250_789, "done": 250_789, "accepted": 250_789}
    portal.services.answer(f"GET activities/v1/imports/{ID}", records)
    credited = {"credited_records": 120_000, "credited_minutes": 600, "expected_records": 250_789}
    portal.services.answer(f"GET assessment/v1/imports/{ID}/progress", credited)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/imports/activities/{ID}")).text
    assert "正在记入时长：120,000 条" in page
    assert "hx-trigger" in page
    all_of_it = credited | {"credited_records": 250_789}
    portal.services.answer(f"GET assessment/v1/imports/{ID}/progress", all_of_it)
    page = (await browser.get(f"/staff/imports/activities/{ID}")).text
    assert "已全部记入时长：250,789 条，10 小时" in page
    assert "hx-trigger" not in page
    await browser.aclose()


async def test_a_file_that_could_not_be_read_says_why_and_what_to_do(portal: Portal) -> None:
    failed = DONE | {"state": "failed", "faults": [{"message": "文件里没有“姓名”这一列。"}]}
    portal.services.answer(f"GET registry/v1/imports/{ID}", failed)
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/imports/registry/{ID}")).text
    assert "文件里没有“姓名”这一列。" in page
    assert "改好后再导入" in page
    await browser.aclose()


@pytest.mark.row(4)
async def test_verdicts_are_read_by_page_and_kind_and_as_csv(portal: Portal) -> None:
    portal.services.answer(f"GET registry/v1/imports/{ID}", DONE)
    line = {"line": 17, "verdict": "rejected", "message": "身份证号：校验码不符", "change": "", "changed_fields": []}
    changed = {"line": 18, "verdict": "accepted", "message": "", "change": "changed", "changed_fields": ["phone"]}
    portal.services.answer(f"GET registry/v1/imports/{ID}/verdicts", page_of(line, changed, next_cursor="more"))
    report = b"line,verdict\r\n17,rejected\r\n"
    portal.services.answers[f"GET registry/v1/imports/{ID}/report.csv"] = httpx.Response(
        200, content=report, headers={"Content-Type": "text/csv; charset=utf-8"}
    )
    browser = await portal.logged_in("district_admin")
    page = (await browser.get(f"/staff/imports/registry/{ID}/verdicts?only=rejected")).text
    for said in ("身份证号：校验码不符", "手机号码", "only=rejected&amp;cursor=more"):
        assert said in page
    asked = [one.url.params for one in portal.services.asked if one.url.path.endswith("/verdicts")]
    assert [(one["only"], one["limit"]) for one in asked] == [("rejected", "50")]
    download = await browser.get(f"/staff/imports/registry/{ID}/report.csv?only=rejected")
    assert download.content == report
    assert download.headers["content-disposition"] == f'attachment; filename="verdicts-{ID}.csv"'
    del portal.services.answers[f"GET registry/v1/imports/{ID}/report.csv"]
    assert (await browser.get(f"/staff/imports/registry/{ID}/report.csv")).status_code == 503
    await browser.aclose()


async def test_the_history_of_both_services_is_shown_and_goes_on(portal: Portal) -> None:
    portal.services.answer("GET registry/v1/imports", page_of(DONE, IMPORT, next_cursor="older"))
    browser = await portal.logged_in("district_admin")
    page = (await browser.get("/staff/imports")).text
    for said in ("志愿者名单", "已完成，有退回", "正在处理", "退回 10", "暂时取不到", "/staff/imports/of/registry"):
        assert said in page
    assert "cursor=older" in (await browser.get("/staff/imports/of/registry")).text
    portal.services.answer("GET registry/v1/imports", page_of())
    portal.services.answer("GET activities/v1/imports", page_of())
    assert "还没有导入过" in (await browser.get("/staff/imports")).text
    sample = await browser.get("/staff/imports/samples/roster.csv")
    assert sample.text.startswith("\ufeff志愿者编号,姓名")
    await browser.aclose()

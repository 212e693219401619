"""Row 19: the office looks at two entries side by side, merges them, and undoes it."""

import json
import time
from typing import Any

import httpx
import pytest

from shared.store.event_log import new_id
from tests.support.portal import Portal

KEPT, MERGED = str(new_id()), str(new_id())
AT = "2026-03-01T10:00:00+08:00"
ENTRY: dict[str, Any] = {
    "id": KEPT,
    "number": "51011500027301",
    "name": "张**",
    "gender": "female",
    "id_number": "519900********0186",
    "phone": "170****8271",
    "category": "resident",
    "team": None,
    "registered_on": "2026-03-01",
    "source": "self",
    "id_number_checked": True,
    "can_log_in": True,
    "qualifications": 1,
    "pairings": 0,
}
OTHER = ENTRY | {"id": MERGED, "number": "51011500019004", "team": "柳城爱心助教队", "id_number_checked": False}
PAIR = {
    "kept": ENTRY,
    "merged": OTHER,
    "same_name": True,
    "same_phone": True,
    "same_gender": True,
    "same_birth_date": False,
}
OVERLAP = {
    "kept_record_id": str(new_id()),
    "kept_title": "社区读书会",
    "merged_record_id": str(new_id()),
    "merged_title": "敬老活动",
    "started_at": AT,
    "minutes": 30,
}
MERGER = {
    "id": str(new_id()),
    "kept_id": KEPT,
    "kept_number": ENTRY["number"],
    "merged_id": MERGED,
    "merged_number": OTHER["number"],
    "merged_at": AT,
    "undone_at": None,
}
CARD = {
    "number": ENTRY["number"],
    "name": "张**",
    "phone": "170****8271",
    "category": "resident",
    "organisation": None,
    "team": None,
    "community": None,
    "registered_on": "2026-03-01",
    "minor": False,
}
PATH = f"/staff/volunteers/{KEPT}/merging"


def both(portal: Portal) -> None:
    """Have the services know two entries."""
    answer = portal.services.answer
    answer(f"GET registry/v1/volunteers/{KEPT}/merging", PAIR)
    for volunteer_id, minutes in ((KEPT, 600), (MERGED, 90)):
        hours = {"lifetime_minutes": minutes, "sessions": 3, "stars": 0}
        answer(f"GET assessment/v1/volunteers/{volunteer_id}/hours", hours)
        answer(f"GET registry/v1/volunteers/{volunteer_id}", CARD | {"id": volunteer_id})
        answer(f"GET registry/v1/volunteers/{volunteer_id}/mergers", {"items": [MERGER], "next_cursor": None})
    answer(f"GET assessment/v1/volunteers/{KEPT}/overlaps/{MERGED}", {"minutes": 30, "records": 1, "items": [OVERLAP]})


async def office(portal: Portal) -> httpx.AsyncClient:
    """Return the browser of the office, who have just shown who they are."""
    return await portal.logged_in("district_admin", stepped_up_at=int(time.time()))


@pytest.mark.row(19)
async def test_who_has_not_just_shown_who_they_are_does_so_first(portal: Portal) -> None:
    both(portal)
    browser = await portal.logged_in("district_admin")
    for path in (PATH, f"{PATH}/undoing"):
        assert f'href="/step-up?then={path}"' in (await browser.get(path)).text
    await browser.aclose()


@pytest.mark.row(19)
async def test_both_entries_are_shown_side_by_side_with_what_is_the_same_and_what_is_doubled(portal: Portal) -> None:
    both(portal)
    browser = await office(portal)
    assert 'name="number"' in (await browser.get(PATH)).text
    page = (await browser.get(PATH, params={"number": OTHER["number"]})).text
    for shown in (ENTRY["number"], OTHER["number"], "10 小时", "1 小时 30 分", "不一样", "敬老活动", "共 30 分"):
        assert shown in page, shown
    assert f'href="/staff/volunteers/{MERGED}/merging?number={ENTRY["number"]}"' in page
    await browser.aclose()


@pytest.mark.row(19)
async def test_nothing_is_merged_that_is_not_ticked_and_a_fault_stands_beside_its_field(portal: Portal) -> None:
    both(portal)
    browser = await office(portal)
    form = {"number": OTHER["number"], "reason": "", "key": "once"}
    unsure = await browser.post(PATH, data=form | {"reason": "核对了身份证"})
    assert (unsure.status_code, "请勾选确认" in unsure.text, "核对了身份证" in unsure.text) == (422, True, True)
    portal.services.refuse(f"POST registry/v1/volunteers/{KEPT}/merging", 422, "missing", "reason")
    refused = await browser.post(PATH, data=form | {"sure": "yes"})
    assert (refused.status_code, 'id="reason-fault"' in refused.text) == (422, True)
    portal.services.refuse(f"GET registry/v1/volunteers/{KEPT}/merging", 409, "merged", "merged_number")
    impossible = await browser.get(PATH, params={"number": "51011500019004"})
    assert (impossible.status_code, 'id="merged_number-fault"' in impossible.text) == (409, True)
    assert 'value="51011500019004"' in impossible.text
    await browser.aclose()


@pytest.mark.row(19)
async def test_they_are_merged_and_the_card_says_so_and_undone(portal: Portal) -> None:
    both(portal)
    portal.services.answer(f"POST registry/v1/volunteers/{KEPT}/merging", {"kept_id": KEPT})
    portal.services.answer(f"POST registry/v1/volunteers/{MERGED}/merging/undoing", {"kept_id": KEPT})
    browser = await office(portal)
    form = {"number": OTHER["number"], "reason": "核对了身份证", "sure": "yes", "key": "once"}
    done = await browser.post(PATH, data=form)
    assert done.headers["location"] == f"/staff/volunteers/{KEPT}?done=merged"
    [sent] = [one for one in portal.services.asked if (one.method, one.url.path[-8:]) == ("POST", "/merging")]
    assert json.loads(sent.content) == {"merged_number": OTHER["number"], "reason": "核对了身份证"}
    card = (await browser.get(done.headers["location"])).text
    assert "已合并" in card
    assert f'href="/staff/volunteers/{MERGED}/merging/undoing"' in card
    assert "共 30 分" in card  # what is doubled stays in view until a record is put right
    gone = (await browser.get(f"/staff/volunteers/{MERGED}")).text
    assert f"已并入 {ENTRY['number']}" in gone
    assert f'href="/staff/volunteers/{MERGED}/merging"' not in gone
    assert "撤销合并" in (await browser.get(f"/staff/volunteers/{MERGED}/merging/undoing")).text
    undone = await browser.post(f"/staff/volunteers/{MERGED}/merging/undoing", data={"reason": "是两个人", "key": "x"})
    assert undone.headers["location"] == f"/staff/volunteers/{MERGED}?done=unmerged"
    outcome = (await browser.get(undone.headers["location"])).text
    assert "名额没有自动拿回" in outcome  # who had signed up with both may sign up again
    assert "还有名额就可以再报名" in outcome
    await browser.aclose()


@pytest.mark.row(19)
async def test_only_the_office_merges(portal: Portal) -> None:
    both(portal)
    browser = await portal.logged_in("station_manager")
    assert (await browser.get(PATH)).status_code == 403
    assert "同一人" not in (await browser.get(f"/staff/volunteers/{KEPT}")).text
    await browser.aclose()

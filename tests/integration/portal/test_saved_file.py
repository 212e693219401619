"""A file that the offline list has saved: only what the device has signed goes on, in order, whoever brings it."""

import json
from typing import Any

import httpx
import pytest

from services.portal.offline.domain import A_BATCH
from shared.contracts.actor import Role
from tests.integration.portal.test_offline_list import ROSTER, SHIFT
from tests.support.portal import FakeServices, Portal

PATH = f"/staff/offline-files/{SHIFT}"
ENTRIES = f"POST activities/v1/shifts/{SHIFT}/offline-entries"
DEVICE = "01900000-0000-7000-8000-000000000005"


def saved(entries: int = 2, shift: str = SHIFT) -> bytes:
    """Return a file with so many check-ins and what ends it."""
    noted = [
        {"name": "薛**", "kind": "check_in", "about": "2026-03-01T09:00:00Z", "signed": f"s{n}"} for n in range(entries)
    ]
    end = {"kind": "clock", "signed": "end"}
    return json.dumps({"shift_id": shift, "device_id": DEVICE, "signed_list": "l", "entries": [*noted, end]}).encode()


def brought(services: FakeServices) -> list[list[str]]:
    sent = [request for request in services.asked if request.url.path.endswith("/offline-entries")]
    return [json.loads(request.content)["entries"] for request in sent]


@pytest.fixture
def staffed(services: FakeServices) -> FakeServices:
    """A shift whose entries are all accepted but the first, which was there before."""
    services.answer(f"GET activities/v1/shifts/{SHIFT}/roster", ROSTER)

    def verdicts(request: httpx.Request) -> httpx.Response:
        one: dict[str, Any] = {"id": None, "reason": None, "counted_at": None, "to_confirm": True}
        said = ["superseded" if entry == "s0" else "accepted" for entry in json.loads(request.content)["entries"]]
        items = [{**one, "verdict": verdict} for verdict in said]
        return httpx.Response(200, json={"server_time": "2026-03-01T09:00:00Z", "items": items})

    services.answers[ENTRIES] = verdicts
    return services


async def upload(portal: Portal, content: bytes | None) -> httpx.Response:
    browser = await portal.logged_in(Role.TEAM_LEADER)
    files = {"file": ("linbang.json", content, "application/json")} if content is not None else {"file": ("", b"")}
    answer = await browser.post(PATH, files=files)
    await browser.aclose()
    return answer


async def test_what_the_device_signed_is_brought_and_people_are_counted(portal: Portal, staffed: FakeServices) -> None:
    answer = await upload(portal, saved(3))
    assert answer.status_code == 200
    assert brought(staffed) == [["s0", "s1", "s2", "end"]]
    assert "已记入 2 条签到和签退。" in answer.text, "the end of the file is nobody's"
    assert "1 条早有更早的记录" in answer.text
    assert "薛**" not in answer.text


async def test_a_long_file_is_brought_in_order_and_once_more_for_its_verdicts(
    portal: Portal, staffed: FakeServices
) -> None:
    answer = await upload(portal, saved(A_BATCH + 1))
    first, second, *again = brought(staffed)
    assert (len(first), second) == (A_BATCH, [f"s{A_BATCH}", "end"])
    assert again == [first, second]
    assert f"已记入 {A_BATCH} 条签到和签退。" in answer.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "请选择文件"),
        (b"", "不是离线签到保存的文件"),
        (b"PK\x03\x04", "不是离线签到保存的文件"),
        (b'{"entries": []}', "不是离线签到保存的文件"),
        (saved(shift=DEVICE), "是另一个班次的文件"),
    ],
)
async def test_what_is_no_file_of_this_shift_is_refused_by_name(
    portal: Portal, staffed: FakeServices, content: bytes | None, said: str
) -> None:
    answer = await upload(portal, content)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert brought(staffed) == []


async def test_a_file_that_comes_too_late_or_of_others_is_refused(portal: Portal, staffed: FakeServices) -> None:
    staffed.refuse(ENTRIES, 409, "expired", "device_id")
    late = await upload(portal, saved())
    assert (late.status_code, "已超过班次结束后一天" in late.text) == (422, True)
    staffed.refuse(ENTRIES, 404, "not_found", "device_id")
    assert (await upload(portal, saved())).status_code == 403


async def test_a_file_may_be_larger_than_other_bodies(portal: Portal, staffed: FakeServices) -> None:
    content = saved().replace(b"linbang", b"linbang") + b" " * 300_000
    assert (await upload(portal, content)).status_code == 200
    assert len(brought(staffed)) == 1

"""The portal's side of the offline list: the worker keeps what is nobody's, and names go through to one device."""

import json
from typing import Any

import pytest

from services.portal.shell.assets import OFFLINE_FILES
from shared.contracts.actor import Role
from tests.support.portal import ORIGIN, FakeServices, Portal

SHIFT, VOLUNTEER, SIGN_UP = (f"01900000-0000-7000-8000-00000000000{n}" for n in (2, 3, 4))
KEY = {"kty": "EC", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LN"}
DEVICE = {"device_key_jwk": KEY, "device_time": "2026-03-01T08:30:00.000Z"}
GIVEN = {
    "device_id": "01900000-0000-7000-8000-000000000005",
    "signed_list": "a.list.signed",
    "key": KEY,
    "server_time": "2026-03-01T08:30:00Z",
    "expires_at": "2026-03-02T11:00:00Z",
}
ROSTER: dict[str, Any] = {
    "shift_id": SHIFT,
    "activity_id": SHIFT,
    "title": "护河行动",
    "place": "金马河堤",
    "starts_at": "2026-03-01T09:00:00Z",
    "ends_at": "2026-03-01T11:00:00Z",
    "opens_at": "2026-03-01T08:30:00Z",
    "capacity": 5,
    "taken": 1,
    "waiting": 0,
    "counts": {},
    "items": [
        {
            "sign_up_id": SIGN_UP,
            "volunteer_id": VOLUNTEER,
            "number_last_four": "4180",
            "state": "confirmed",
            "queue_number": 1,
            "answer_by": None,
            "absence": None,
            "checked_in_at": None,
            "checked_out_at": None,
            "minutes": None,
            "by": None,
        }
    ],
    "next_cursor": None,
}
LIST = f"POST activities/v1/shifts/{SHIFT}/offline-list"


@pytest.fixture
def staffed(services: FakeServices) -> FakeServices:
    """A shift with one volunteer on it."""
    services.answer(f"GET activities/v1/shifts/{SHIFT}/roster", ROSTER)
    services.answer("GET activities/v1/offline-list-key", KEY)
    services.answer(LIST, GIVEN, 201)
    return services


async def test_the_worker_is_served_at_its_folder_and_keeps_the_shell_and_the_page_s_files(portal: Portal) -> None:
    async with portal.browser() as browser:
        answer = await browser.get("/staff/offline/sw.js")
        assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
        assert answer.headers["cache-control"] == "no-store"
        assert "service-worker-allowed" not in answer.headers
        for name in OFFLINE_FILES:
            assert portal.app.state.assets.url(name) in answer.text
        shell = await browser.get(f"/staff/offline/shell/{portal.app.state.offline_worker.version}")
        assert shell.status_code == 200
        loaded = {portal.app.state.assets.url(name) for name in OFFLINE_FILES}
        assert {part.split('"')[0] for part in shell.text.split('="')[1:] if part.startswith("/assets/")} == loaded
        assert (await browser.get("/staff/offline/shell/000000000000")).status_code == 404


async def test_the_shell_is_the_same_for_everybody_and_says_nothing_of_a_shift(
    portal: Portal, staffed: FakeServices
) -> None:
    path = f"/staff/offline/shell/{portal.app.state.offline_worker.version}"
    leader = await portal.logged_in(Role.TEAM_LEADER)
    staffed.asked.clear()
    async with portal.browser() as stranger:
        assert (await leader.get(path)).text == (await stranger.get(path)).text
    assert staffed.asked == []
    page = await leader.get(f"/staff/offline/{SHIFT}")
    assert "护河行动" in page.text
    assert "4180" not in page.text, "who is on it, the browser has from the signed list alone"
    await leader.aclose()


async def test_a_device_gets_the_list_with_masked_names_and_the_published_key(
    portal: Portal, staffed: FakeServices
) -> None:
    known = {
        "id": VOLUNTEER,
        "volunteer_number": "51011500024180",
        "name_masked": "薛**",
        "phone_masked": "138****0000",
    }
    staffed.answer("GET registry/v1/volunteers", {"items": [known]})
    browser = await portal.logged_in(Role.TEAM_LEADER)
    answer = await browser.post(f"/staff/offline/{SHIFT}/list", json=DEVICE)
    assert answer.json() == GIVEN
    assert answer.headers["cache-control"] == "no-store"
    (sent,) = [request for request in staffed.asked if request.url.path.endswith("/offline-list")]
    assert json.loads(sent.content) == {**DEVICE, "names_masked": {SIGN_UP: "薛**"}}
    await browser.aclose()


async def test_with_registry_away_the_list_has_no_names(portal: Portal, staffed: FakeServices) -> None:
    browser = await portal.logged_in(Role.TEAM_LEADER)
    assert (await browser.post(f"/staff/offline/{SHIFT}/list", json=DEVICE)).status_code == 200
    (sent,) = [request for request in staffed.asked if request.url.path.endswith("/offline-list")]
    assert json.loads(sent.content)["names_masked"] == {}
    await browser.aclose()


async def test_a_shift_of_others_is_403_and_another_site_s_request_too(portal: Portal, services: FakeServices) -> None:
    browser = await portal.logged_in(Role.TEAM_LEADER)
    for what in ("roster", "offline-list", "offline-entries"):
        services.refuse(
            f"{'GET' if what == 'roster' else 'POST'} activities/v1/shifts/{SHIFT}/{what}", 404, "not_found"
        )
    services.answer("GET activities/v1/offline-list-key", KEY)
    brought = {"device_id": SHIFT, "entries": []}
    assert (await browser.get(f"/staff/offline/{SHIFT}")).status_code == 403
    assert (await browser.post(f"/staff/offline/{SHIFT}/list", json=DEVICE)).status_code == 403
    assert (await browser.post(f"/staff/offline/{SHIFT}/entries", json=brought)).status_code == 403
    foreign = {"Origin": f"{ORIGIN}.evil.example"}
    services.asked.clear()
    assert (await browser.post(f"/staff/offline/{SHIFT}/entries", json=brought, headers=foreign)).status_code == 403
    assert services.asked == []
    await browser.aclose()


async def test_the_page_is_refused_with_the_service_s_own_sentence(portal: Portal, services: FakeServices) -> None:
    services.refuse(f"POST activities/v1/shifts/{SHIFT}/offline-entries", 409, "expired", "device_id")
    browser = await portal.logged_in(Role.TEAM_LEADER)
    brought = {"device_id": SHIFT, "entries": []}
    answer = await browser.post(f"/staff/offline/{SHIFT}/entries", json=brought, headers={"Accept": "*/*"})
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/problem+json"
    assert [fault["code"] for fault in answer.json()["faults"]] == ["expired"]
    await browser.aclose()


@pytest.mark.parametrize(
    ("verdict", "sentence"), [("accepted", "离线时钟不准，请核对"), ("refused", "离线记录未计入，请核对"), (None, None)]
)
async def test_who_confirms_hours_is_told_whose_times_to_look_at(
    portal: Portal, staffed: FakeServices, verdict: str | None, sentence: str | None
) -> None:
    line = {name: ROSTER["items"][0][name] for name in ("sign_up_id", "volunteer_id", "number_last_four")}
    times = {"checked_in_at": ROSTER["starts_at"], "checked_out_at": ROSTER["ends_at"]}
    attended = {
        "state": "completed",
        "no_show": False,
        **dict.fromkeys(("started_at", "counts_from"), ROSTER["starts_at"]),
        **dict.fromkeys(("ended_at", "counts_until"), ROSTER["ends_at"]),
    }
    items = [{**line, **times, **attended, "minutes": 120, "missing": False, "rating": None}]
    staffed.answer(f"GET activities/v1/shifts/{SHIFT}/closing", {"closed_at": None, "missing": 0, "items": items})
    if verdict:
        doubt = {"sign_up_id": SIGN_UP, "kind": "check_in", "verdict": verdict}
        staffed.answer(f"GET activities/v1/shifts/{SHIFT}/offline-doubts", {"items": [doubt]})
    browser = await portal.logged_in(Role.TEAM_LEADER)
    page = (await browser.get(f"/staff/shifts/{SHIFT}/closing")).text
    assert "确认工时" in page
    assert [each for each in ("离线时钟不准，请核对", "离线记录未计入，请核对") if each in page] == (
        [sentence] if sentence else []
    )
    await browser.aclose()

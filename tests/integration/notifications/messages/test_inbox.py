"""The inbox over HTTP."""

from dataclasses import replace
from typing import Any

import pytest

from shared.contracts import VolunteerMergeUndone, VolunteersMerged
from shared.store.event_log import new_id, now
from tests.integration.notifications.conftest import (
    AsCaller,
    Post,
    enter,
    handle,
    message_of_a_newer_version,
    message_without_facts,
    received,
    registered,
    signed_up,
)


async def test_newest_first_in_pages_with_the_unread_count(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    events = [registered(volunteer), *(signed_up(volunteer) for _ in range(6))]
    await handle(post, [*events, signed_up(new_id())])
    me = as_caller(volunteer)
    read: list[dict[str, Any]] = []
    cursor: str | None = None
    for expected in (3, 3, 1):
        answer = await me.get("/v1/me/messages", params={"limit": 3, **({"cursor": cursor} if cursor else {})})
        page = answer.json()
        assert (len(page["items"]), page["unread"]) == (expected, 7)
        read, cursor = read + page["items"], page["next_cursor"]
    assert cursor is None
    newest_first = sorted(events, key=lambda event: (event.attributes.time, event.attributes.id), reverse=True)
    assert [item["id"] for item in read] == [str(event.attributes.id) for event in newest_first]
    assert read[-1]["subject"] == "Welcome, volunteer"
    assert (read[-1]["sign_up_id"], read[0]["sign_up_id"]) == (
        None,
        str(newest_first[0].data.model_dump()["sign_up_id"]),
    )


async def test_the_reader_chooses_the_language(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    await handle(post, [registered(volunteer)])
    answer = await as_caller(volunteer, language="zh-CN,zh;q=0.9").get("/v1/me/messages")
    assert answer.json()["items"][0]["subject"] == "欢迎您成为志愿者"


async def test_a_message_that_cannot_be_worded_hides_no_other(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    strange = message_without_facts(volunteer)
    await handle(post, [registered(volunteer)])
    await enter(post, [strange])
    me = as_caller(volunteer)
    inbox = (await me.get("/v1/me/messages")).json()
    assert {item["subject"] for item in inbox["items"]} == {"Welcome, volunteer", "A message"}
    assert inbox["unread"] == 2
    assert (await me.post(f"/v1/me/messages/{strange.event_id}/read")).status_code == 204


async def test_a_message_of_a_newer_version_is_left_to_it(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    await handle(post, [registered(volunteer)])
    await enter(post, [message_of_a_newer_version(volunteer)])
    inbox = (await as_caller(volunteer).get("/v1/me/messages")).json()
    assert [item["subject"] for item in inbox["items"]] == ["Welcome, volunteer"]
    assert inbox["unread"] == 1


async def test_each_of_those_who_are_told_of_an_event_reads_it_alone(post: Post, as_caller: AsCaller) -> None:
    ann = message_without_facts(new_id())
    bob = replace(ann, recipient_id=new_id())
    await enter(post, [ann, bob])
    url = f"/v1/me/messages/{ann.event_id}/read"
    assert (await as_caller(ann.recipient_id).post(url)).status_code == 204
    assert (await as_caller(new_id()).post(url)).status_code == 404
    unread = [(await as_caller(one.recipient_id).get("/v1/me/messages")).json()["unread"] for one in (ann, bob)]
    assert unread == [0, 1]


async def test_reading_once_and_again(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    event = signed_up(volunteer)
    await handle(post, [event])
    me, url = as_caller(volunteer), f"/v1/me/messages/{event.attributes.id}/read"
    assert (await me.post(url)).status_code == 204
    first = (await me.get("/v1/me/messages")).json()
    assert (first["unread"], first["items"][0]["read_at"] is None) == (0, False)
    assert (await me.post(url)).status_code == 204
    assert (await me.get("/v1/me/messages")).json() == first


async def test_a_message_is_its_owners_alone(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    event = signed_up(volunteer)
    await handle(post, [event])
    url = f"/v1/me/messages/{event.attributes.id}/read"
    for other in (as_caller(new_id()), as_caller(volunteer, district="510104")):
        assert (await other.get("/v1/me/messages")).json() == {"items": [], "next_cursor": None, "unread": 0}
        assert (await other.post(url)).status_code == 404
    assert (await as_caller(volunteer).get("/v1/me/messages")).json()["unread"] == 1


@pytest.mark.parametrize("role", ["volunteer", "district_admin"])
async def test_who_is_no_volunteer_has_no_inbox(as_caller: AsCaller, role: str) -> None:
    assert (await as_caller(None, role=role).get("/v1/me/messages")).status_code == 403


@pytest.mark.parametrize("cursor", ["!", "WyJhIiwgImIiXQ", "WyIyMDI2LTAxLTAxIl0"])
async def test_a_made_up_cursor_is_refused(as_caller: AsCaller, cursor: str) -> None:
    answer = await as_caller(new_id()).get("/v1/me/messages", params={"cursor": cursor})
    assert answer.status_code == 422
    assert answer.json()["faults"][0]["field"] == "cursor"


@pytest.mark.row(19)
async def test_what_was_told_to_a_merged_entry_is_the_person_s_and_is_not_once_it_is_undone(
    post: Post, as_caller: AsCaller
) -> None:
    kept, other = new_id(), new_id()
    earlier, later = signed_up(other), signed_up(other)
    await handle(post, [registered(kept), earlier])
    both = {"volunteer_id": other, "volunteer_no": "V2", "kept_id": kept, "kept_no": "V1"}
    await handle(post, [received(VolunteersMerged(**both, merged_at=now()), other, 2)])
    await handle(post, [later])
    me = as_caller(kept)
    inbox = (await me.get("/v1/me/messages")).json()
    assert {item["template"] for item in inbox["items"]} == {
        "volunteer_registered",
        "entries_merged",
        "sign_up_confirmed",
    }
    assert (len(inbox["items"]), inbox["unread"]) == (4, 4)
    assert "V1" in next(item["body"] for item in inbox["items"] if item["template"] == "entries_merged")
    assert (await me.post(f"/v1/me/messages/{later.attributes.id}/read")).status_code == 204
    await handle(post, [received(VolunteerMergeUndone(**both, undone_at=now()), other, 3)])
    assert [item["template"] for item in (await me.get("/v1/me/messages")).json()["items"]] == [
        "merge_undone",
        "entries_merged",
        "volunteer_registered",
    ]

"""A volunteer says what to be told, and is told that and no more."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.contracts.calendar import CHINA
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import AsCaller, Post, handle, know, registered, signed_up

URL = "/v1/me/preferences"


def quiet_now() -> dict[str, str]:
    """Quiet hours from an hour ago to an hour from now."""
    now = datetime.now(CHINA)
    hour = timedelta(hours=1)
    return {"starts": (now - hour).strftime("%H:%M"), "ends": (now + hour).strftime("%H:%M")}


async def test_whoever_has_said_nothing_is_told_everything(as_caller: AsCaller) -> None:
    shown = (await as_caller(new_id()).get(URL)).json()
    assert all(channels == ["in_app", "email"] for channels in shown["channels"].values())
    assert shown["quiet_hours"] is None
    assert {purpose for purpose, channels in shown["needed"].items() if not channels} == {"reminder", "hours"}


@pytest.mark.row(56)
async def test_what_was_said_last_holds_for_oneself_alone(as_caller: AsCaller) -> None:
    me, other = as_caller(new_id()), as_caller(new_id())
    await me.put(URL, json={"channels": {"place": ["in_app"]}})
    said: dict[str, Any] = {"channels": {"hours": []}, "quiet_hours": {"starts": "22:00:00", "ends": "07:00:00"}}
    answer = await me.put(URL, json=said)
    assert answer.json() == (await me.get(URL)).json()
    assert answer.json()["channels"]["hours"] == []
    assert answer.json()["channels"]["place"] == ["in_app", "email"]
    assert answer.json()["quiet_hours"] == said["quiet_hours"]
    assert (await other.get(URL)).json()["quiet_hours"] is None


@pytest.mark.parametrize(
    ("said", "field", "code"),
    [
        ({"channels": {"change": ["email"]}}, "channels.change", "needed_in_inbox"),
        ({"channels": {}, "quiet_hours": {"starts": "22:00", "ends": "22:00"}}, "quiet_hours.ends", "out_of_range"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(
    post: Post, as_caller: AsCaller, said: dict[str, Any], field: str, code: str
) -> None:
    me = as_caller(new_id(), language="zh-CN")
    answer = await me.put(URL, json=said)
    assert answer.status_code == 422
    [fault] = answer.json()["faults"]
    assert (fault["field"], fault["code"]) == (field, code)
    assert not await post.rows("SELECT 1 FROM preference")


async def test_a_mail_that_is_not_wanted_is_not_sent_and_the_message_is_in_the_inbox(
    post: Post, as_caller: AsCaller
) -> None:
    volunteer = new_id()
    await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
    me = as_caller(volunteer)
    await me.put(URL, json={"channels": {"place": ["in_app"]}})
    await handle(post, [signed_up(volunteer), registered(volunteer)])
    await post.work_off()
    assert [mail["Subject"] for mail in post.server.mails] == ["Welcome, volunteer"]
    assert await post.mail_states() == [("sent", None), ("withheld", "not_wanted")]
    assert (await me.get("/v1/me/messages")).json()["unread"] == 2
    assert await post.settled()
    assert not await post.rows("SELECT 1 FROM event_log WHERE type LIKE '%MessageUndeliverable%'")


@pytest.mark.row(56)
async def test_a_mail_waits_until_the_quiet_hours_are_over(post: Post, as_caller: AsCaller) -> None:
    volunteer = new_id()
    await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
    me = as_caller(volunteer)
    await me.put(URL, json={"channels": {}, "quiet_hours": quiet_now()})
    await handle(post, [signed_up(volunteer)])
    await post.work_off()
    assert await post.mail_states() == [("queued", "quiet_hours")]
    [work] = await post.rows("""
        SELECT attempts, last_error, due_at > now() + interval '50 minutes' AS waits FROM work WHERE kind = 'mail'
    """)
    assert tuple(work) == (0, "quiet_hours", True)
    await me.put(URL, json={"channels": {}})
    await post.make_due()
    await post.work_off()
    assert await post.mail_states() == [("sent", None)]
    assert len(post.server.mails) == 1

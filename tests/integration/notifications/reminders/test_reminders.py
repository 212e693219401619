"""Whoever has a place is reminded of it twice, whatever is delivered again, killed, moved or given back."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.notifications.deliveries.projections import MESSAGES
from services.notifications.reminders.commands import REMINDERS
from shared.contracts import (
    CancellationCause,
    Event,
    SignUpAgreed,
    SignUpAskedAgain,
    SignUpCancelled,
    SignUpWithdrawn,
    VolunteerSignedUp,
)
from shared.contracts.received import Received
from shared.messaging.fault_kinds import is_transient
from shared.store.event_log import new_id, now
from shared.work.worker import Worker
from tests.integration.notifications.conftest import AsCaller, Post, handle, know, received
from tests.support.eventually import eventually, running

HOUR = timedelta(hours=1)


def version(event: Event, sign_up_id: UUID, number: int) -> Received[Event]:
    attributes, data = received(event, sign_up_id)
    return Received(attributes._replace(sequence=number), data)


def place(sign_up_id: UUID, volunteer_id: UUID, starts_at: datetime, number: int = 1) -> Received[Event]:
    event = VolunteerSignedUp(
        sign_up_id=sign_up_id,
        shift_id=new_id(),
        activity_id=new_id(),
        activity_title="陪伴\n阅读",
        starts_at=starts_at,
        volunteer_id=volunteer_id,
    )
    return version(event, sign_up_id, number)


def withdrawn(sign_up_id: UUID, volunteer_id: UUID, number: int = 2) -> Received[Event]:
    event = SignUpWithdrawn(sign_up_id=sign_up_id, shift_id=new_id(), activity_id=new_id(), volunteer_id=volunteer_id)
    return version(event, sign_up_id, number)


def asked_again(sign_up_id: UUID, volunteer_id: UUID, starts_at: datetime) -> Received[Event]:
    event = SignUpAskedAgain(
        **_shift(sign_up_id, volunteer_id, starts_at),
        from_starts_at=starts_at - 10 * HOUR,
        from_ends_at=starts_at - 8 * HOUR,
        answer_by=starts_at - HOUR,
    )
    return version(event, sign_up_id, 2)


def agreed(sign_up_id: UUID, volunteer_id: UUID, starts_at: datetime) -> Received[Event]:
    return version(SignUpAgreed(**_shift(sign_up_id, volunteer_id, starts_at)), sign_up_id, 3)


def cancelled(sign_up_id: UUID, volunteer_id: UUID) -> Received[Event]:
    event = SignUpCancelled(
        sign_up_id=sign_up_id,
        shift_id=new_id(),
        activity_id=new_id(),
        activity_title="陪伴阅读",
        starts_at=now(),
        volunteer_id=volunteer_id,
        cause=CancellationCause.SHIFT_CANCELLED,
        reason="",
    )
    return version(event, sign_up_id, 2)


def _shift(sign_up_id: UUID, volunteer_id: UUID, starts_at: datetime) -> dict[str, Any]:
    return {
        "sign_up_id": sign_up_id,
        "shift_id": new_id(),
        "activity_id": new_id(),
        "activity_title": "陪伴阅读",
        "place": "",
        "starts_at": starts_at,
        "ends_at": starts_at + 2 * HOUR,
        "volunteer_id": volunteer_id,
    }


async def scheduled(post: Post) -> list[datetime]:
    return [row.due_at for row in await post.rows("SELECT due_at FROM work WHERE kind = 'reminder' ORDER BY due_at")]


async def remind(post: Post) -> None:
    """Have every reminder that is scheduled told as if its moment had come."""
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("UPDATE work SET due_at = now() WHERE kind = 'reminder'")

    async def all_done() -> bool:
        return not await post.rows("SELECT 1 FROM work WHERE kind = 'reminder'")

    async with running(Worker(post.worker, [REMINDERS], {}, is_transient).run):
        await eventually(all_done)


async def reminded(post: Post) -> Sequence[Any]:
    return await post.rows("SELECT * FROM message WHERE template = 'shift_reminder'")


@pytest.mark.row(57)
async def test_a_place_is_reminded_of_a_day_and_three_hours_before(post: Post) -> None:
    starts_at = now() + 48 * HOUR
    await handle(post, [place(new_id(), new_id(), starts_at)])
    assert await scheduled(post) == [starts_at - 24 * HOUR, starts_at - 3 * HOUR]


async def test_what_begins_soon_has_the_later_reminder_alone(post: Post) -> None:
    starts_at = now() + 10 * HOUR
    await handle(post, [place(new_id(), new_id(), starts_at), place(new_id(), new_id(), now() + HOUR)])
    assert await scheduled(post) == [starts_at - 3 * HOUR]


async def test_a_reminder_is_in_the_inbox_and_mailed_in_the_volunteer_s_language(
    post: Post, as_caller: AsCaller
) -> None:
    volunteer = new_id()
    await know(post, volunteer, name="张小明", email="zhang@example.org", language="zh-CN")
    await handle(post, [place(new_id(), volunteer, now() + 10 * HOUR)])
    await remind(post)
    await post.work_off()
    assert [mail["Subject"] for mail in post.server.mails if "提醒" in mail["Subject"]] == ["活动提醒\uff1a陪伴 阅读"]
    inbox = (await as_caller(volunteer).get("/v1/me/messages")).json()
    assert [item["template"] for item in inbox["items"]] == ["shift_reminder", "sign_up_confirmed"]
    [told] = await post.rows("""
        SELECT caused_by FROM event_log WHERE data ->> 'template' = 'shift_reminder' AND data ->> 'channel' = 'email'
    """)
    assert told.caused_by.startswith("work:")


@pytest.mark.row(57)
async def test_a_reminder_is_told_once_though_its_event_comes_again(post: Post) -> None:
    event = place(new_id(), new_id(), now() + 10 * HOUR)
    for _ in range(2):
        await handle(post, [event])
    assert len(await scheduled(post)) == 1
    await remind(post)
    await handle(post, [event])
    await remind(post)
    assert len(await reminded(post)) == 1
    assert (
        len(await post.rows("SELECT 1 FROM delivery JOIN message USING (event_id) WHERE template = 'shift_reminder'"))
        == 2
    )


async def test_whoever_gave_the_place_back_is_not_reminded(post: Post) -> None:
    sign_up, volunteer = new_id(), new_id()
    event = place(sign_up, volunteer, now() + 10 * HOUR)
    await handle(post, [event])
    await handle(post, [withdrawn(sign_up, volunteer)])
    await handle(post, [event])  # delivered again, late
    await remind(post)
    assert not await reminded(post)


async def test_a_place_at_another_time_is_reminded_of_at_that_time_alone(post: Post) -> None:
    sign_up, volunteer, later = new_id(), new_id(), now() + 20 * HOUR
    await handle(post, [place(sign_up, volunteer, now() + 10 * HOUR), withdrawn(sign_up, volunteer)])
    await handle(post, [place(sign_up, volunteer, later, number=3)])
    await remind(post)
    [told] = await reminded(post)
    assert datetime.fromisoformat(told.facts["starts_at"]) == later


@pytest.mark.row(57)
async def test_a_moved_shift_is_reminded_of_once_its_new_time_is_agreed_to(post: Post) -> None:
    sign_up, volunteer, later = new_id(), new_id(), now() + 20 * HOUR
    await handle(post, [place(sign_up, volunteer, now() + 10 * HOUR)])
    await handle(post, [asked_again(sign_up, volunteer, later)])
    await remind(post)
    assert not await reminded(post)
    await handle(post, [agreed(sign_up, volunteer, later)])
    await remind(post)
    [told] = await reminded(post)
    assert datetime.fromisoformat(told.facts["starts_at"]) == later


async def test_a_cancelled_shift_is_not_reminded_of(post: Post) -> None:
    sign_up, volunteer = new_id(), new_id()
    await handle(post, [place(sign_up, volunteer, now() + 10 * HOUR), cancelled(sign_up, volunteer)])
    await remind(post)
    assert not await reminded(post)


async def test_a_reminder_that_was_missed_is_not_told_after_the_start(post: Post) -> None:
    await handle(post, [place(new_id(), new_id(), now() + 10 * HOUR)])
    async with post.worker.transaction() as tx:
        await tx.exec_driver_sql("UPDATE reminded_place SET starts_at = now() - interval '1 minute'")
        await tx.exec_driver_sql("""
            UPDATE work SET payload = json_build_object(
                'sign_up_id', payload ->> 'sign_up_id', 'before_seconds', 10800,
                'starts_at', (SELECT starts_at FROM reminded_place)) WHERE kind = 'reminder'
        """)
    await remind(post)
    assert not await reminded(post)


async def test_a_comparison_leaves_alone_what_the_clock_has_told(post: Post) -> None:
    await handle(post, [place(new_id(), new_id(), now() + 10 * HOUR)])
    await remind(post)
    for table in MESSAGES.tables:
        of_events = await post.rows(f"SELECT 1 FROM {table.name} WHERE {table.rows}")
        assert len(of_events) < len(await post.rows(f"SELECT 1 FROM {table.name}"))

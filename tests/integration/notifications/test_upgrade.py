"""A database in which an event told one person becomes one in which it can tell many, and nothing in it is lost."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import text

from shared.contracts import Event
from shared.contracts.received import Received
from shared.store import migrate
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import DISTRICT, Post, handle, know, signed_up
from tests.support.infrastructure import Databases, Infrastructure, Urls

_TOLD = text("""
    INSERT INTO message VALUES (:district, :event_id, :volunteer_id, 'sign_up_confirmed', CAST(:facts AS json), now(),
                                CASE WHEN :read THEN now() END)
""")
_DELIVERED = text("""
    INSERT INTO delivery (district, event_id, channel, id, state)
    VALUES (:district, :event_id, :channel, :id, :state)
""")
FACTS = '{"activity_title": "陪伴阅读", "starts_at": "2026-03-01T01:00:00+00:00"}'


@pytest.fixture(scope="module")
async def database(infrastructure: Infrastructure) -> AsyncIterator[Urls]:
    """The service's database as it was before: the kit's schema of today under the first of its own."""
    databases = Databases(infrastructure.admin_url)
    yield await databases.make_at("notifications", "kit@head", "notifications_0001")
    await databases.drop()


async def told(post: Post, volunteer_id: UUID, mail: str, *, read: bool = False) -> Received[Event]:
    """Tell a volunteer of an event as the version before did; its mail is in the state ``mail``."""
    event = signed_up(volunteer_id)
    event_id = event.attributes.id
    message = {"event_id": event_id, "volunteer_id": volunteer_id, "facts": FACTS, "read": read}
    async with post.worker.transaction() as tx:
        await tx.execute(_TOLD, {"district": DISTRICT, **message})
        for channel, state in (("in_app", "sent"), ("email", mail)):
            delivery = {"event_id": event_id, "channel": channel, "id": uuid5(event_id, channel), "state": state}
            await tx.execute(_DELIVERED, {"district": DISTRICT, **delivery})
    return event


async def deliveries(post: Post) -> list[tuple[Any, ...]]:
    """Return every delivery with its message; of both, what has been there from the first schema on."""
    rows = await post.rows("""
        SELECT event_id, channel, id, state, reason, queued_at, template, facts::text, read_at
        FROM delivery JOIN message USING (district, event_id) ORDER BY event_id, channel
    """)
    return [tuple(row) for row in rows]


async def test_what_was_told_read_and_queued_is_there_and_is_sent_once(post: Post) -> None:
    ann, bob = new_id(), new_id()
    events = [
        await told(post, ann, "sent", read=True),
        await told(post, bob, "queued"),
        await told(post, ann, "undeliverable"),
        await told(post, bob, "sending"),
    ]
    before = await deliveries(post)
    assert len(before) == 8
    waiting = await post.rows("""
        SELECT id, due_at, attempts, queued_at FROM delivery WHERE state IN ('queued', 'sending') ORDER BY id
    """)
    await post.worker.engine.dispose()  # a deployment restarts the service; its old statements are no good

    await migrate.upgrade("notifications", post.urls.owner)

    assert await deliveries(post) == before
    assert (
        await post.rows("SELECT id, due_at, attempts, created_at FROM work WHERE kind = 'mail' ORDER BY id") == waiting
    )
    recipients = await post.rows(
        "SELECT event_id, recipient_id FROM delivery JOIN message USING (event_id, recipient_id)"
    )
    of_events = zip((event.attributes.id for event in events), (ann, bob, ann, bob), strict=True)
    assert sorted(map(tuple, recipients)) == sorted([*of_events] * 2)

    for volunteer in (ann, bob):
        await know(post, volunteer, name="Ann", email="ann@example.org", language="en")
    for _ in range(2):
        await handle(post, events)  # delivered again
        await post.make_due()
        await post.work_off()
    queued = events[1].attributes.id
    assert [mail["Message-ID"] for mail in post.server.mails] == [f"<{uuid5(queued, 'email')}@linbang.example>"]
    assert len(await deliveries(post)) == 8
    [interrupted] = await post.rows("SELECT id, state, reason FROM delivery WHERE state = 'uncertain'")
    assert tuple(interrupted) == (uuid5(events[3].attributes.id, "email"), "uncertain", "interrupted")

"""A parked contact: the service's own commands apply what is behind it, and the present state is what came last."""

import asyncio
from functools import partial
from typing import Any

from typer.testing import CliRunner

from services.notifications.cli import app
from shared.contracts.topics import CONTACT
from shared.store.event_log import new_id
from tests.integration.notifications.conftest import Post
from tests.support.eventually import eventually, running


async def test_contacts_behind_a_discarded_one_are_applied_and_the_last_one_stands(post: Post) -> None:
    volunteer_id = new_id()
    key = str(volunteer_id).encode()
    await post.producer.send_and_wait(post.prefix + CONTACT.name, b"sealed, by whom?", key)  # no header says
    for phone in ("17000000001", "17000000002"):
        await post.publish_contact(volunteer_id, phone=phone)
    parked = "SELECT id FROM dead_letter WHERE state = 'parked' ORDER BY \"offset\""
    async with running(post.consumer().run):
        letters = await eventually(lambda: three(post, parked))
    run = CliRunner(env={"NOTIFICATIONS_WORKER_DATABASE_URL": post.urls.worker, "TOPIC_PREFIX": post.prefix}).invoke
    for arguments in (
        ["discard", str(letters[0].id), "--reason", "nobody can tell whose it is"],
        ["redrive", "--key", key.decode(), "--yes"],
    ):
        done = await asyncio.to_thread(partial(run, app, ["dead-letters", *arguments]))
        assert done.exit_code == 0, done.output
    last = await post.rows('SELECT value FROM dead_letter ORDER BY "offset" DESC LIMIT 1')
    assert await post.rows("SELECT sealed FROM contact WHERE volunteer_id = :id", id=volunteer_id) == last


async def three(post: Post, query: str) -> list[Any]:
    rows = await post.rows(query)
    return rows if len(rows) == 3 else []

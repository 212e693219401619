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
    await post.producer.send_and_wait(
        post.prefix + CONTACT.name, b"sealed, by whom?", str(volunteer_id).encode()
    )  # no header says
    for phone in ("17000000001", "17000000002"):
        await post.publish_contact(volunteer_id, phone=phone)
    async with running(post.consumer().run):
        letters = await eventually(lambda: waiting(post, 3))
    last = letters[-1].value
    await run(post, "discard", letters[0].id, "--reason", "nobody can tell whose it is")
    await run(post, "redrive", "--key", volunteer_id, "--yes")
    assert await post.rows("SELECT sealed FROM contact WHERE volunteer_id = :id", id=volunteer_id) == [(last,)]


async def test_no_contact_is_kept_longer_than_it_waits(post: Post) -> None:
    """Whoever is erased is gone: neither the copy for the dead-letter topic nor a settled record has the value."""
    await post.producer.send_and_wait(post.prefix + CONTACT.name, b"sealed", str(new_id()).encode())
    await post.producer.send_and_wait(post.prefix + CONTACT.name, b"sealed", str(new_id()).encode())
    async with running(post.consumer().run):
        first, _ = await eventually(lambda: waiting(post, 2))
    assert await post.rows("SELECT raw_value FROM outbox WHERE raw_topic = 'notifications.dlt'") == [(None,)] * 2
    await run(post, "discard", first.id, "--reason", "nobody can tell whose it is")
    assert await post.rows("SELECT state FROM dead_letter WHERE value IS NULL") == [("discarded",)]


async def waiting(post: Post, count: int) -> list[Any]:
    rows = await post.rows("SELECT * FROM dead_letter WHERE state = 'parked' ORDER BY \"offset\"")
    return rows if len(rows) == count else []


async def run(post: Post, *arguments: object) -> None:
    """Run a command of the service's dead letters as an operator would."""
    runner = CliRunner(env={"NOTIFICATIONS_WORKER_DATABASE_URL": post.urls.worker, "TOPIC_PREFIX": post.prefix})
    words = ["dead-letters", *map(str, arguments)]
    done = await asyncio.to_thread(partial(runner.invoke, app, words))
    assert done.exit_code == 0, done.output

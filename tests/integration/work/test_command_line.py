"""What an operator does about work: see it, have it done now, cancel it."""

import asyncio
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import pytest
from typer.testing import CliRunner

from shared.service.command_line import command_line
from shared.store.event_log import new_id
from shared.work import queue
from shared.work.queue import ClaimLostError, Conclusion
from tests.integration.work.conftest import OTHER, Office, errand, walk
from tests.support.errands import ERRAND, SERVICE
from tests.support.operator import linbang

APP = command_line(SERVICE, "", ())


async def work(office: Office, *arguments: str) -> tuple[int, str]:
    """Run ``linbang assessment work …`` in this process: starting one takes longer than the command."""
    variables = {"ASSESSMENT_WORKER_DATABASE_URL": office.urls.worker}
    ran = await asyncio.to_thread(CliRunner().invoke, APP, ["work", *arguments], env=variables)
    return ran.exit_code, ran.output


async def give_up(office: Office, *ids: UUID) -> None:
    await office.execute(
        "UPDATE work SET state = 'given_up', attempts = 3, last_error = 'KeyError', given_up_at = now()"
        " WHERE id = ANY(:ids)",
        ids=list(ids),
    )


async def events(office: Office, name: str) -> Sequence[Any]:
    return await office.rows(
        "SELECT data, caused_by FROM event_log WHERE type = :type ORDER BY position",
        type=f"cn.linbang.operations.{name}.v1",
    )


async def test_work_is_listed_and_shown(office: Office) -> None:
    waits, lost = errand(1), errand(2, district=OTHER)
    await office.schedule(waits, lost)
    await give_up(office, lost.id)
    code, listed = await linbang({"ASSESSMENT_WORKER_DATABASE_URL": office.urls.worker}, SERVICE, "work", "list")
    assert code == 0
    assert str(waits.id) in listed
    assert "2 of 2 items of assessment" in listed
    _, listed = await work(office, "list", "--state", "given_up", "--district", OTHER)
    assert str(waits.id) not in listed
    assert "KeyError" in listed
    code, shown = await work(office, "show", str(lost.id))
    assert code == 0
    assert '{"number": 2}' in shown
    assert (await work(office, "show", str(new_id())))[0] == 1


async def test_what_was_given_up_is_done_again_by_whoever_says_so(office: Office) -> None:
    items = [errand(number) for number in range(3)]
    await office.schedule(*items)
    await give_up(office, items[0].id, items[1].id)
    code, output = await work(office, "retry", str(items[0].id), "--by", "wang")
    assert (code, output) == (0, "1 to be done now\n")
    code, output = await work(office, "retry", "--error", "KeyError", "--yes", "--by", "wang")
    assert (code, output) == (0, "1 to be done now\n")
    assert await office.count("work WHERE state = 'open' AND attempts = 0 AND given_up_at IS NULL") == 3
    told = await events(office, "WorkRetried")
    assert [(row.data["work_ids"], row.caused_by) for row in told[-2:]] == [
        ([str(item.id)], "operator:wang") for item in items[:2]
    ]
    assert (await work(office, "retry", "--all"))[1] == "nothing of the kind was given up\n"
    assert (await work(office, "retry", str(new_id())))[0] == 1
    assert (await work(office, "retry"))[0] == 2


async def test_cancelled_work_is_never_done_even_while_it_is_being_done(office: Office) -> None:
    item, other = errand(1), walk()
    await office.schedule(item, other)
    (claimed,) = await queue.claim(office.store, [ERRAND])
    code, output = await work(office, "cancel", str(item.id), "--reason", "twice", "--by", "wang")
    assert (code, output) == (0, f"{item.id} is cancelled\n")
    done = Conclusion(item=claimed, state="done", kind="errand", due_at=claimed.created_at, attempts=1)
    async with office.store.transaction() as tx:
        with pytest.raises(ClaimLostError):
            await queue.conclude(tx, [done])
    (told,) = await events(office, "WorkCancelled")
    assert (told.data["work_ids"], told.data["reason"], told.caused_by) == ([str(item.id)], "twice", "operator:wang")
    code, output = await work(office, "cancel", str(item.id), "--reason", "twice")
    assert (code, output) == (1, f"{item.id} is cancelled\n")
    assert (await work(office, "retry", str(item.id)))[0] == 1
    assert await office.count("work WHERE state = 'open'") == 1

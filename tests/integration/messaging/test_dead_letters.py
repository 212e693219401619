"""Dead letters are seen, redriven in order beside a running consumer, or given up; and every step leaves an event."""

import asyncio
import json
import os
import re
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psutil
import pytest
from sqlalchemy import text
from typer import Typer
from typer.testing import CliRunner, Result

from shared.messaging.dead_letter import MAX_CONSECUTIVE
from shared.messaging.dead_letter_command import command_line
from shared.store.event_log import NewEvent, new_id
from tests.integration.messaging.conftest import Wire
from tests.integration.messaging.test_consumer import all_is_counted, parked, send, send_raw
from tests.support.eventually import eventually, running
from tests.support.forked import Program
from tests.support.mended_dead_letters import app as mended
from tests.support.tally import POISONED_MINUTES, REACTIONS, consumer, service_corrected, service_logged, totals

unmended = command_line(REACTIONS)


def environment(wire: Wire) -> dict[str, str]:
    return {"ASSESSMENT_WORKER_DATABASE_URL": wire.urls.worker, "TOPIC_PREFIX": wire.prefix, "LINBANG_OPERATOR": "li"}


async def command(wire: Wire, app: Typer, *arguments: object, answer: str | None = None) -> Result:
    """Run a command as an operator would, beside what runs here."""
    runner = CliRunner(env=environment(wire))
    words = [str(argument) for argument in arguments]
    return await asyncio.to_thread(lambda: runner.invoke(app, words, input=answer))


async def arrived(wire: Wire, record_id: UUID) -> list[int]:
    """Return the versions of a service record in the order they were applied."""
    async with wire.worker.transaction() as tx:
        rows = await tx.execute(
            text("SELECT version FROM arrival WHERE record_id = :id ORDER BY ordinal"), {"id": record_id}
        )
        return list(rows.scalars())


async def actions(wire: Wire) -> list[Any]:
    """Return what operators did, as the event log and the outbox of the service have it."""
    async with wire.worker.transaction() as tx:
        return list(
            await tx.execute(
                text("""
                    SELECT e.district, split_part(e.type, '.', 4) AS name, e.caused_by, e.data
                    FROM event_log e JOIN outbox USING (position)
                    WHERE e.topic = 'operations.action' ORDER BY e.position
                """)
            )
        )


def chain(length: int) -> list[NewEvent]:
    """A record whose first event cannot be applied before the next deployment, and its corrections."""
    first = service_logged(new_id(), minutes=POISONED_MINUTES)
    return [first, *(service_corrected(first, version) for version in range(2, length + 1))]


async def park(wire: Wire, *events: NewEvent) -> list[Any]:
    """Have events parked by a consumer that cannot apply them; return the dead letters in log order."""
    await send(wire, *events, partition=0)
    async with running(wire.consumer().run):
        return await eventually(lambda: all_parked(wire, len(events)))


async def all_parked(wire: Wire, count: int) -> list[Any]:
    letters = await parked(wire)
    return letters if len(letters) == count else []


def states(letters: Sequence[Any]) -> list[str]:
    return [letter.state for letter in letters]


@pytest.mark.row(63)
async def test_a_redrive_applies_what_is_parked_of_the_key_in_log_order_and_says_so_in_the_event_log(
    wire: Wire,
) -> None:
    events = chain(3)
    letters = await park(wire, *events)
    done = await command(wire, mended, "redrive", letters[1].id)
    assert (done.exit_code, done.output) == (0, "3 applied, 0 still parked\n")
    assert await arrived(wire, events[0].aggregate_id) == [1, 2, 3]
    after = await parked(wire)
    assert states(after) == ["redriven"] * 3
    assert {(letter.settled_by, letter.attempts) for letter in after} == {("li", 1), ("li", 2)}
    (action,) = await actions(wire)
    assert (action.district, action.name, action.caused_by) == ("000000", "DeadLetterRedriven", "operator:li")
    assert action.data["dead_letter_ids"] == [str(letter.id) for letter in letters]
    assert action.data["parked_again"] == []


async def test_past_the_limit_an_operator_can_have_all_that_is_bad_parked_and_redrive_it_later(wire: Wire) -> None:
    bad = [service_logged(new_id(), minutes=POISONED_MINUTES) for _ in range(3 * MAX_CONSECUTIVE)]
    await send(wire, *bad, service_logged(new_id()), partition=0)
    async with running(consumer(wire.worker, wire.servers, wire.prefix, limited=False).run):
        await all_is_counted(wire, 60, 1)
    assert len(await parked(wire)) == len(bad)
    done = await command(wire, mended, "redrive", "--reason", "BrokenInvariantError", "--yes")
    assert done.output == f"{len(bad)} applied, 0 still parked\n"
    assert await totals(wire.worker) == (60 + len(bad) * POISONED_MINUTES, 1 + len(bad))


async def test_what_is_settled_is_not_settled_again(wire: Wire) -> None:
    (letter,) = await park(wire, *chain(1))
    await command(wire, mended, "redrive", letter.id)
    for again in (("redrive", letter.id), ("discard", letter.id, "--reason", "twice")):
        refused = await command(wire, mended, *again)
        assert (refused.exit_code, refused.output) == (1, f"{letter.id} is settled already: redriven by li\n")
    assert len(await actions(wire)) == 1


async def test_what_fails_again_stays_parked_with_what_is_behind_it_and_the_rest_is_applied(wire: Wire) -> None:
    bad, good = chain(2), chain(2)
    letters = await park(wire, *bad, *good)
    async with wire.worker.transaction() as tx:  # by now the second can be applied
        mended_value = good[0].data.model_copy(update={"minutes": 60}).model_dump_json().encode()
        mend = text("UPDATE dead_letter SET value = :value WHERE id = :id")
        await tx.execute(mend, {"value": mended_value, "id": letters[2].id})
    result = await command(wire, unmended, "redrive", "--all", "--yes")
    assert result.exit_code == 1
    assert f"{letters[0].id} failed again: BrokenInvariantError: such minutes cannot be" in result.output
    assert "2 applied, 2 still parked" in result.output
    after = await parked(wire)
    assert states(after) == ["parked", "parked", "redriven", "redriven"]
    assert [(letter.reason, letter.attempts) for letter in after[:2]] == [
        ("BrokenInvariantError", 2),
        ("behind_parked", 0),
    ]
    assert await arrived(wire, good[0].aggregate_id) == [1, 2]


async def test_order_per_key_holds_when_a_key_is_redriven_while_its_next_events_come_in(wire: Wire) -> None:
    """Events of every key keep coming before, during and after the redrive; a batch may fall anywhere."""
    last, keys = 40, 6
    chains = [chain(last) for _ in range(keys)]
    await park(wire, *(events[0] for events in chains))

    async def go_on() -> None:
        for version in range(1, last):
            await send(wire, *(events[version] for events in chains), partition=0)

    async with running(wire.consumer().run):
        sending = asyncio.create_task(go_on())
        await eventually(lambda: enough_parked(wire, 3 * keys))
        while not sending.done() or "parked" in states(await parked(wire)):
            assert (await command(wire, mended, "redrive", "--all", "--yes")).exit_code == 0
        await eventually(lambda: all_arrived(wire, chains))
    for events in chains:
        assert await arrived(wire, events[0].aggregate_id) == list(range(1, last + 1))
    assert len(await actions(wire)) >= keys


async def enough_parked(wire: Wire, count: int) -> bool:
    return len(await parked(wire)) >= count


async def all_arrived(wire: Wire, chains: Sequence[Sequence[NewEvent]]) -> bool:
    arrivals = [await arrived(wire, events[0].aggregate_id) for events in chains]
    return [len(arrival) for arrival in arrivals] == [len(events) for events in chains]


async def test_a_batch_of_the_partition_waits_for_the_redrive_that_holds_it(wire: Wire) -> None:
    """The redrive is stopped before its commit; the consumer has the next event in hand and must not pass."""
    events = chain(3)
    await park(wire, *events[:2])
    stopping = process(wire, "redrive", "--all", "--yes", failpoint="redrive.before_commit:stop")
    async with stopping as redrive, running(consumer(wire.worker, wire.servers, wire.prefix).run):
        await eventually(lambda: is_stopped(redrive.pid))
        await send(wire, events[2], service_logged(new_id()), partition=0)
        await eventually(lambda: waits_for_a_lock(wire))
        assert await arrived(wire, events[0].aggregate_id) == []
        redrive.send_signal(signal.SIGCONT)
        await asyncio.to_thread(redrive.wait)
        await eventually(lambda: all_arrived(wire, [events]))
    assert await arrived(wire, events[0].aggregate_id) == [1, 2, 3]


@pytest.mark.parametrize(("place", "applied"), [("redrive.before_commit", []), ("redrive.after_commit", [1, 2])])
async def test_a_redrive_that_is_killed_has_happened_or_has_not(wire: Wire, place: str, applied: list[int]) -> None:
    events = chain(2)
    await park(wire, *events)
    async with process(wire, "redrive", "--all", "--yes", failpoint=f"{place}:kill9") as killed:
        assert await asyncio.to_thread(killed.wait) == -9
    assert await arrived(wire, events[0].aggregate_id) == applied
    assert len(await actions(wire)) == len(applied) // 2
    again = await command(wire, mended, "redrive", "--all", "--yes")
    assert again.output == ("nothing of the kind is parked\n" if applied else "2 applied, 0 still parked\n")
    assert await arrived(wire, events[0].aggregate_id) == [1, 2]


@asynccontextmanager
async def process(wire: Wire, *arguments: str, failpoint: str) -> AsyncIterator[Program]:
    """Run a command of the mended service as a process of its own."""
    process = Program(
        ["-m", "tests.support.mended_dead_letters", *arguments],
        {**os.environ, **environment(wire), "FAILPOINT": failpoint},
    )
    try:
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)


async def is_stopped(pid: int) -> bool:
    return psutil.Process(pid).status() == psutil.STATUS_STOPPED


async def waits_for_a_lock(wire: Wire) -> bool:
    async with wire.worker.transaction() as tx:
        return bool(
            await tx.scalar(
                text("""
                    SELECT count(*) FROM pg_stat_activity
                    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%consumer_offset%'
                """)
            )
        )


async def test_a_record_that_was_applied_already_is_redriven_without_effect(wire: Wire) -> None:
    """The same event was parked at one offset and applied at another: it counts once."""
    event = service_logged(new_id(), minutes=POISONED_MINUTES)
    (letter,) = await park(wire, event)
    await command(wire, mended, "redrive", letter.id)
    async with wire.worker.transaction() as tx:
        await tx.execute(text("UPDATE dead_letter SET state = 'parked', settled_at = NULL, settled_by = NULL"))
    assert (await command(wire, mended, "redrive", letter.id)).exit_code == 0
    assert await totals(wire.worker) == (POISONED_MINUTES, 1)


async def test_a_discard_needs_a_reason_and_releases_what_waits_behind(wire: Wire) -> None:
    events = chain(3)
    letters = await park(wire, *events)
    for reason in ((), ("--reason", " ")):
        assert (await command(wire, unmended, "discard", letters[0].id, *reason)).exit_code == 2
    done = await command(wire, unmended, "discard", letters[0].id, "--reason", "重复导入", "--by", "王")
    key = str(events[0].aggregate_id)
    follow = f"dead-letters redrive --topic activities.service-record --key {key}"
    assert done.output == (f"{letters[0].id} is discarded\n2 parked behind it; to apply: linbang assessment {follow}\n")
    assert states(await parked(wire)) == ["discarded", "parked", "parked"]
    (action,) = await actions(wire)
    assert (action.name, action.caused_by, action.data["reason"]) == ("DeadLetterDiscarded", "operator:王", "重复导入")
    released = await command(wire, unmended, *follow.split()[1:], "--yes")
    assert released.output == "2 applied, 0 still parked\n"
    assert await arrived(wire, events[0].aggregate_id) == [2, 3]
    shown = await command(wire, unmended, "show", letters[0].id)
    assert re.search(r"because +重复导入", shown.output)


async def test_all_of_a_topic_or_key_is_discarded_as_it_is_redriven(wire: Wire) -> None:
    events, others = chain(2), chain(1)
    await park(wire, *events, *others)
    reason = ("--reason", "x", "--yes")
    nothing = await command(wire, unmended, "discard", "--topic", "registry.team", *reason)
    assert (nothing.exit_code, nothing.output) == (0, "nothing of the kind is parked\n")
    of_key = await command(wire, unmended, "discard", "--key", str(events[0].aggregate_id), *reason)
    assert of_key.output.count("is discarded") == 2
    declined = await command(wire, unmended, "discard", "--all", "--reason", "x", answer="n\n")
    assert (declined.exit_code, "Discard 1 records for good?" in declined.output) == (1, True)
    rest = await command(wire, unmended, "discard", "--topic", "activities.service-record", *reason)
    assert rest.output.count("is discarded") == 1
    assert states(await parked(wire)) == ["discarded"] * 3


async def test_bulk_actions_ask_first(wire: Wire) -> None:
    letters = await park(wire, *chain(2))
    declined = await command(wire, mended, "redrive", "--all", answer="n\n")
    assert declined.exit_code == 1
    assert "Redrive 2 parked records of 1 keys?" in declined.output
    both = [letter.id for letter in letters]
    assert (await command(wire, mended, "discard", *both, "--reason", "x", answer="n\n")).exit_code == 1
    assert states(await parked(wire)) == ["parked", "parked"]
    assert await actions(wire) == []


async def test_what_is_asked_for_must_be_clear(wire: Wire) -> None:
    stranger = new_id()
    unclear = (
        ("redrive",),
        ("redrive", stranger, "--all"),
        ("redrive", "--key", "0xq"),
        ("discard", "--reason", "x"),
        ("discard", stranger, "--all", "--reason", "x"),
        ("show", "7"),
    )
    for arguments in unclear:
        assert (await command(wire, mended, *arguments)).exit_code == 2
    for of_a_stranger in (("show", stranger), ("redrive", stranger), ("discard", stranger, "--reason", "x")):
        unknown = await command(wire, mended, *of_a_stranger)
        assert (unknown.exit_code, unknown.output) == (1, f"{stranger}: assessment has no such dead letter\n")


async def test_the_list_is_newest_first_and_filtered(wire: Wire) -> None:
    empty = await command(wire, mended, "list")
    assert (empty.exit_code, empty.output) == (0, "assessment: no parked dead letters\n")
    await send_raw(wire, b"\x00\xff", [("ce_type", b"\xff"), ("标题", "社区".encode())], 0, "钥匙".encode())
    await send(wire, *(events := chain(2)), partition=0)
    async with running(wire.consumer().run):
        letters = await eventually(lambda: all_parked(wire, 3))
    listed = await command(wire, mended, "list")
    ids = re.findall(r"^[0-9a-f-]{36}", listed.output, re.MULTILINE)
    assert ids == [str(letter.id) for letter in reversed(letters)]
    assert "activities.service-record[0] @ 0" in listed.output
    assert "钥匙" in listed.output
    assert "3 of 3 parked dead letters of assessment" in listed.output
    for only, found in (
        (("--reason", "undecodable"), [letters[0]]),
        (("--key", "钥匙"), [letters[0]]),
        (("--key", events[0].aggregate_id), [letters[2], letters[1]]),
        (("--topic", "activities.service-record", "--rows", 1), [letters[2]]),
        (("--topic", "registry.volunteer"), []),
        (("--state", "redriven"), []),
        (("--state", "all"), letters[::-1]),
    ):
        output = (await command(wire, mended, "list", *only)).output
        assert re.findall(r"^[0-9a-f-]{36}", output, re.MULTILINE) == [str(letter.id) for letter in found], only


async def test_a_record_is_shown_with_its_own_bytes_and_headers(wire: Wire) -> None:
    await send_raw(wire, b"\x00\xff[red]", [("ce_type", b"\xff"), ("a", None), ("b", b"\x1b[31m\\xff")], 0, b"\xfe")
    (event,) = chain(1)
    await send(wire, event, partition=0)
    async with running(wire.consumer().run):
        raw, decoded = await eventually(lambda: all_parked(wire, 2))
    shown = (await command(wire, mended, "show", raw.id)).output
    for line in (
        rf"id +{raw.id}",
        r"record +activities.service-record\[0\] @ 0",
        r"key +0xfe",
        r"reason +undecodable",
        r"in its key +0 parked before it, 0 behind it",
        r"ce_type +0xff",
        r"a +–",
        r"b +0x1b5b33316d5c786666",
        r"value: 7 bytes",
        r"00000000  00 ff 5b 72 65 64 5d +\.\.\[red\]",
    ):
        assert re.search(rf"^ *{line} *$", shown, re.MULTILINE), (line, shown)
    shown = (await command(wire, mended, "show", decoded.id)).output
    value = json.loads(shown[shown.index("{") :])
    assert value == json.loads(event.data.model_dump_json())
    assert value["activity_title"] in shown

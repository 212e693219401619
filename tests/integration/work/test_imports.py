"""Imports as work: one that fails or waits keeps no other waiting, and ends where district and operators see it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Code, Fault
from shared.imports import job as jobs
from shared.imports.columns import Columns
from shared.imports.importer import ENDINGS
from shared.imports.job import ImportJob, ImportKind
from shared.imports.rows import Outcome, Row, Verdict
from shared.work import settlement
from shared.work.settlement import Selection
from tests.integration.work.conftest import DISTRICT, OTHER, Office
from tests.support.errands import SERVICE
from tests.support.eventually import eventually, running
from tests.support.importing import NOTHING_TO_PASS, importing, uploaded

KEY, ANOTHER_KEY = bytes(32), bytes(31) + b"1"
FILE = b"name\na\nb\nc\nd\n"


async def take_in(_tx: AsyncConnection, _job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    return [Verdict(row.line, Outcome.ACCEPTED) for row in rows]


async def meet_a_bug(_tx: AsyncConnection, _job: ImportJob, _rows: Sequence[Row]) -> list[Verdict]:
    raise KeyError("a bug")


def kind(chunk: Callable[..., Any] = take_in, needs: tuple[str, ...] = ()) -> ImportKind:
    return ImportKind(Columns({"name": "name"}), chunk, (), needs=needs, chunk_rows=1)


KINDS = {"names": kind(), "bugs": kind(meet_a_bug), "needy": kind(needs=("registry.volunteer",))}


async def upload(office: Office, of: str = "names", district: str = DISTRICT, key: bytes = KEY) -> UUID:
    async with office.api.transaction(district) as tx:
        return await jobs.create(tx, district, of, "f.csv", uploaded(key, FILE), "account:test")


async def states(office: Office) -> Mapping[UUID, str]:
    return {row.id: row.state for row in await office.rows("SELECT id, state FROM import_job")}


async def reach(office: Office, expected: Mapping[UUID, str]) -> None:
    """Wait until imports are in these states."""

    async def reached() -> bool:
        return await states(office) == expected

    await eventually(reached)


async def faults(office: Office, job_id: UUID) -> str:
    (row,) = await office.rows("SELECT fault FROM import_job WHERE id = :id", id=job_id)
    return str(row.fault)


async def test_an_import_that_fails_three_times_is_failed_and_the_others_go_on(office: Office) -> None:
    bad = await upload(office, "bugs")
    good, other = await upload(office), await upload(office, district=OTHER)
    async with running(importing(office.store, KINDS, KEY).run):
        await reach(office, {bad: "failed", good: "completed", other: "completed"})
    assert await faults(office, bad) == '[["file", "internal"]]'
    assert all(Fault("file", Code.INTERNAL).message(language) for language in ("zh-CN", "en"))
    (item,) = await office.rows("SELECT id, state, attempts, last_error FROM work")
    assert tuple(item) == (bad, "given_up", 3, "KeyError")


async def test_a_file_of_another_key_fails_alone_and_is_taken_in_when_the_key_is_mended(office: Office) -> None:
    locked, good = await upload(office, key=ANOTHER_KEY), await upload(office)
    async with running(importing(office.store, KINDS, KEY).run):
        await reach(office, {locked: "failed", good: "completed"})
    assert await faults(office, locked) == '[["file", "internal"]]'
    async with office.store.transaction() as tx:
        await settlement.retry(tx, SERVICE, Selection(error="InvalidTag"), "wang")
        await tx.execute(text("DELETE FROM outbox"))  # as the relay does
    async with running(importing(office.store, KINDS, ANOTHER_KEY).run):
        await reach(office, {locked: "completed", good: "completed"})
    (row,) = await office.rows("SELECT fault FROM import_job WHERE id = :id", id=locked)
    assert tuple(row) == (None,)
    assert await office.count("import_file") == 0


async def test_an_import_of_a_kind_that_is_gone_fails_alone(office: Office) -> None:
    gone, good = await upload(office, "renamed"), await upload(office)
    async with running(importing(office.store, KINDS, KEY).run):
        await reach(office, {gone: "failed", good: "completed"})


async def test_an_import_that_fails_between_chunks_is_not_given_up_while_it_gets_on(office: Office) -> None:
    taken: list[int] = []

    async def stumble(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
        if len(taken) % 2:
            taken.append(0)
            raise ConnectionError if len(taken) == 2 else KeyError
        taken.append(rows[0].line)
        return await take_in(tx, job, rows)

    job_id = await upload(office)
    async with running(importing(office.store, {"names": kind(stumble)}, KEY).run):
        await reach(office, {job_id: "completed"})
    assert [line for line in taken if line] == [2, 3, 4, 5]
    assert [tuple(row) for row in await office.rows("SELECT done, accepted FROM import_job")] == [(4, 4)]


class Behind:
    """Positions of a service whose consumer has not come so far; each import asks for the ends once."""

    def __init__(self) -> None:
        self.asked = 0
        self.passed = False

    async def ends_of(self, topics: Sequence[str]) -> Sequence[Any]:
        self.asked += 1
        return [[topic, 0, 7] for topic in topics]

    async def have_passed(self, _tx: AsyncConnection, ends: Sequence[Any]) -> bool:
        assert ends == [["registry.volunteer", 0, 7]]
        return self.passed


async def test_an_import_that_waits_for_projections_keeps_no_other_district_waiting(office: Office) -> None:
    positions = Behind()
    waiting = [await upload(office, "needy", district) for district in (DISTRICT, "510117", "510118")]
    async with running(importing(office.store, KINDS, KEY, positions).run):
        other = await upload(office, district=OTHER)
        await reach(office, {**dict.fromkeys(waiting, "waiting"), other: "completed"})
        positions.passed = True
        await reach(office, dict.fromkeys([*waiting, other], "completed"))
    assert positions.asked == 3


async def test_an_import_that_waits_for_kafka_keeps_nobody_waiting(office: Office) -> None:
    await office.execute(
        "INSERT INTO outbox (district, position) VALUES (:district, nextval('event_log_position_seq'))",
        district=DISTRICT,
    )
    waiting = [await upload(office, district=district) for district in (DISTRICT, DISTRICT, OTHER, "510117")]
    async with running(importing(office.store, KINDS, KEY).run):
        await reach(office, dict.fromkeys(waiting, "publishing"))
        await office.execute("DELETE FROM outbox")
        await reach(office, dict.fromkeys(waiting, "completed"))
    assert await office.count("work") == 0


async def test_a_cancelled_import_is_failed_and_its_file_is_gone(office: Office) -> None:
    open_job, bad = await upload(office), await upload(office, "bugs")
    async with office.store.transaction() as tx:
        await settlement.cancel(tx, SERVICE, ENDINGS, [open_job], "twice", "wang")
    async with running(importing(office.store, KINDS, KEY).run):
        await reach(office, {open_job: "failed", bad: "failed"})
    assert await faults(office, open_job) == '[["file", "cancelled"]]'
    assert await office.count("import_file") == 1
    async with office.store.transaction() as tx:
        await settlement.cancel(tx, SERVICE, ENDINGS, [bad], "a bug", "wang")
    assert await faults(office, bad) == '[["file", "cancelled"]]'
    assert await office.count("import_file") == 0


async def test_a_refused_file_fails_at_once_with_its_fault(office: Office) -> None:
    async with office.api.transaction(DISTRICT) as tx:
        file = uploaded(KEY, b"surname\na\n")
        job_id = await jobs.create(tx, DISTRICT, "names", "f.csv", file, "account:test")
    async with running(importing(office.store, KINDS, KEY, NOTHING_TO_PASS).run):
        await reach(office, {job_id: "failed"})
    assert "internal" not in await faults(office, job_id)
    assert await office.count("work") == 0

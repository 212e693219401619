"""The importer: import jobs as work. A job is taken in chunk by chunk, then waits until its events are published.

Invariant: a job's rows are taken in strictly in order, one transaction a chunk, and never before our own projections
have passed what the job may refer to. A job is completed only when Kafka has acknowledged its last event. A file that
is refused fails at once, with its faults; a job that fails in any other way is tried again, and after ``ATTEMPTS``
without a chunk between them it is ``failed`` with the code ``internal``. Its file is kept then, so that an operator can
have it tried again (``linbang <service> work retry``) or deleted (``work cancel``).

An import that waits (for our projections, or for Kafka to publish) holds nothing: its item says `Later`.

A dry run goes the same way, but for what its chunks leave out (``ImportJob.dry_run``): it puts nothing on file and
tells nobody, so it is completed with its last chunk.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Protocol

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports import job as jobs
from shared.imports import stored_file
from shared.imports.job import WORK, ImportKind, OpenJob
from shared.imports.lines import Opener
from shared.imports.reading import ImportFile
from shared.imports.rows import Row
from shared.ops.failpoint import reach
from shared.store.event_log import now
from shared.work.kind import (
    Batch,
    Done,
    End,
    Ended,
    Ending,
    Item,
    Later,
    Next,
    Outcome,
    Patience,
    WorkKind,
    in_transaction,
)

ATTEMPTS = 3
_COUNTED_ROWS = 50_000
PUBLICATION = "import_publication"
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=0.1), timedelta(seconds=1)
log = structlog.get_logger()


class Positions(Protocol):
    """Where topics end, and whether this service's projections have come that far."""

    async def ends_of(self, topics: Sequence[str]) -> Sequence[Any]:
        """Return where these topics end now, as JSON can hold it."""

    async def have_passed(self, tx: AsyncConnection, ends: Sequence[Any]) -> bool:
        """Return whether our projections are past these ends."""


def import_work(kinds: Mapping[str, ImportKind], file_key: bytes, positions: Positions) -> list[WorkKind]:
    """Return the kinds of work that imports of these kinds of files are: taking in, and awaiting publication."""
    importer = Importer(kinds, file_key, positions)
    return [
        WorkKind(name=WORK, run=importer.run, patience=Patience(attempts=ATTEMPTS, longest=60), slots=2),
        WorkKind(name=PUBLICATION, run=in_transaction(_complete_published), patience=Patience(), batch=100),
    ]


class Importer:
    """Takes in the files of one service."""

    def __init__(self, kinds: Mapping[str, ImportKind], file_key: bytes, positions: Positions) -> None:
        self._kinds = kinds
        self._file_key = file_key
        self._positions = positions

    async def run(self, batch: Batch) -> None:
        """Take in the one job of a batch, from where it is."""
        (item,) = batch.items
        async with batch.store.transaction() as tx:
            open_job = await jobs.load(tx, item.district, item.id)
            if open_job is None:
                await batch.conclude(tx, {item: Done()})
                return
        try:
            await self._take_in(batch, item, open_job)
        except RefusedError as refused:
            # Codes alone: a fault's field can quote the file's first line, which may be a person's.
            codes = [fault.code for fault in refused.faults]
            log.warning("import failed", import_id=str(item.id), kind=open_job.job.kind, codes=codes)
            async with batch.store.transaction() as tx:
                await jobs.fail(tx, item.district, item.id, refused.faults, file_key=self._file_key)
                await batch.conclude(tx, {item: Done()})

    async def _take_in(self, batch: Batch, item: Item, open_job: OpenJob) -> None:
        job, kind = open_job.job, self._kinds[open_job.job.kind]
        ends = item.payload.get("ends", [])
        if not await self._have_passed(batch, item, ends):
            return
        file = ImportFile(self._opener(batch, open_job), kind.columns)
        total = await self._count(batch, file.rows(), None)
        if kind.needs and not ends:
            ends = await self._positions.ends_of(kind.needs)
            if not await self._have_passed(batch, item, ends):
                return
        async with batch.store.transaction() as tx:
            await jobs.start(tx, job, total)
        rows = file.rows()
        done = await self._count(batch, rows, open_job.done)
        while chunk := await asyncio.to_thread(list, islice(rows, kind.chunk_rows)):
            batch.came_forward()
            async with batch.store.transaction() as tx:
                verdicts = await kind.chunk(tx, job, chunk)
                await jobs.advance(tx, job, item.claimed_at, done, verdicts)
                reach("import.before_commit")
            item.attempts = 1
            reach("import.after_chunk")
            done += len(chunk)
        async with batch.store.transaction() as tx:
            if kind.finish:
                await kind.finish(tx, job)
            if job.dry_run:
                await jobs.end_dry_run(tx, job)
                await batch.conclude(tx, {item: Done()})
                return
            last_position = await jobs.written(tx, job)
            await batch.conclude(tx, {item: Next(PUBLICATION, {"last_position": last_position})})
            reach("import.before_end")

    @staticmethod
    async def _count(batch: Batch, rows: Iterator[Row], most: int | None) -> int:
        """Go through rows, all of them or so many; return how many there were."""
        count, some = 0, islice(rows, most)
        while more := await asyncio.to_thread(_length, islice(some, _COUNTED_ROWS)):
            batch.came_forward()
            count += more
        return count

    def _opener(self, batch: Batch, open_job: OpenJob) -> Opener:
        job, pieces = open_job.job, open_job.pieces
        if pieces is None:
            return stored_file.opener_of_whole(self._file_key, open_job.first)
        return stored_file.opener(batch.store, self._file_key, job.district, job.id, pieces, open_job.first)

    async def _have_passed(self, batch: Batch, item: Item, ends: Sequence[Any]) -> bool:
        """Return whether our projections are past the ends that the topics had when the job first asked; else wait."""
        if not ends:
            return True
        async with batch.store.transaction() as tx:
            if await self._positions.have_passed(tx, ends):
                return True
            await batch.conclude(tx, {item: Later(_soon(item), {"ends": ends}, "projections_behind")})
        return False


def _length(rows: Iterator[Row]) -> int:
    return sum(1 for _ in rows)


async def _complete_published(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
    completed = await jobs.complete(tx, [(item.district, item.id, item.payload["last_position"]) for item in items])
    for item in items:
        if item.id in completed:
            log.info("import completed", import_id=str(item.id), district=item.district)
    return {item: Later(_soon(item), code="not_published") for item in items if item.id not in completed}


def _soon(item: Item) -> datetime:
    """Return when to look again: the longer an import takes, the less a moment more counts."""
    moment = now()
    return moment + min(max((moment - item.created_at) / 10, SHORTEST_WAIT), LONGEST_WAIT)


async def _end(tx: AsyncConnection, items: Sequence[Ended], end: End) -> None:
    """Let the jobs of items that will not be done, or not until an operator says so, be failed."""
    given_up = end is End.GIVEN_UP
    fault = Fault("file", Code.INTERNAL if given_up else Code.CANCELLED)
    for item in items:
        await jobs.fail(tx, item.district, item.id, [fault], keeps_file=given_up)


ENDINGS: Mapping[str, Ending] = {WORK: _end, PUBLICATION: _end}

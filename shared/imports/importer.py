"""The importer: works open import jobs off, one per district at a time.

Invariant: a job's rows are taken in strictly in order, one transaction a chunk, and never before our own projections
have passed what the job may refer to. A job is completed only when Kafka has acknowledged its last event.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import RefusedError
from shared.imports import job as jobs
from shared.imports.job import ImportJob, ImportKind, OpenJob
from shared.imports.reading import count_rows, read_rows
from shared.ops.failpoint import reach
from shared.ops.health import Heartbeat
from shared.store.engine import Store

IDLE_SECONDS = 0.2
log = structlog.get_logger()

PassEndOf = Callable[[Sequence[str], Callable[[], None]], Awaitable[None]]
"""Waits until this service's projections have passed the present end of the topics named, and says that it waits."""


class Importer:
    """Works off the import jobs of one service."""

    def __init__(self, store: Store, kinds: Mapping[str, ImportKind], file_key: bytes, pass_end_of: PassEndOf) -> None:
        self._store = store
        self._kinds = kinds
        self._file_key = file_key
        self._pass_end_of = pass_end_of

    async def run(self, heartbeat: Heartbeat) -> None:
        """Work until cancelled. Every exception but cancellation propagates: the job resumes at the next start."""
        while True:
            async with self._store.engine.connect() as session:
                await session.execution_options(isolation_level="AUTOCOMMIT")
                claimed = await jobs.claim(session)
                heartbeat.beat()
                if claimed:
                    try:
                        await self._work(claimed, heartbeat)
                    finally:
                        await jobs.release(session)
            if claimed is None:
                await asyncio.sleep(IDLE_SECONDS)

    async def _work(self, claimed: OpenJob, heartbeat: Heartbeat) -> None:
        job, last_position = claimed.job, claimed.last_position
        if claimed.state != "publishing":
            try:
                last_position = await self._take_in(claimed, heartbeat)
            except RefusedError as refused:
                # Codes alone: a fault's field can quote the file's first line, which may be a person's.
                codes = [fault.code for fault in refused.faults]
                log.warning("import failed", import_id=str(job.id), kind=job.kind, codes=codes)
                async with self._store.transaction() as tx:
                    await jobs.fail(tx, job, refused.faults)
                return
        await self._await_published(job, last_position or 0, heartbeat)
        log.info("import completed", import_id=str(job.id), kind=job.kind, district=job.district)

    async def _take_in(self, claimed: OpenJob, heartbeat: Heartbeat) -> int:
        job, kind = claimed.job, self._kinds[claimed.job.kind]
        content = jobs.open_file(self._file_key, claimed.content)
        total = await asyncio.to_thread(count_rows, content, kind.columns)
        await self._pass_end_of(kind.needs, heartbeat.beat)
        async with self._store.transaction() as tx:
            await jobs.start(tx, job, total)
        rows = read_rows(content, kind.columns)
        done = len(await asyncio.to_thread(list, islice(rows, claimed.done)))
        while chunk := await asyncio.to_thread(list, islice(rows, kind.chunk_rows)):
            heartbeat.beat()
            async with self._store.transaction() as tx:
                verdicts = await kind.chunk(tx, job, chunk)
                await jobs.advance(tx, job, done, verdicts)
                reach("import.before_commit")
            reach("import.after_chunk")
            done += len(chunk)
        async with self._store.transaction() as tx:
            return await self._finish(tx, job, kind)

    async def _finish(self, tx: AsyncConnection, job: ImportJob, kind: ImportKind) -> int:
        if kind.finish:
            await kind.finish(tx, job)
        return await jobs.written(tx, job)

    async def _await_published(self, job: ImportJob, last_position: int, heartbeat: Heartbeat) -> None:
        while True:
            heartbeat.beat()
            async with self._store.transaction() as tx:
                if await jobs.complete(tx, job, last_position):
                    return
            await asyncio.sleep(IDLE_SECONDS)

"""An import as a durable job: waiting, running chunk by chunk, publishing, completed (or failed).

Invariant: a job has an item of work from the transaction that stores its file. A chunk's rows, events, verdicts and
the job's progress commit together, and ``advance`` moves the progress only from the line it was at (``WHERE done =
:done``) and only for whoever has the claim. A crash resumes at the next chunk; nothing is lost or doubled.
"""

import base64
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Fault
from shared.imports import stored_file
from shared.imports.columns import Columns
from shared.imports.rows import Outcome, Row, Verdict
from shared.imports.stored_file import Upload
from shared.store.key_check import SealingKey
from shared.work.kind import NewWork
from shared.work.queue import PROGRESS, ClaimLostError, schedule


@dataclass(frozen=True, slots=True)
class ImportJob:
    """The job that a chunk belongs to."""

    id: UUID
    district: str
    kind: str
    requested_by: str
    """The account that uploaded the file, as ``account:<id>``."""
    dry_run: bool = False
    """Whether it only says what would come of it: verdicts are given, and nothing is put on file or told."""


Chunk = Callable[[AsyncConnection, ImportJob, Sequence[Row]], Awaitable[list[Verdict]]]
Finish = Callable[[AsyncConnection, ImportJob], Awaitable[None]]


@dataclass(frozen=True)
class ImportKind:
    """One kind of file that a service takes in."""

    columns: Columns
    chunk: Chunk
    """Takes in one chunk inside its transaction; returns a verdict per row, in order. Of a dry run it only decides."""
    roles: tuple[str, ...]
    """Who may upload it."""
    finish: Finish | None = None
    """Runs in the transaction that ends the job's writing, a dry run's too."""
    needs: tuple[str, ...] = ()
    """Topics whose end, as it is when the job starts, our own projections must have passed: only then is a reference
    that is not on file unknown."""
    chunk_rows: int = 5000


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job as the importer picks it up."""

    job: ImportJob
    done: int
    pieces: int | None
    """None of a file that the release before has stored, in one."""
    first: bytes
    """The first piece of the file, sealed."""


WORK = "import"
"""The kind of a job's item of work, which has the job's id; and its lane: one import a district at a time."""
_CREATE = text("""
    INSERT INTO import_job (district, id, kind, file_name, pieces, dry_run, requested_by, state)
    VALUES (:district, :id, :kind, :file_name, :pieces, :dry_run, :requested_by, 'waiting')
""")


async def create(
    connection: AsyncConnection,
    district: str,
    kind: str,
    file_name: str,
    upload: Upload,
    requested_by: str,
    *,
    dry_run: bool = False,
) -> UUID:
    """Make a job of an uploaded file and return its id."""
    last = upload.pieces - 1
    await stored_file.store_piece(connection, district, upload.import_id, last, upload.last)
    await connection.execute(
        _CREATE,
        {
            "district": district,
            "id": upload.import_id,
            "kind": kind,
            "file_name": file_name,
            "pieces": upload.pieces,
            "dry_run": dry_run,
            "requested_by": requested_by,
        },
    )
    await schedule(connection, [NewWork(district=district, kind=WORK, lane=WORK, id=upload.import_id)])
    return upload.import_id


_WAITING = text("""
    SELECT import_id, piece, sealed FROM import_file
    UNION ALL SELECT id, NULL, content FROM import_job WHERE content IS NOT NULL LIMIT 1
""")


def file_key(service: str, encoded: str) -> SealingKey:
    """Return the key of a service's files, given in base64, as what is on file can be held against it."""
    key = base64.b64decode(encoded)

    async def waits(tx: AsyncConnection) -> bool:
        return (await tx.execute(_WAITING)).one_or_none() is not None

    async def opens(tx: AsyncConnection) -> bool:
        waiting = (await tx.execute(_WAITING)).one_or_none()
        return waiting is None or stored_file.opens(key, waiting.import_id, waiting.piece, waiting.sealed)

    return SealingKey(setting=f"{service.upper()}_FILE_KEY", value=key, in_use=waits, opens=opens)


_LOAD = text("""
    SELECT j.district, j.id, j.kind, j.requested_by, j.dry_run, j.done, j.pieces, coalesce(f.sealed, j.content) AS first
    FROM import_job j
    LEFT JOIN import_file f ON f.district = j.district AND f.import_id = j.id AND f.piece = 0
    WHERE j.district = :district AND j.id = :id AND coalesce(f.sealed, j.content) IS NOT NULL
""")


async def load(connection: AsyncConnection, district: str, job_id: UUID) -> OpenJob | None:
    """Return a job with the start of its file, or None where it has ended and the file is deleted."""
    row = (await connection.execute(_LOAD, {"district": district, "id": job_id})).one_or_none()
    if row is None:
        return None
    job = ImportJob(row.id, row.district, row.kind, row.requested_by, row.dry_run)
    return OpenJob(job, row.done, row.pieces, row.first)


_START = text("""
    UPDATE import_job SET state = 'running', total = :total, fault = NULL, completed_at = NULL
    WHERE district = :district AND id = :id
""")
_ADVANCE = text(f"""
    WITH claimed AS ({PROGRESS}), job AS (
        UPDATE import_job SET done = done + :rows, accepted = accepted + :accepted,
                              normalised = normalised + :normalised, unchanged = unchanged + :unchanged,
                              rejected = rejected + :rejected, changed = changed + :changed
        WHERE (district, id) IN (SELECT district, id FROM claimed) AND done = :done
        RETURNING district, id
    )
    INSERT INTO import_verdict (district, import_id, first_line, verdicts)
    SELECT district, id, :first_line, CAST(:verdicts AS json) FROM job
""")
_WRITTEN = text("""
    UPDATE import_job SET state = 'publishing', last_position = (SELECT last_value FROM event_log_position_seq)
    WHERE district = :district AND id = :id
    RETURNING last_position
""")
_COMPLETE = text("""
    WITH ended AS (
        UPDATE import_job j SET state = 'completed', content = NULL, completed_at = clock_timestamp()
        FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:last_position AS bigint[]))
             AS p(district, id, last_position)
        WHERE j.district = p.district AND j.id = p.id
          AND NOT EXISTS (SELECT FROM outbox o WHERE o.position <= p.last_position)
        RETURNING j.district, j.id
    ), gone AS (
        DELETE FROM import_file f USING ended e WHERE f.district = e.district AND f.import_id = e.id
    )
    SELECT id FROM ended
""")
_END_DRY_RUN = text("""
    WITH gone AS (DELETE FROM import_file WHERE district = :district AND import_id = :id)
    UPDATE import_job SET state = 'completed', completed_at = clock_timestamp()
    WHERE district = :district AND id = :id
""")
_FAIL = text("""
    WITH gone AS (
        DELETE FROM import_file WHERE district = :district AND import_id = :id AND NOT :keeps_file
    )
    UPDATE import_job SET state = 'failed', completed_at = clock_timestamp(), fault = :fault,
                          content = CASE WHEN :keeps_file THEN content END
    WHERE district = :district AND id = :id
""")


async def start(connection: AsyncConnection, job: ImportJob, total: int) -> None:
    """Note how many rows there are and that the work has begun."""
    await connection.execute(_START, {"district": job.district, "id": job.id, "total": total})


async def advance(
    connection: AsyncConnection, job: ImportJob, claimed_at: datetime, done: int, verdicts: Sequence[Verdict]
) -> None:
    """Store a chunk's verdicts and move the job from ``done`` rows on.

    Raises ClaimLostError where the job is not there, or its work is not ours any more.
    """
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    stored = await connection.execute(
        _ADVANCE,
        {
            "district": job.district,
            "id": job.id,
            "claimed_at": claimed_at,
            "done": done,
            "rows": len(verdicts),
            **{outcome.value: outcomes[outcome] for outcome in Outcome},
            "changed": sum(verdict.changed for verdict in verdicts),
            "first_line": verdicts[0].line,
            "verdicts": json.dumps([_stored(verdict) for verdict in verdicts]),
        },
    )
    if stored.rowcount != 1:
        raise ClaimLostError


def _stored(verdict: Verdict) -> list[object]:
    """Return a verdict as the report reads it; a fifth item, the fields that changed, is there where any did."""
    stored: list[object] = [verdict.line, verdict.outcome, verdict.field, verdict.code]
    return [*stored, verdict.changed_fields] if verdict.changed else stored


async def end_dry_run(connection: AsyncConnection, job: ImportJob) -> None:
    """End a dry run; it has nothing to publish, and its file goes."""
    await connection.execute(_END_DRY_RUN, {"district": job.district, "id": job.id})


async def written(connection: AsyncConnection, job: ImportJob) -> int:
    """Note that every row is in; return the position up to which Kafka has yet to acknowledge the events."""
    position: int = (await connection.execute(_WRITTEN, {"district": job.district, "id": job.id})).scalar_one()
    return position


async def complete(connection: AsyncConnection, positions: Sequence[tuple[str, UUID, int]]) -> set[UUID]:
    """End the jobs (district, id, last position) all of whose events are out; return their ids. Their files go."""
    ended = await connection.execute(
        _COMPLETE,
        {
            "district": [district for district, _, _ in positions],
            "id": [job_id for _, job_id, _ in positions],
            "last_position": [position for _, _, position in positions],
        },
    )
    return set(ended.scalars())


async def fail(
    connection: AsyncConnection,
    district: str,
    job_id: UUID,
    faults: Sequence[Fault],
    *,
    file_key: bytes = b"",
    keeps_file: bool = False,
) -> None:
    """End a job whose file is not taken in, and say why. ``keeps_file``: an operator can still have it tried again.

    What faults quote of the file is kept under ``file_key``, as the file was.
    """
    fault = json.dumps([
        [each.field, each.code, *([stored_file.seal_found(file_key, job_id, each.other)] if each.other else [])]
        for each in faults
    ])  # fmt: skip
    await connection.execute(_FAIL, {"district": district, "id": job_id, "fault": fault, "keeps_file": keeps_file})

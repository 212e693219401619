"""An import as a durable job: waiting, running chunk by chunk, publishing, completed (or failed).

Invariant: a chunk's rows, events, verdicts and the job's progress commit together, and ``advance`` moves the progress
only from the line it was at: ``WHERE done = :done``. A crash resumes at the next chunk; nothing is lost or doubled.
"""

import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Fault
from shared.imports.rows import Outcome, Row, Verdict
from shared.store.event_log import new_id


@dataclass(frozen=True, slots=True)
class ImportJob:
    """The job that a chunk belongs to."""

    id: UUID
    district: str
    kind: str
    requested_by: str
    """The account that uploaded the file, as ``account:<id>``."""


Chunk = Callable[[AsyncConnection, ImportJob, Sequence[Row]], Awaitable[list[Verdict]]]
Finish = Callable[[AsyncConnection, ImportJob], Awaitable[None]]


@dataclass(frozen=True)
class ImportKind:
    """One kind of file that a service takes in."""

    columns: Mapping[str, str]
    """Header as written in files -> our field name."""
    chunk: Chunk
    """Takes in one chunk inside its transaction; returns a verdict per row, in order."""
    roles: tuple[str, ...]
    """Who may upload it."""
    finish: Finish | None = None
    """Runs in the transaction that ends the job's writing."""
    needs: tuple[str, ...] = ()
    """Topics whose end, as it is when the job starts, our own projections must have passed: only then is a reference
    that is not on file unknown."""
    chunk_rows: int = 5000


@dataclass(frozen=True, slots=True)
class OpenJob:
    """A job as the importer picks it up."""

    job: ImportJob
    state: str
    content: bytes
    done: int
    last_position: int | None


_CREATE = text("""
    INSERT INTO import_job (district, id, kind, file_name, content, requested_by, state)
    VALUES (:district, :id, :kind, :file_name, :content, :requested_by, 'waiting')
""")


async def create(
    connection: AsyncConnection, district: str, kind: str, file_name: str, sealed: bytes, requested_by: str
) -> UUID:
    """Store an uploaded file as a job and return its id. ``sealed`` comes from ``seal_file``."""
    job_id = new_id()
    await connection.execute(
        _CREATE,
        {
            "district": district,
            "id": job_id,
            "kind": kind,
            "file_name": file_name,
            "content": sealed,
            "requested_by": requested_by,
        },
    )
    return job_id


def seal_file(key: bytes, content: bytes) -> bytes:
    """Encrypt an uploaded file while it waits: it may hold personal data. It is deleted when the job has ended."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def open_file(key: bytes, sealed: bytes) -> bytes:
    """Decrypt what ``seal_file`` sealed."""
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)


_OPEN = text("""
    SELECT district, id, kind, requested_by, state, done, last_position
    FROM import_job WHERE state NOT IN ('completed', 'failed') ORDER BY created_at
""")
_CONTENT = text("SELECT content FROM import_job WHERE district = :district AND id = :id")
_TRY_LOCK = text("SELECT pg_try_advisory_lock(hashtextextended('import:' || :district, 0))")


async def claim(connection: AsyncConnection) -> OpenJob | None:
    """Take the oldest open job whose district nobody else imports for, or None.

    The session lock stays with ``connection`` until ``release``, or until the process dies.
    """
    for row in (await connection.execute(_OPEN)).mappings():
        if await connection.scalar(_TRY_LOCK, {"district": row["district"]}):
            content = await connection.scalar(_CONTENT, {"district": row["district"], "id": row["id"]})
            return _open_job(row, content)
    return None


def _open_job(row: RowMapping, content: bytes) -> OpenJob:
    job = ImportJob(row["id"], row["district"], row["kind"], row["requested_by"])
    return OpenJob(job, row["state"], content, row["done"], row["last_position"])


async def release(connection: AsyncConnection) -> None:
    """Let other importers take this district's jobs."""
    await connection.execute(text("SELECT pg_advisory_unlock_all()"))


_START = text("UPDATE import_job SET state = 'running', total = :total WHERE district = :district AND id = :id")
_ADVANCE = text("""
    WITH job AS (
        UPDATE import_job SET done = done + :rows, accepted = accepted + :accepted,
                              normalised = normalised + :normalised, unchanged = unchanged + :unchanged,
                              rejected = rejected + :rejected
        WHERE district = :district AND id = :id AND done = :done
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
    UPDATE import_job SET state = 'completed', content = NULL, completed_at = clock_timestamp()
    WHERE district = :district AND id = :id AND NOT EXISTS (SELECT FROM outbox WHERE position <= :last_position)
""")
_FAIL = text("""
    UPDATE import_job SET state = 'failed', content = NULL, completed_at = clock_timestamp(), fault = :fault
    WHERE district = :district AND id = :id
""")


class TakenOverError(Exception):
    """Another importer has moved the job on; what this one did is rolled back."""


async def start(connection: AsyncConnection, job: ImportJob, total: int) -> None:
    """Note how many rows there are and that the work has begun."""
    await connection.execute(_START, {"district": job.district, "id": job.id, "total": total})


async def advance(connection: AsyncConnection, job: ImportJob, done: int, verdicts: Sequence[Verdict]) -> None:
    """Store a chunk's verdicts and move the job from ``done`` rows on. Raises TakenOverError where it is not there."""
    outcomes = Counter(verdict.outcome for verdict in verdicts)
    stored = await connection.execute(
        _ADVANCE,
        {
            "district": job.district,
            "id": job.id,
            "done": done,
            "rows": len(verdicts),
            **{outcome.value: outcomes[outcome] for outcome in Outcome},
            "first_line": verdicts[0].line,
            "verdicts": json.dumps([[v.line, v.outcome, v.field, v.code] for v in verdicts]),
        },
    )
    if stored.rowcount != 1:
        raise TakenOverError


async def written(connection: AsyncConnection, job: ImportJob) -> int:
    """Note that every row is in; return the position up to which Kafka has yet to acknowledge the events."""
    position: int = (await connection.execute(_WRITTEN, {"district": job.district, "id": job.id})).scalar_one()
    return position


async def complete(connection: AsyncConnection, job: ImportJob, last_position: int) -> bool:
    """End the job and delete the file, if all of its events are out; return whether they are."""
    done = await connection.execute(_COMPLETE, {"district": job.district, "id": job.id, "last_position": last_position})
    return done.rowcount == 1


async def fail(connection: AsyncConnection, job: ImportJob, faults: Sequence[Fault]) -> None:
    """End a job whose file cannot be taken in at all, and say why."""
    fault = json.dumps([[fault.field, fault.code] for fault in faults])
    await connection.execute(_FAIL, {"district": job.district, "id": job.id, "fault": fault})

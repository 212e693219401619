"""An import as a durable job: waiting, running chunk by chunk, publishing, completed (or failed).

Invariant: a job has an item of work from the transaction that stores its file. A chunk's rows, events, verdicts and
the job's progress commit together, and ``advance`` moves the progress only from the line it was at (``WHERE done =
:done``) and only for whoever has the claim. A crash resumes at the next chunk; nothing is lost or doubled.
"""

import base64
import json
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.faults import Fault
from shared.imports.rows import Outcome, Row, Verdict
from shared.store.event_log import new_id
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
    content: bytes
    done: int


WORK = "import"
"""The kind of a job's item of work, which has the job's id; and its lane: one import a district at a time."""
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
    await schedule(connection, [NewWork(district=district, kind=WORK, lane=WORK, id=job_id)])
    return job_id


def seal_file(key: bytes, content: bytes) -> bytes:
    """Encrypt an uploaded file while it waits: it may hold personal data. It is deleted when the job has ended."""
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, content, None)


def open_file(key: bytes, sealed: bytes) -> bytes:
    """Decrypt what ``seal_file`` sealed."""
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], None)


_WAITING = text("SELECT content FROM import_job WHERE content IS NOT NULL LIMIT 1")


def file_key(service: str, encoded: str) -> SealingKey:
    """Return the key of a service's files, given in base64, as what is on file can be held against it."""
    key = base64.b64decode(encoded)

    async def waits(tx: AsyncConnection) -> bool:
        return await tx.scalar(_WAITING) is not None

    async def opens(tx: AsyncConnection) -> bool:
        sealed = await tx.scalar(_WAITING)
        try:
            return sealed is None or bool(open_file(key, sealed) or True)
        except InvalidTag:
            return False

    return SealingKey(setting=f"{service.upper()}_FILE_KEY", value=key, in_use=waits, opens=opens)


_LOAD = text("""
    SELECT district, id, kind, requested_by, content, done FROM import_job
    WHERE district = :district AND id = :id AND content IS NOT NULL
""")


async def load(connection: AsyncConnection, district: str, job_id: UUID) -> OpenJob | None:
    """Return a job with its file, or None where it has ended and the file is deleted."""
    row = (await connection.execute(_LOAD, {"district": district, "id": job_id})).one_or_none()
    if row is None:
        return None
    return OpenJob(ImportJob(row.id, row.district, row.kind, row.requested_by), row.content, row.done)


_START = text("""
    UPDATE import_job SET state = 'running', total = :total, fault = NULL, completed_at = NULL
    WHERE district = :district AND id = :id
""")
_ADVANCE = text(f"""
    WITH claimed AS ({PROGRESS}), job AS (
        UPDATE import_job SET done = done + :rows, accepted = accepted + :accepted,
                              normalised = normalised + :normalised, unchanged = unchanged + :unchanged,
                              rejected = rejected + :rejected
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
    UPDATE import_job j SET state = 'completed', content = NULL, completed_at = clock_timestamp()
    FROM unnest(CAST(:district AS text[]), CAST(:id AS uuid[]), CAST(:last_position AS bigint[]))
         AS p(district, id, last_position)
    WHERE j.district = p.district AND j.id = p.id
      AND NOT EXISTS (SELECT FROM outbox o WHERE o.position <= p.last_position)
    RETURNING j.id
""")
_FAIL = text("""
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
            "first_line": verdicts[0].line,
            "verdicts": json.dumps([[v.line, v.outcome, v.field, v.code] for v in verdicts]),
        },
    )
    if stored.rowcount != 1:
        raise ClaimLostError


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
    connection: AsyncConnection, district: str, job_id: UUID, faults: Sequence[Fault], *, keeps_file: bool = False
) -> None:
    """End a job whose file is not taken in, and say why. ``keeps_file``: an operator can still have it tried again."""
    fault = json.dumps([[fault.field, fault.code] for fault in faults])
    await connection.execute(_FAIL, {"district": district, "id": job_id, "fault": fault, "keeps_file": keeps_file})

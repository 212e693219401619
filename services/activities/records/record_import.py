"""Importing past service records, a chunk of lines at a time.

Invariant: a chunk is a constant number of statements, and holds the district's lock, so that the overlap check is
exact against check-outs that happen meanwhile.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records import repository as records
from services.activities.records import trial
from services.activities.records.domain import EARLIEST, RecordBook, ServiceRecord, SubmittedRecord, read_record
from services.activities.records.repository import Origin
from services.activities.register import repository as register
from shared.contracts import Provenance, ServiceRecordsImported, StationRegistered, VolunteerRegistered
from shared.contracts.actor import Role
from shared.contracts.faults import Fault, RefusedError
from shared.imports.columns import Columns, Holds
from shared.imports.job import ImportJob, ImportKind
from shared.imports.rows import Outcome, Row, Verdict
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

COLUMNS = {
    "记录编号": "record_no",
    "志愿者编号": "volunteer_no",
    "服务站": "station_code",
    "活动名称": "activity",
    "服务类别": "service",
    "开始时间": "started_at",
    "结束时间": "ended_at",
    "分钟数": "minutes",
    "服务对象评分": "recipient_rating",
}
"""Chinese header -> field; the English header is the field's name."""
HOLDS = {
    "started_at": Holds.MOMENT,
    "ended_at": Holds.MOMENT,
    "minutes": Holds.NUMBER,
    "recipient_rating": Holds.NUMBER,
}


async def import_chunk(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    """Take in one chunk; return a verdict for each row, in order. A dry run only remembers what it would take in."""
    lines = _read(rows)
    book = await _open_book(tx, job, [line for line in lines if isinstance(line, SubmittedRecord)])
    accepted: list[ServiceRecord] = []
    verdicts = [_enter(book, row, line, accepted) for row, line in zip(rows, lines, strict=True)]
    if accepted and job.dry_run:
        await trial.remember(tx, job.district, job.id, accepted)
    elif accepted:
        await _record(tx, job, accepted)
    return verdicts


async def finish_import(tx: AsyncConnection, job: ImportJob) -> None:
    """Tell that the import is complete, whatever it brought in. Of a dry run nothing is told, and nothing is left."""
    if job.dry_run:
        await trial.forget(tx, job.district)
        return
    count, minutes = await records.count_imported(tx, job.district, job.id, 0, 0)
    event = ServiceRecordsImported(import_id=job.id, records=count, minutes=minutes)
    await event_log.append(tx, [NewEvent(job.district, job.id, 1, event, f"import:{job.id}")])


def _read(rows: Sequence[Row]) -> list[SubmittedRecord | Fault]:
    """Read each row on its own: a record whose references are yet to be looked up, or its first fault."""
    moment = now()
    lines: list[SubmittedRecord | Fault] = []
    for row in rows:
        try:
            lines.append(row.fault or read_record(row.values, moment))
        except RefusedError as refused:
            lines.append(refused.faults[0])
    return lines


async def _open_book(tx: AsyncConnection, job: ImportJob, lines: Sequence[SubmittedRecord]) -> RecordBook:
    """Look up whom, where and what the lines name, once no other writer can change it."""
    district = job.district
    await records.lock_district(tx, district)
    volunteers = await register.volunteers_by_number(tx, district, {line.volunteer_no for line in lines})
    stations = await register.stations_by_code(tx, district, {line.station_code for line in lines})
    numbers = {line.record_no for line in lines}
    after = min((line.started_at for line in lines), default=EARLIEST)
    before = max((line.ended_at for line in lines), default=EARLIEST)
    digests = await records.digests(tx, district, numbers)
    sessions = await records.sessions(tx, district, volunteers.values(), after, before)
    if job.dry_run:
        digests |= await trial.digests(tx, district, job.id, numbers)
        sessions += await trial.sessions(tx, district, job.id, volunteers.values(), after, before)
    return RecordBook(volunteers, stations, digests, sessions)


def _enter(book: RecordBook, row: Row, line: SubmittedRecord | Fault, accepted: list[ServiceRecord]) -> Verdict:
    """Enter one line into the book; add it to ``accepted`` where it is new."""
    if isinstance(line, Fault):
        return Verdict.rejected(row.line, line)
    try:
        record = book.enter(line)
    except RefusedError as refused:
        return Verdict.rejected(row.line, refused.faults[0])
    if record is None:
        return Verdict(row.line, Outcome.UNCHANGED)
    accepted.append(record)
    return Verdict(row.line, Outcome.NORMALISED if line.normalised or row.normalised else Outcome.ACCEPTED)


async def _record(tx: AsyncConnection, job: ImportJob, accepted: Sequence[ServiceRecord]) -> None:
    """Put the new records on file, with their events, as sets."""
    ids = [new_id() for _ in accepted]
    await records.insert_records(tx, job.district, ids, accepted, Origin(Provenance.IMPORT, import_id=job.id))
    await records.count_imported(tx, job.district, job.id, len(accepted), sum(record.minutes for record in accepted))
    caused_by, moment = f"import:{job.id}", now()
    await event_log.append(
        tx,
        [
            NewEvent(job.district, record_id, 1, record.logged(record_id, Provenance.IMPORT, job.id), caused_by, moment)
            for record_id, record in zip(ids, accepted, strict=True)
        ],
    )


SERVICE_RECORDS = ImportKind(
    columns=Columns({**COLUMNS, **{field: field for field in COLUMNS.values()}}, HOLDS),
    chunk=import_chunk,
    roles=(Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.OPERATOR),
    finish=finish_import,
    needs=(VolunteerRegistered.topic, StationRegistered.topic),
)
"""The kind of file, for ``POST /v1/imports/service-records``."""

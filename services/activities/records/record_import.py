"""Importing past service records, a chunk of lines at a time.

Invariant: a chunk is a constant number of statements, and holds the district's lock, so that the overlap check is
exact against check-outs that happen meanwhile.
"""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.activities.records import repository as records
from services.activities.records.domain import EARLIEST, RecordBook, ServiceRecord, SubmittedRecord, read_record
from services.activities.records.repository import Origin
from services.activities.register import repository as register
from shared.contracts import Provenance, ServiceRecordsImported, StationRegistered, VolunteerRegistered
from shared.contracts.actor import Role
from shared.contracts.faults import Fault, RefusedError
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


async def import_chunk(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    """Take in one chunk; return a verdict for each row, in order."""
    lines = _read(rows)
    book = await _open_book(tx, job.district, [line for line in lines if isinstance(line, SubmittedRecord)])
    accepted: list[ServiceRecord] = []
    verdicts = [_enter(book, row.line, line, accepted) for row, line in zip(rows, lines, strict=True)]
    if accepted:
        await _record(tx, job, accepted)
    return verdicts


async def finish_import(tx: AsyncConnection, job: ImportJob) -> None:
    """Tell that the import is complete, whatever it brought in."""
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


async def _open_book(tx: AsyncConnection, district: str, lines: Sequence[SubmittedRecord]) -> RecordBook:
    """Look up whom, where and what the lines name, once no other writer can change it."""
    await records.lock_district(tx, district)
    volunteers = await register.volunteers_by_number(tx, district, {line.volunteer_no for line in lines})
    return RecordBook(
        volunteers,
        await register.stations_by_code(tx, district, {line.station_code for line in lines}),
        await records.digests(tx, district, {line.record_no for line in lines}),
        await records.sessions(
            tx,
            district,
            volunteers.values(),
            min((line.started_at for line in lines), default=EARLIEST),
            max((line.ended_at for line in lines), default=EARLIEST),
        ),
    )


def _enter(book: RecordBook, number: int, line: SubmittedRecord | Fault, accepted: list[ServiceRecord]) -> Verdict:
    """Enter one line into the book; add it to ``accepted`` where it is new."""
    if isinstance(line, Fault):
        return Verdict.rejected(number, line)
    try:
        record = book.enter(line)
    except RefusedError as refused:
        return Verdict.rejected(number, refused.faults[0])
    if record is None:
        return Verdict(number, Outcome.UNCHANGED)
    accepted.append(record)
    return Verdict(number, Outcome.NORMALISED if line.normalised else Outcome.ACCEPTED)


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
    columns={**COLUMNS, **{field: field for field in COLUMNS.values()}},
    chunk=import_chunk,
    roles=(Role.STATION_MANAGER, Role.DISTRICT_ADMIN, Role.OPERATOR),
    finish=finish_import,
    needs=(VolunteerRegistered.topic, StationRegistered.topic),
)
"""The kind of file, for ``POST /v1/imports/service-records``."""

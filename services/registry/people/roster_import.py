"""Importing a roster: a chunk of lines is checked, decided, encrypted and written as sets.

Invariant: the number of statements does not depend on the number of lines; tests count them.
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository as volunteers
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.roster import Entry, decide
from services.registry.people.domain.volunteer import References, check, serial_after_file
from services.registry.people.enrolment import Origin, prepare
from shared.contracts import RegistrationSource
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.imports.job import ImportJob, ImportKind
from shared.imports.rows import Row, Verdict
from shared.store.event_log import now

COLUMNS = {
    "志愿者编号": "number",
    "姓名": "name",
    "性别": "gender",
    "身份证号": "id_number",
    "手机号码": "phone",
    "电子邮箱": "email",
    "人员类别": "category",
    "所属组织": "organisation",
    "所属服务队": "team",
    "特长": "skills",
    "服务意向": "services",
    "居住社区": "community",
    "注册日期": "registered_on",
}


def import_kind(keys: KeyRing) -> ImportKind:
    """Return how a roster is taken in."""
    return ImportKind(
        columns=COLUMNS | {field: field for field in COLUMNS.values()},
        chunk=partial(take_in, keys),
        finish=_finish,
        roles=(Role.DISTRICT_ADMIN, Role.OPERATOR),
    )


async def take_in(keys: KeyRing, tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    """Take in one chunk of a roster; return a verdict per row. Raises RefusedError where the district is not open."""
    last_serial = await volunteers.lock_district(tx, job.district)
    references = await volunteers.references(tx, job.district)
    lines = await asyncio.to_thread(_read, keys, references, district_day(now()), rows)
    entries = [line for line in lines if isinstance(line, Entry)]
    on_file = await volunteers.on_file(tx, job.district, entries)
    seen = await volunteers.seen(tx, job.district, job.id, entries)
    decision = decide(lines, on_file, seen)
    origin = Origin(job.district, f"import:{job.id}", RegistrationSource.IMPORT, import_id=job.id)
    enrolment = await asyncio.to_thread(prepare, keys, origin, decision.registered, decision.changed)
    await enrolment.write(tx)
    await volunteers.remember(tx, job.district, job.id, decision.taken)
    numbers = (entry.volunteer.number for entry in decision.registered)
    await volunteers.raise_serial(tx, job.district, serial_after_file(job.district, numbers, last_serial))
    return decision.verdicts


async def _finish(tx: AsyncConnection, job: ImportJob) -> None:
    await volunteers.forget(tx, job.district)


def _read(keys: KeyRing, references: References, today: date, rows: Sequence[Row]) -> list[Entry | Verdict]:
    lines: list[Entry | Verdict] = []
    for row in rows:
        if row.fault is not None:
            lines.append(Verdict.rejected(row.line, row.fault))
            continue
        checked = check(row.values, references, today)
        if checked.volunteer is None:
            lines.append(Verdict.rejected(row.line, checked.faults[0]))
        else:
            lines.append(keys.entry(row.line, checked.volunteer, normalised=checked.normalised))
    return lines

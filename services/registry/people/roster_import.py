"""Importing a roster: a chunk of lines is checked, decided, encrypted and written as sets.

Invariant: the number of statements does not depend on the number of lines; tests count them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people import repository as volunteers
from services.registry.people.domain.privacy import KeyRing
from services.registry.people.domain.roster import Decision, Entry, decide
from services.registry.people.domain.volunteer import References, Volunteer, check, serial_after_file
from services.registry.people.enrolment import Origin, prepare
from shared.contracts import RegistrationSource
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.imports.columns import Columns, Holds
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
OF_OTHER_PAPERS = {"证件类型": "document", "出生日期": "born_on"}
"""A file need not have them: without a kind a number is a resident ID's, and says when somebody was born."""
HOLDS = {"id_number": Holds.ID_NUMBER, "registered_on": Holds.DAY, "born_on": Holds.DAY}
_HEADERS = COLUMNS | OF_OTHER_PAPERS


def import_kind(keys: KeyRing) -> ImportKind:
    """Return how a roster is taken in."""
    return ImportKind(
        columns=Columns(
            _HEADERS | {field: field for field in _HEADERS.values()}, HOLDS, frozenset(OF_OTHER_PAPERS.values())
        ),
        chunk=partial(take_in, keys),
        finish=_finish,
        roles=(Role.DISTRICT_ADMIN, Role.OPERATOR),
    )


async def take_in(keys: KeyRing, tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    """Take in one chunk of a roster; return a verdict per row. Raises RefusedError where the district is not open.

    A dry run decides in the same way, and remembers its lines for the chunks after it; then it stops.
    """
    last_serial = await volunteers.lock_district(tx, job.district)
    references = await volunteers.references(tx, job.district)
    lines = await asyncio.to_thread(_read, keys, references, district_day(now()), rows)
    entries = [line for line in lines if isinstance(line, Entry)]
    on_file = await volunteers.on_file(tx, job.district, entries)
    seen = await volunteers.seen(tx, job.district, job.id, entries)
    decision = decide(lines, on_file, seen)
    verdicts = await _with_changes(keys, tx, job, decision)
    if job.dry_run:
        await volunteers.remember(tx, job.district, job.id, decision.taken)
        return verdicts
    origin = Origin(job.district, f"import:{job.id}", RegistrationSource.IMPORT, import_id=job.id)
    enrolment = await asyncio.to_thread(prepare, keys, origin, decision.registered, decision.changed)
    await enrolment.write(tx)
    await volunteers.remember(tx, job.district, job.id, decision.taken)
    numbers = (entry.volunteer.number for entry in decision.registered)
    await volunteers.raise_serial(tx, job.district, serial_after_file(job.district, numbers, last_serial))
    return verdicts


async def _with_changes(keys: KeyRing, tx: AsyncConnection, job: ImportJob, decision: Decision) -> list[Verdict]:
    """Return the verdicts with what they change; which fields that are is told by a dry run alone."""
    fields: dict[int, tuple[str, ...]] = {entry.line: () for _, entry in decision.changed}
    if job.dry_run:
        before = await volunteers.several_in_full(tx, keys, job.district, [known.id for known, _ in decision.changed])
        fields = {entry.line: _differing(before[known.id], entry.volunteer) for known, entry in decision.changed}
    return [
        replace(verdict, changed=True, changed_fields=fields[verdict.line]) if verdict.line in fields else verdict
        for verdict in decision.verdicts
    ]


def _differing(before: Volunteer, after: Volunteer) -> tuple[str, ...]:
    """Return the columns of a roster that say something else than what is on file."""
    return tuple(
        field
        for field in _HEADERS.values()
        if getattr(before, _ATTRIBUTES.get(field, field)) != getattr(after, _ATTRIBUTES.get(field, field))
    )


_ATTRIBUTES = {"organisation": "organisation_id", "team": "team_id"}


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
            normalised = checked.normalised or row.normalised
            lines.append(keys.entry(row.line, checked.volunteer, normalised=normalised))
    return lines

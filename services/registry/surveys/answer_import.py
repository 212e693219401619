"""Importing answers to surveys of needs: a line is a sheet, as a station or somebody who went from door to door has it.

Invariant: a sheet is known by its survey and its number, so a file that is imported again changes nothing; one that was
taken back does not come back with a file.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Row as FoundRow
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.places.domain.fields import Fields
from services.registry.places.domain.reference import headcounts
from services.registry.surveys import repository
from services.registry.surveys.domain import MOST_ANSWERED, Answer, answer_faults, takes_answers
from services.registry.surveys.repository import SheetKey
from shared.contracts import text
from shared.contracts.actor import Role
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault
from shared.imports.columns import Columns, Holds
from shared.imports.job import ImportJob, ImportKind
from shared.imports.rows import Outcome, Row, Verdict
from shared.store.event_log import now

COLUMNS = {
    "调查编号": "survey_no",
    "答卷编号": "sheet_no",
    "社区代码": "community",
    "人数": "answered",
    "需求": "by_theme",
}
_HIGHEST_NUMBER = 1_000_000
_SHEET_NO = re.compile(r"[0-9A-Za-z][0-9A-Za-z_-]{0,39}")


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A line that has no fault of its own."""

    key: SheetKey
    answer: Answer


async def _take_in(tx: AsyncConnection, job: ImportJob, rows: Sequence[Row]) -> list[Verdict]:
    """Take in one chunk of answers; return a verdict per row. The first line of a sheet counts."""
    lines = [(row, Fields(row.values)) for row in rows]
    numbers = [None if row.fault else fields.whole_number("survey_no", 1, _HIGHEST_NUMBER) for row, fields in lines]
    surveys = await repository.hold_numbered(tx, job.district, {number for number in numbers if number})
    today = district_day(now())
    sheets: dict[SheetKey, Answer] = {}
    read: list[_Sheet | Fault] = []
    for (row, fields), number in zip(lines, numbers, strict=True):
        found = row.fault or _read(fields, number, surveys, today)
        if isinstance(found, _Sheet) and sheets.setdefault(found.key, found.answer) is not found.answer:
            found = Fault("sheet_no", Code.DUPLICATE_IN_FILE)
        read.append(found)
    gone = await repository.taken_back(tx, job.district, sheets.keys())
    read = [Fault("sheet_no", Code.CLOSED) if isinstance(one, _Sheet) and one.key in gone else one for one in read]
    before = await repository.sheets_on_file(tx, job.district, sheets.keys())
    if not job.dry_run:
        new = {key: answer for key, answer in sheets.items() if key not in gone and before.get(key) != answer}
        await repository.put_sheets(tx, job.district, new, job.requested_by)
    return [_verdict(row, fields, found, before) for (row, fields), found in zip(lines, read, strict=True)]


def _read(fields: Fields, number: int | None, surveys: Mapping[int, FoundRow[Any]], today: date) -> _Sheet | Fault:
    sheet_no = fields.matching("sheet_no", text.code, _SHEET_NO, required=True)
    community = fields.text("community", text.code, required=True)
    answered = fields.whole_number("answered", 1, MOST_ANSWERED) if fields.says("answered") else 1
    by_theme = dict(headcounts(fields, "by_theme"))
    if number is None and not fields.faults:
        return Fault("survey_no", Code.MISSING)
    if fields.faults or not (number and sheet_no and community):
        return fields.faults[0]
    survey = surveys.get(number)
    if survey is None:
        return Fault("survey_no", Code.UNKNOWN_REFERENCE)
    if fault := takes_answers(survey.state, survey.starts_on, survey.ends_on, today):
        return Fault("survey_no", fault.code)
    answer = Answer(community, answered or 1, {theme: people for theme, people in by_theme.items() if people})
    if faults := answer_faults(answer, survey.themes, survey.communities.keys()):
        return faults[0]
    return _Sheet((survey.id, sheet_no), answer)


def _verdict(row: Row, fields: Fields, found: _Sheet | Fault, before: Mapping[SheetKey, Answer]) -> Verdict:
    if isinstance(found, Fault):
        return Verdict.rejected(row.line, found)
    known = before.get(found.key)
    if known == found.answer:
        return Verdict(row.line, Outcome.UNCHANGED)
    outcome = Outcome.NORMALISED if fields.normalised or row.normalised else Outcome.ACCEPTED
    if known is None:
        return Verdict(row.line, outcome)
    names = ("community", "answered", "by_theme")
    changed = tuple(name for name in names if getattr(known, name) != getattr(found.answer, name))
    return Verdict(row.line, outcome, changed=True, changed_fields=changed)


NEED_ANSWERS = ImportKind(
    columns=Columns(
        COLUMNS | {field: field for field in COLUMNS.values()},
        {"survey_no": Holds.NUMBER, "answered": Holds.NUMBER},
        frozenset({"answered"}),
    ),
    chunk=_take_in,
    roles=(Role.DISTRICT_ADMIN,),
)

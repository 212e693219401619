"""Files as people and programs make them: what becomes of each line, or of the file."""

import io
from collections.abc import Iterator

import pytest

from shared.contracts.faults import RefusedError
from shared.imports import reading
from shared.imports.sheets.__main__ import tell
from tests.files.case import Case
from tests.files.corpus import CORPUS
from tests.support.importing import import_file


def verdicts(case: Case) -> list[str]:
    """Return a verdict a line as a case expects them; ``ok`` where a line says what it should, else what it says."""
    try:
        file = import_file(case.make(), case.columns)
        count = len(list(file.rows()))
        rows = list(file.rows())  # as the importer does: the second time is the one that counts
    except RefusedError as refused:
        return [f"refused {' '.join(fault.code for fault in refused.faults)}"]
    assert len(rows) == count
    found = []
    for row in rows:
        if row.fault:
            found.append(f"{row.line} {row.fault.field or 'line'} {row.fault.code}")
        else:
            values = [row.values[field] for field in case.columns.fields]
            found.append(f"{row.line} {'ok' if values in case.people else values}")
    return found


def shown_here(content: bytes) -> Iterator[bytes]:
    """Stand for the process of its own that reads a spreadsheet: 200 of them take a minute to start."""
    out = io.StringIO()
    code = tell(io.BytesIO(content), out)
    yield from out.getvalue().encode(errors="replace").splitlines(keepends=True)
    reading.check_exit(code)


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_shown_by", shown_here)


@pytest.mark.parametrize("case", CORPUS, ids=lambda case: case.name)
def test_each_line_is_read_as_it_is_seen_or_refused(case: Case) -> None:
    assert verdicts(case) == list(case.expected), case.program


def test_a_process_of_its_own_says_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    for case in (case for case in CORPUS if case.name in ("shared.xlsx", "old.xls", "plain.ods", "entity.xlsx")):
        assert verdicts(case) == list(case.expected), case.program


def test_the_corpus_is_large_and_no_name_is_there_twice() -> None:
    assert len({case.name for case in CORPUS}) == len(CORPUS) >= 150

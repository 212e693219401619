"""Which line is the header, and what its columns are.

Invariant: a header is certain: every cell of it is a column of ours, each column is there once, and above it stand
titles at most. Anything else is refused with a sentence that says what was found. A cell is quoted only where it cannot
be a person's: a line in which a long number stands is data, and told as that.
"""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports.columns import Columns, numbers_lines
from shared.imports.lines import Line

BLANKS = (
    " \t\r\n\v\f\x1a\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b\u200c\u200d"
    "\u200e\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
"""What nobody sees, at the ends of a cell or alone in it."""
_LONG_NUMBER = re.compile(r"\d{6}")
_DATA = "数据 / data"
_QUOTED_CELLS, _QUOTED_LETTERS = 3, 20


class Header(NamedTuple):
    """The header of a file: at which line, and what its columns are."""

    line: int
    fields: dict[str, int]
    """Field -> place of its column, from 0."""
    unnamed: tuple[int, ...]
    """Places of columns without a header; nothing may stand in them."""
    width: int


def find(lines: Sequence[Line], columns: Columns, hidden_columns: Collection[int] = ()) -> Header | None:
    """Return the header among the first lines of a file, or None. Raises RefusedError where a column is hidden."""
    for above, line in enumerate(lines):
        header = _header(line, columns)
        if header is None:
            continue
        if not all(_may_be_title(each, columns) for each in lines[:above]):
            return None
        hidden = next((field for field, place in header.fields.items() if place in hidden_columns), None)
        if hidden is not None:
            name = {"column": str(header.fields[hidden] + 1), "name": columns.shown(hidden)}
            raise RefusedError(Fault(f"header {hidden}", Code.HIDDEN_COLUMN, name))
        return header
    return None


def faults(lines: Sequence[Line], columns: Columns) -> list[Fault]:
    """Return why none of the first lines of a file is its header."""
    filled = [line for line in lines if line.fault or _filled(line)]
    if not filled:
        return [Fault("file", Code.EMPTY_FILE)]
    best = max(filled, key=lambda line: len(_known(line, columns)))
    known = len(_known(best, columns))
    if known and known * 2 >= len(_filled(best)) and (found := _column_faults(best, columns)):
        return found
    what = {"line": str(filled[0].number), "found": _quoted(filled[0]), "columns": _names(columns)}
    return [Fault("header", Code.NO_HEADER_LINE, what)]


def known_columns(line: Line, columns: Columns) -> int:
    """Return how many of a line's cells are headers of ours."""
    return len(_known(line, columns))


def _header(line: Line, columns: Columns) -> Header | None:
    fields: dict[str, int] = {}
    unnamed = []
    for place, cell in enumerate(line.cells):
        field = columns.field_of(cell)
        if field is not None and field not in fields:
            fields[field] = place
        elif not cell.strip(BLANKS):
            unnamed.append(place)
        elif field is not None or not numbers_lines(cell):
            return None
    if line.fault or not fields.keys() >= set(columns.needed):
        return None
    return Header(line.number, fields, tuple(unnamed), len(line.cells))


def _may_be_title(line: Line, columns: Columns) -> bool:
    return not line.fault and len(_filled(line)) * 2 <= len(columns.fields)


def _filled(line: Line) -> list[str]:
    return [cell for cell in line.cells if cell.strip(BLANKS)]


def _known(line: Line, columns: Columns) -> set[str]:
    return {field for cell in line.cells if (field := columns.field_of(cell))}


def _column_faults(line: Line, columns: Columns) -> list[Fault]:
    found, seen = [], set()
    for place, cell in enumerate(line.cells, start=1):
        field = columns.field_of(cell)
        named = {"column": str(place), "name": _cut(cell)}
        if field in seen:
            found.append(Fault(f"header column {place}", Code.REPEATED_COLUMN, named))
        elif field:
            seen.add(field)
        elif cell.strip(BLANKS) and not numbers_lines(cell):
            if _LONG_NUMBER.search(cell):  # a person's, where the header is missing
                named["name"] = "…"
            found.append(Fault(f"header column {place}", Code.UNKNOWN_COLUMN, named))
    missing = [field for field in columns.needed if field not in seen]
    return found + [Fault(f"header {field}", Code.MISSING_COLUMN, {"name": columns.shown(field)}) for field in missing]


def _quoted(line: Line) -> str:
    """Return what stands in a line, as far as it can be no person's."""
    cells = _filled(line)
    if line.fault:
        return "…"
    if any(_LONG_NUMBER.search(cell) for cell in cells):
        return _DATA
    more = " …" if len(cells) > _QUOTED_CELLS else ""
    return " | ".join(_cut(cell) for cell in cells[:_QUOTED_CELLS]) + more


def _cut(cell: str) -> str:
    text = " ".join(cell.split())
    return text if len(text) <= _QUOTED_LETTERS else f"{text[:_QUOTED_LETTERS]}…"


def _names(columns: Columns) -> str:
    return "、".join(columns.shown(field) for field in columns.fields)

"""Files as offices send them: CSV in UTF-8 (with or without BOM) or GB18030, gzip of those, and xlsx.

Invariant: a file is either read to its last line or refused with a fault that says what to send; nothing is guessed.
"""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from shared.contracts.faults import Fault, RefusedError
from shared.imports.rows import Row

MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_ROWS = 1_000_000
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_rows(content: bytes, columns: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of a file under our field names.

    ``columns`` maps headers as people write them to field names. Raises RefusedError where the bytes are no such file,
    it is empty, or a column is missing, unknown or there twice.
    """
    lines = _lines(content)
    header = next(lines, None)
    if header is None:
        raise RefusedError(Fault("file", "missing"))
    fields = _fields(header[1], columns)
    width = len(fields)
    for line, cells in lines:
        if not any(cells):
            continue
        if line > MAX_ROWS + 1:
            raise RefusedError(Fault("file", "too_many"))
        if len(cells) == width:
            yield Row(line, dict(zip(fields, cells, strict=True)))
        else:
            yield Row(line, {}, Fault("", "column_count"))


def count_rows(content: bytes, columns: Mapping[str, str]) -> int:
    """Return how many rows ``read_rows`` will yield; raises what it raises."""
    return sum(1 for _ in read_rows(content, columns))


def _fields(header: list[str], columns: Mapping[str, str]) -> list[str]:
    known = {name.casefold(): field for name, field in columns.items()}
    fields = []
    for column, name in enumerate(header, start=1):
        field = known.get(name.strip().casefold())
        if field is None or field in fields:
            # Named by its place: where the header is missing, its text is the first person's.
            raise RefusedError(Fault(f"header column {column}", "unknown_value"))
        fields.append(field)
    missing = [field for field in dict.fromkeys(columns.values()) if field not in fields]
    if missing:
        raise RefusedError(*(Fault(f"header {field}", "missing") for field in missing))
    return fields


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if content.startswith(_GZIP):
        content = _unzip(content)
    if content.startswith((_ZIP, _OLE)):
        return _spreadsheet(content)
    return _csv(_text(content))


def _unzip(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as unpacked:
            data = unpacked.read(MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise RefusedError(Fault("file", "unreadable_file")) from None
    if len(data) > MAX_UNPACKED_BYTES:
        raise RefusedError(Fault("file", "too_many"))
    return data


def _text(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" in text.partition("\n")[0]:
            break  # UTF-16 or no text at all; a NUL in a later line is that line's fault
        return text
    raise RefusedError(Fault("file", "unreadable_file"))


def _csv(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise RefusedError(Fault(f"file line {line}", "unreadable_file")) from None


def _spreadsheet(content: bytes) -> Iterator[tuple[int, list[str]]]:
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0)
        for line, cells in enumerate(sheet.iter_rows(), start=1):
            yield line, [_cell(cell) for cell in cells]
    except (CalamineError, IndexError):
        raise RefusedError(Fault("file", "unreadable_file")) from None


def _cell(value: Any) -> str:  # noqa: ANN401 - a spreadsheet's cell holds what its author typed
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)

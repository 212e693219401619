"""Files as offices send them: CSV in UTF-8 (with or without BOM) or GB18030, gzip of those, and xlsx.

Invariant: a file is either read to its last line or refused with a fault that says what to send; nothing is guessed.
"""

import csv
import gzip
import io
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports.rows import Row
from shared.imports.spreadsheet import MAX_TEXT, UNREADABLE

MAX_UNPACKED_BYTES = MAX_TEXT
MAX_ROWS = 1_000_000
MAX_CELL = 4000
MAX_ENTRIES = 1000
"""Of a spreadsheet's archive; the programs that write them make ten or twenty."""
_PART = 1024 * 1024
_ZIP_ENCRYPTED = 1
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


def read_rows(content: bytes, columns: Mapping[str, str]) -> Iterator[Row]:
    """Yield the rows of a file under our field names.

    ``columns`` maps headers as people write them to field names. Raises RefusedError where the bytes are no such file,
    it is empty, or a column is missing, unknown or there twice.
    """
    lines = _lines(content)
    header = next(lines, None)
    if header is None:
        raise RefusedError(Fault("file", Code.MISSING))
    fields = _fields(header[1], columns)
    width = len(fields)
    for line, cells in lines:
        if not any(cells):
            continue
        if line > MAX_ROWS + 1:
            raise RefusedError(Fault("file", Code.TOO_MANY))
        if len(cells) != width:
            yield Row(line, {}, Fault("", Code.COLUMN_COUNT))
        elif fault := _cell_fault(fields, cells):
            yield Row(line, {}, fault)
        else:
            yield Row(line, dict(zip(fields, cells, strict=True)))


def _cell_fault(fields: list[str], cells: list[str]) -> Fault | None:
    """Return what is wrong with a cell whatever it means: too long, or a NUL, which PostgreSQL cannot hold."""
    if "\0" not in "".join(cells) and len(max(cells, key=len)) <= MAX_CELL:
        return None
    field, cell = next(each for each in zip(fields, cells, strict=True) if "\0" in each[1] or len(each[1]) > MAX_CELL)
    return Fault(field, Code.CONTROL_CHARACTER if "\0" in cell else Code.TOO_LONG)


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
            raise RefusedError(Fault(f"header column {column}", Code.UNKNOWN_VALUE))
        fields.append(field)
    missing = [field for field in dict.fromkeys(columns.values()) if field not in fields]
    if missing:
        raise RefusedError(*(Fault(f"header {field}", Code.MISSING) for field in missing))
    return fields


def _lines(content: bytes) -> Iterator[tuple[int, list[str]]]:
    if content.startswith(_GZIP):
        content = _unzip(content)
    return _csv(_spreadsheet(content) if content.startswith((_ZIP, _OLE)) else _text(content))


def _unzip(content: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(content)) as unpacked:
            data = unpacked.read(MAX_UNPACKED_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise RefusedError(Fault("file", Code.UNREADABLE_FILE)) from None
    if len(data) > MAX_UNPACKED_BYTES:
        raise RefusedError(Fault("file", Code.TOO_MANY))
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
    raise RefusedError(Fault("file", Code.UNREADABLE_FILE))


def _csv(text: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""))
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise RefusedError(Fault(f"file line {line}", Code.UNREADABLE_FILE)) from None


def _spreadsheet(content: bytes) -> str:
    """Return a spreadsheet as CSV. Another process opens it, with limits on its memory and time."""
    if content.startswith(_ZIP):
        _check_archive(content)
    elif _ENCRYPTED in content:
        raise RefusedError(Fault("file", Code.ENCRYPTED_FILE))
    command = [sys.executable, "-I", str(Path(__file__).with_name("spreadsheet.py"))]
    done = subprocess.run(command, input=content, capture_output=True, check=False)  # noqa: S603 - our own program
    if done.returncode == UNREADABLE:
        raise RefusedError(Fault("file", Code.UNREADABLE_FILE))
    if done.returncode != 0:
        raise RefusedError(Fault("file", Code.TOO_LARGE))
    return done.stdout.decode()


def _check_archive(content: bytes) -> None:
    """Refuse what unpacks to too much, by what the archive says of itself and then by what really comes out of it."""
    try:
        with ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED_BYTES:
                raise RefusedError(Fault("file", Code.TOO_LARGE))
            if any(entry.flag_bits & _ZIP_ENCRYPTED for entry in entries):
                raise RefusedError(Fault("file", Code.ENCRYPTED_FILE))
            left = MAX_UNPACKED_BYTES
            for entry in entries:
                entry.file_size = MAX_UNPACKED_BYTES + 1  # else reading stops where the archive claims that it ends
                with archive.open(entry) as unpacked:
                    while part := unpacked.read(_PART):
                        left -= len(part)
                        if left < 0:
                            raise RefusedError(Fault("file", Code.TOO_LARGE))
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error):
        raise RefusedError(Fault("file", Code.UNREADABLE_FILE)) from None

"""Files as offices make them: text with commas, semicolons or tabs, the same packed by gzip, and spreadsheets.

Invariant: a file is read as the person who made it sees it, or it, or that line of it, is refused with what to do;
nothing is guessed. No more of a text file than a line and a piece is in memory, however long it is; a spreadsheet is
read by a process of its own (``sheets``).
"""

import gzip
import io
import json
import re
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import chain, islice
from operator import itemgetter
from typing import IO, Any
from zipfile import BadZipFile, ZipFile

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports import cell as cells
from shared.imports import delimited, header
from shared.imports.columns import Columns, Holds
from shared.imports.delimited import Layout
from shared.imports.encoding import encoding_of
from shared.imports.header import BLANKS, Header
from shared.imports.lines import FIRST_LINES, MAX_UNPACKED_BYTES, Line, Opener
from shared.imports.rows import Row
from shared.imports.sheets.cells import TOO_LARGE, Kind

MAX_ROWS = 1_000_000
MAX_SPREADSHEET_BYTES = 64 * 1024 * 1024
MAX_ENTRIES = 1000
"""Of a spreadsheet's archive; the programs that write them make ten or twenty."""
_LOOKED_AT = 1000
_KEPT_BYTES = 16 * 1024 * 1024
"""As much as this of what a spreadsheet shows is kept for the second time that it is gone through."""
_PIECE = 1024 * 1024
_SAMPLE = 256 * 1024
_ZIP_ENCRYPTED = 1
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_GZIP, _ZIP, _OLE = b"\x1f\x8b", b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_MARKUP = re.compile(
    rb"\s*(?:<(?:!doctype|!--|\?xml|html|head|meta|body|table|style|div|xml|workbook)|mime-version:)", re.I
)
_SHEET_READER = (sys.executable, "-I", "-m", "shared.imports.sheets")


class ImportFile:
    """A file under the columns of its kind; it can be gone through more than once."""

    def __init__(self, opened: Opener, columns: Columns) -> None:
        self._opened = opened
        self._columns = columns
        self._shown: list[bytes] | None = None
        """What a spreadsheet shows, where it is little enough to be kept."""
        self._cut: frozenset[str] | None = None
        """Fields in which a program has kept 15 digits of longer numbers; None until the rows were gone through."""

    def rows(self) -> Iterator[Row]:
        """Yield the rows under our field names.

        Raises RefusedError where the bytes are no such file, or the header is not certain; none is yielded before. The
        second time is the one that counts: only then is it known what is wrong with a column as a whole.
        """
        lines, hidden_columns = self._lines()
        first = list(islice(lines, FIRST_LINES))
        found = header.find(first, self._columns, hidden_columns)
        if found is None:
            raise RefusedError(*header.faults(first, self._columns))
        understand = _Understanding(self._columns, found, self._cut or frozenset())
        for line in chain(first, lines):
            if line.number <= found.line:
                continue
            if line.number > MAX_ROWS + found.line:
                raise RefusedError(Fault("file", Code.TOO_MANY))
            row = understand.row(line)
            if row is not None:
                yield row
                for number in range(line.number + 1, line.number + line.span):
                    yield Row(number, {}, row.fault)
        self._cut = understand.cut_fields()

    def _lines(self) -> tuple[Iterator[Line], frozenset[int]]:
        """Return the lines, and the places of columns that are hidden."""
        if self._layout is not None:
            return delimited.lines_of(self._unpacked, self._layout), frozenset()
        lines = self._sheet_lines()
        told = json.loads(next(lines))
        if len(told["sheets"]) > 1:
            raise RefusedError(Fault("file", Code.SEVERAL_SHEETS, {"sheets": "、".join(told["sheets"])}))
        return map(_sheet_line, lines), frozenset(told["hidden_columns"])

    @cached_property
    def _unpacked(self) -> Opener:
        with self._opened() as file:
            packed = file.read(2) == _GZIP
        return (lambda: io.BufferedReader(_Unpacked(self._opened()))) if packed else self._opened

    @cached_property
    def _layout(self) -> Layout | None:
        """How a text file is written; None of a spreadsheet."""
        with self._unpacked() as file:
            start = file.read(_SAMPLE)
        if not start.strip():
            raise RefusedError(Fault("file", Code.EMPTY_FILE))
        if start.startswith((_ZIP, _OLE)):
            return None
        if _MARKUP.match(start.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").replace(b"\0", b"")):
            raise RefusedError(Fault("file", Code.WEB_PAGE))
        encoding = encoding_of(self._unpacked, self._has_chinese_header)
        text = start.decode(encoding, errors="ignore")
        declared = delimited.declared_delimiter(text)
        layouts = (
            [Layout(encoding, declared, skipped=1)]
            if declared
            else [Layout(encoding, delimiter) for delimiter in delimited.DELIMITERS]
        )
        firsts = {layout: delimited.first_lines(text, layout) for layout in layouts}
        for layout, lines in firsts.items():
            if header.find(lines, self._columns):
                return layout
        if self._is_otherwise_delimited(text):
            raise RefusedError(Fault("file", Code.SEPARATOR))
        return max(layouts, key=lambda layout: self._known(firsts[layout]))

    def _has_chinese_header(self, text: str) -> bool:
        for delimiter in delimited.DELIMITERS:
            for line in delimited.first_lines(text, Layout("", delimiter)):
                if any(not cell.isascii() and self._columns.field_of(cell) for cell in line.cells):
                    return True
        return False

    def _known(self, lines: list[Line]) -> int:
        return max((header.known_columns(line, self._columns) for line in lines), default=0)

    def _is_otherwise_delimited(self, text: str) -> bool:
        lines = islice(io.StringIO(text), FIRST_LINES)
        return any(
            header.known_columns(Line(1, line.split(sign)), self._columns) > 1
            for line in lines
            for sign in delimited.OTHER_DELIMITERS
        )

    def _sheet_lines(self) -> Iterator[bytes]:
        if self._shown is not None:
            yield from self._shown
            return
        with self._unpacked() as file:
            content = file.read(MAX_SPREADSHEET_BYTES + 1)
        if len(content) > MAX_SPREADSHEET_BYTES:
            raise RefusedError(Fault("file", Code.TOO_LARGE))
        if content.startswith(_ZIP):
            _check_archive(content)
        elif _ENCRYPTED in content:
            raise RefusedError(Fault("file", Code.ENCRYPTED_FILE))
        kept: list[bytes] = []
        left = _KEPT_BYTES
        for line in _shown_by(content):
            left -= len(line)
            if left >= 0:
                kept.append(line)
            yield line
        self._shown = kept if left >= 0 else None


def _shown_by(content: bytes) -> Iterator[bytes]:
    """Yield what a spreadsheet shows. Another process opens it, with limits on its memory and time."""
    reader = subprocess.Popen(  # noqa: S603 - our own program
        _SHEET_READER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    with reader:
        try:
            _give(reader, content)
            if reader.stdout is not None:
                yield from reader.stdout
        except GeneratorExit:
            reader.kill()
            raise
    check_exit(reader.returncode)


def check_exit(code: int) -> None:
    """Raise RefusedError where the program that reads spreadsheets has not come to its end."""
    if code == TOO_LARGE or code < 0:  # by its own count, or its limits have ended it
        raise RefusedError(Fault("file", Code.TOO_LARGE))
    if code != 0:
        raise RefusedError(Fault("file", Code.UNREADABLE_FILE))


def _give(reader: subprocess.Popen[bytes], content: bytes) -> None:
    """Hand the file over; it is read to its end before anything is said of it."""
    if reader.stdin is None:
        return
    try:
        with reader.stdin as pipe:
            pipe.write(content)
    except BrokenPipeError:
        return  # its exit code says why


def _sheet_line(told: bytes) -> Line:
    number, hidden, kinds, texts = json.loads(told)
    unseen = hidden and ("".join(texts).strip(BLANKS) or kinds.strip(_NOTHING_SEEN))
    return Line(number, texts, kinds, Fault("", Code.HIDDEN_ROW) if unseen else None)


class _Understanding:
    """Makes rows of lines."""

    def __init__(self, columns: Columns, found: Header, cut: frozenset[str]) -> None:
        self._names = tuple(field for field in columns.fields if field in found.fields)
        self._cut = cut
        self._looked_at: list[tuple[str, ...]] = []
        """The first rows, to tell columns of numbers that a program has cut."""
        places = tuple(found.fields[field] for field in self._names)
        self._pick = _picker(places)
        self._holds = tuple(columns.holds.get(field, Holds.TEXT) for field in self._names)
        self._unnamed = found.unnamed
        self._width = found.width
        self._counted = -1
        """The last number in a first column without a header: data frames are written with one that counts the rows."""

    def row(self, line: Line) -> Row | None:
        """Return the row of a line; None of a blank one."""
        texts, kinds, fault = line.cells, line.kinds, line.fault
        joined = "".join(texts)
        if not fault and not joined.strip(BLANKS) and not kinds.strip(_NOTHING_SEEN):
            return None
        if len(texts) != self._width and not fault:
            texts, kinds, fault = self._fitted(texts, kinds)
        if self._unnamed and not fault:
            fault = self._unnamed_fault(texts, kinds)
        if fault:
            return Row(line.number, {}, fault)
        values = self._pick(texts)
        if len(self._looked_at) < _LOOKED_AT:
            self._looked_at.append(values)
        kinds_here = "".join(self._pick(kinds)) if kinds else ""
        if not kinds_here.strip(_TEXTS) and line.span == 1 and not self._cut and cells.is_plain(values, joined):
            return Row(line.number, dict(zip(self._names, values, strict=True)))
        return self._doubted(line, values, kinds_here or Kind.TEXT * len(values))

    def _fitted(self, texts: list[str], kinds: str) -> tuple[list[str], str, Fault | None]:
        """Return cells that are as many as the header's, where what is missing or too many is nothing."""
        missing = self._width - len(texts)
        if missing > 0 and kinds:  # a sheet's rows end with their last cell
            return texts + [""] * missing, kinds + Kind.BLANK * missing, None
        fault = Fault("", Code.COLUMN_COUNT) if missing > 0 else self._beyond_fault(texts, kinds)
        return texts[: self._width], kinds[: self._width], fault

    def _beyond_fault(self, texts: list[str], kinds: str) -> Fault | None:
        """Return that something stands where the header has no column any more."""
        for place in range(self._width, len(texts)):
            if texts[place].strip(BLANKS):
                return Fault(f"column {place + 1}", Code.NO_HEADER) if kinds else Fault("", Code.COLUMN_COUNT)
            if kinds[place : place + 1].strip(_NOTHING_SEEN):
                return Fault(f"column {place + 1}", Code.NO_HEADER)
        return None

    def _doubted(self, line: Line, texts: tuple[str, ...], kinds: str) -> Row:
        """Return the row of a line of which a cell may not be what it seems."""
        values: dict[str, str] = {}
        marked = False
        for name, text, kind, holds in zip(self._names, texts, kinds, self._holds, strict=True):
            values[name], code = cells.of_sheet(Kind(kind), text, holds)
            if name in self._cut and cells.is_cut(text):
                code = Code.NUMBER_CELL
            if code is not None:
                return Row(line.number, {}, Fault(name, code))
            marked = marked or (kind == Kind.TEXT and values[name] != text)
        if line.span > 1:
            return Row(line.number, {}, Fault("", Code.LINE_BREAK))
        return Row(line.number, values, normalised=marked)

    def cut_fields(self) -> frozenset[str]:
        """Return the fields of which every long number ends in 000: a spreadsheet has kept 15 digits of each.

        One such number can be right; two and no other are none by chance.
        """
        cut = set()
        for place, (name, holds) in enumerate(zip(self._names, self._holds, strict=True)):
            if holds is Holds.ID_NUMBER:
                long = [texts[place] for texts in self._looked_at if cells.is_long_number(texts[place])]
                if len(long) > 1 and all(map(cells.is_cut, long)):
                    cut.add(name)
        return frozenset(cut)

    def _unnamed_fault(self, texts: list[str], kinds: str) -> Fault | None:
        for place in self._unnamed:
            text = texts[place].strip(BLANKS)
            if not text and (not kinds or kinds[place] in _NOTHING_SEEN):
                continue
            if place == 0 and text.isascii() and text.isdigit() and self._counted < int(text) <= MAX_ROWS:
                self._counted = int(text)
                continue
            return Fault(f"column {place + 1}", Code.NO_HEADER)
        return None


def _picker(places: tuple[int, ...]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    if len(places) == 1:
        (place,) = places
        return lambda of: (of[place],)
    return itemgetter(*places)


_NOTHING_SEEN = Kind.BLANK + Kind.COVERED + Kind.TEXT
"""Kinds of cells that show nothing where they have no text."""
_TEXTS = Kind.BLANK + Kind.TEXT + Kind.NUMBER
"""Kinds of cells that are what they seem, in every column."""


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
                    while part := unpacked.read(_PIECE):
                        left -= len(part)
                        if left < 0:
                            raise RefusedError(Fault("file", Code.TOO_LARGE))
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError, zlib.error):
        raise RefusedError(Fault("file", Code.UNREADABLE_FILE)) from None


class _Unpacked(io.RawIOBase):
    """What a file that gzip has packed unpacks to, up to the limit."""

    def __init__(self, packed: IO[bytes]) -> None:
        super().__init__()
        self._packed = packed
        self._unpacked = gzip.GzipFile(fileobj=packed)
        self._left = MAX_UNPACKED_BYTES

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401 - as in io.RawIOBase
        """Unpack a piece. Raises RefusedError (unreadable_file, too_large)."""
        try:
            piece = self._unpacked.read(len(buffer))
        except (OSError, EOFError, zlib.error):
            raise RefusedError(Fault("file", Code.UNREADABLE_FILE)) from None
        self._left -= len(piece)
        if self._left < 0:
            raise RefusedError(Fault("file", Code.TOO_LARGE))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """Close both."""
        self._unpacked.close()
        self._packed.close()
        super().close()

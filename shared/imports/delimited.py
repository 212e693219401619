"""Text files of cells between delimiters: CSV with commas, semicolons or tabs.

Invariant: a quote is understood by the rule of RFC 4180, or its line is refused: a cell is quoted as a whole or not at
all, and a quote inside is written twice. The one liberty is ``="007"``, as programs mark text for Excel. A quote that
no later line ends refuses the whole file, as nobody knows which lines it has swallowed.
"""

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from itertools import islice
from typing import IO, NamedTuple

from shared.contracts.faults import Code, Fault, RefusedError
from shared.imports.lines import FIRST_LINES, Line, Opener

DELIMITERS = (",", ";", "\t")
OTHER_DELIMITERS = ("，", "、", "；", "|", "｜")
"""Between cells of files that are refused for it: in Chinese they stand inside cells as well."""
MAX_LINE = 1024 * 1024
MAX_LINES_OF_A_CELL = 100
_PIECE = 64 * 1024
_SEP = re.compile(r"(?:\"?)sep=(.)(?:\"?)[,;\t]*", re.IGNORECASE)


class Layout(NamedTuple):
    """How a text file is written."""

    encoding: str
    delimiter: str
    skipped: int = 0
    """Lines before the first one of cells: Excel's ``sep=;``."""


def declared_delimiter(text: str) -> str:
    """Return what the first line of a text declares the delimiter to be (``sep=;``), or nothing."""
    declared = _SEP.fullmatch(text.removeprefix("\ufeff").split("\n", 1)[0].rstrip("\r"))
    return declared[1] if declared else ""


def first_lines(text: str, layout: Layout) -> list[Line]:
    """Return the first lines of a text as far as they can be read."""
    lines = []
    with suppress(RefusedError):
        for line in islice(_Reader(io.StringIO(text, newline=None), layout).lines(), FIRST_LINES):
            lines.append(line)  # noqa: PERF402 - those before a refusal count
    return lines


def lines_of(opened: Opener, layout: Layout) -> Iterator[Line]:
    """Yield the lines of a text file. Raises RefusedError where a quote is never ended, or a line has no end."""
    with opened() as file, io.TextIOWrapper(file, encoding=layout.encoding, newline=None) as text:
        yield from _Reader(text, layout).lines()


class _Reader:
    """Reads line after line."""

    def __init__(self, text: IO[str], layout: Layout) -> None:
        self._layout = layout
        self._written = enumerate(self._split_at_ends(text), start=1)

    def lines(self) -> Iterator[Line]:
        _, delimiter, skipped = self._layout
        foreign = self._layout.encoding == "gb18030"
        for number, raw in self._written:
            if '"' in raw:
                yield self._quoted(number, raw)
            elif foreign and not raw.isascii() and _is_utf8(raw):
                yield Line(number, [], fault=Fault("", Code.LOST_CHARACTER))
            elif number > skipped:
                yield Line(number, raw.split(delimiter))

    @staticmethod
    def _split_at_ends(text: IO[str]) -> Iterator[str]:
        rest, count = text.read(1).removeprefix("\ufeff"), 1
        while piece := text.read(_PIECE):
            *lines, rest = (rest + piece).split("\n")
            count += len(lines)
            if len(rest) > MAX_LINE:
                raise RefusedError(Fault("file", Code.LONG_LINE, {"line": str(count)}))
            yield from lines
        if rest:
            yield rest

    def _quoted(self, first: int, record: str) -> Line:
        number = first
        while (cells := _split(record, self._layout.delimiter)) is OPEN:
            number, more = next(self._written, (0, ""))
            if not first < number < first + MAX_LINES_OF_A_CELL:
                raise RefusedError(Fault("file", Code.OPEN_QUOTE, {"line": str(first)}))
            record = f"{record}\n{more}"
        if isinstance(cells, list):
            return Line(first, cells, span=number - first + 1)
        if number > first:
            raise RefusedError(Fault("file", Code.OPEN_QUOTE, {"line": str(first)}))
        return Line(first, [], fault=Fault("", Code.QUOTES))


class _Unsplit(NamedTuple):
    """Why a line is no list of cells."""

    why: str


OPEN, BROKEN = _Unsplit("a quote is not ended"), _Unsplit("a quote stands where none may")


def _split(record: str, delimiter: str) -> list[str] | _Unsplit:
    cells: list[str] = []
    cell, at = _cell(delimiter), 0
    while True:
        match = cell.match(record, at)
        if match is None:
            return OPEN if record.startswith('"', at) else BROKEN
        quoted, marked, plain = match.groups()
        cells.append(quoted.replace('""', '"') if quoted is not None else marked or plain or "")
        at = match.end()
        if at == len(record):
            return cells
        if record[at] != delimiter:
            return BROKEN
        at += 1


@lru_cache(maxsize=8)
def _cell(delimiter: str) -> re.Pattern[str]:
    return re.compile(rf'"([^"]*(?:""[^"]*)*)"|(="[^"\n]*")|((?!")[^"\n{re.escape(delimiter)}]*)')


def _is_utf8(line: str) -> bool:
    """Return whether a line that was read as GB18030 is UTF-8: two files were put together."""
    try:
        return any(letter > "\u07ff" for letter in line.encode("gb18030").decode())
    except UnicodeDecodeError:
        return False

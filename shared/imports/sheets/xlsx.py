"""Office Open XML (xlsx, xlsm), as a stream: what is shown, and what is not known.

Invariant: memory holds the shared texts and one row, however long the sheet is. A document type (and so an entity) is
refused before it is read.
"""

import re
from collections.abc import Callable, Iterator
from typing import IO, NamedTuple
from xml.parsers.expat import ExpatError, ParserCreate
from zipfile import ZipFile

from shared.imports.sheets.cells import (
    BLANK,
    BUILT_IN,
    ERROR,
    GENERAL,
    MAX_COLUMNS,
    NOT_COMPUTED,
    Cell,
    Format,
    Kind,
    Sheet,
    SheetRow,
    TooLargeError,
    UnreadableError,
    format_of,
    number,
)
from shared.imports.sheets.merged import Area, Merged

_PART = 256 * 1024
_TEXTS = "xl/sharedStrings.xml"
"""Where shared texts are in a workbook that does not say where."""
_TRUE = ("1", "true", "on")
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MERGE = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref\s*=\s*[\"']([A-Z]+)(\d+):([A-Z]+)(\d+)[\"']")
_MERGE_BYTES = 400
"""More than a ``mergeCell`` element has."""


class _Found(NamedTuple):
    """A sheet as the workbook lists it."""

    name: str
    path: str
    visible: bool


Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]


def parse(
    source: IO[bytes], start: Start, end: End | None = None, text: Callable[[str], None] | None = None
) -> Iterator[None]:
    """Parse XML piece by piece; yield after each. Raises UnreadableError.

    Where the outermost element has a prefix, ``start`` and ``end`` are told names without any.
    """
    parser = ParserCreate(intern={})
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_document_type

    def begin(name: str, attributes: dict[str, str]) -> None:
        prefixed = ":" in name  # most are not, and a call for each of a million elements takes its time
        parser.StartElementHandler = _bare_start(start) if prefixed else start
        parser.EndElementHandler = _bare_end(end) if prefixed and end else end
        parser.StartElementHandler(name, attributes)

    parser.StartElementHandler = begin
    parser.CharacterDataHandler = text
    try:
        while piece := source.read(_PART):
            parser.Parse(piece, False)
            yield
        parser.Parse(b"", True)
    except (ExpatError, LookupError):  # LookupError: an encoding that there is not
        raise UnreadableError from None
    yield


def _bare_start(start: Start) -> Start:
    return lambda name, attributes: start(name.rpartition(":")[2], attributes)


def _bare_end(end: End) -> End:
    return lambda name: end(name.rpartition(":")[2])


def _refuse_document_type(*_: object) -> None:
    raise UnreadableError


class Workbook:
    """An xlsx workbook."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive
        self._paths = {name.replace("\\", "/").lstrip("/").lower(): name for name in archive.namelist()}
        self._from_1904 = False
        self._computes_at_opening = False
        """Whether the program that opens it is to compute every formula: then the values on file are placeholders."""
        path = self._document()
        self._found = self._sheets(path)
        parts = dict(self._relations(path).values())
        self._formats = self._styles(parts.get("styles"))
        self._texts = self._shared_texts(parts.get("sharedStrings", _TEXTS if _TEXTS.lower() in self._paths else None))

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets that are shown."""
        for found in self._found:
            if found.visible:
                yield self._sheet(found)

    def _open(self, path: str) -> IO[bytes]:
        name = self._paths.get(path.lstrip("/").lower())
        if name is None:
            raise UnreadableError
        with self._archive.open(name) as part:
            start = part.read(2)
        if start in (b"\xff\xfe", b"\xfe\xff"):  # UTF-16, in which merged cells would be overlooked
            raise UnreadableError
        return self._archive.open(name)

    def _read(self, path: str, start: Start) -> None:
        with self._open(path) as part:
            for _ in parse(part, start):
                pass

    def _relations(self, path: str) -> dict[str, tuple[str, str]]:
        """Return the parts that a part names: id -> kind and path."""
        folder, _, name = path.rpartition("/")
        relations: dict[str, tuple[str, str]] = {}

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "Relationship" and attributes.get("TargetMode") != "External":
                target = attributes.get("Target", "").replace("\\", "/")
                absolute = target if target.startswith("/") else _joined(folder, target)
                kind = attributes.get("Type", "").rpartition("/")[2]
                relations[attributes.get("Id", "")] = kind, absolute.lstrip("/")

        at = f"{folder}/_rels/{name}.rels".lstrip("/")
        if at.lower() in self._paths:
            self._read(at, start)
        return relations

    def _document(self) -> str:
        for kind, target in self._relations("").values():
            if kind == "officeDocument":
                return target
        return "xl/workbook.xml"

    def _sheets(self, path: str) -> list[_Found]:
        listed: list[tuple[str, str, bool]] = []

        def start(element: str, attributes: dict[str, str]) -> None:
            if element == "sheet":
                relation = next((value for name, value in attributes.items() if name.endswith(":id")), "")
                listed.append((attributes.get("name", ""), relation, attributes.get("state", "visible") == "visible"))
            elif element == "workbookPr":
                self._from_1904 = attributes.get("date1904", "0") in _TRUE
            elif element == "calcPr":
                self._computes_at_opening = attributes.get("fullCalcOnLoad", "0") in _TRUE

        self._read(path, start)
        relations = self._relations(path)
        sheets = []
        for name, relation, visible in listed:
            kind, target = relations.get(relation, ("", ""))
            if kind == "worksheet":
                sheets.append(_Found(name, target, visible))
        if not listed:
            raise UnreadableError
        return sheets

    def _styles(self, path: str | None) -> list[Format]:
        if path is None:
            return []
        codes: dict[int, str] = {}
        ids: list[int] = []
        inside = ""

        def start(element: str, attributes: dict[str, str]) -> None:
            nonlocal inside
            if element in ("cellXfs", "cellStyleXfs", "dxfs"):
                inside = element
            elif element == "numFmt" and inside != "dxfs":
                codes[_whole(attributes.get("numFmtId"))] = attributes.get("formatCode", "")
            elif element == "xf" and inside == "cellXfs":
                ids.append(_whole(attributes.get("numFmtId")))

        self._read(path, start)
        return [format_of(codes[each]) if each in codes else BUILT_IN.get(each, GENERAL) for each in ids]

    def _shared_texts(self, path: str | None) -> list[str]:
        reader = _TextReader()
        if path is not None:
            with self._open(path) as part:
                for _ in parse(part, reader.start, reader.end, reader.text):
                    pass
        return reader.texts

    def _sheet(self, found: _Found) -> Sheet:
        merged = self._merged(found.path)
        part = self._open(found.path)
        reader = _SheetReader(self._formats, self._texts, merged, self._from_1904, self._computes_at_opening)
        rows = reader.rows(part)
        first = next(rows, None)  # the columns are told before the first row

        def all_rows() -> Iterator[SheetRow]:
            if first is not None:
                yield first
                yield from rows

        return Sheet(found.name, frozenset(reader.hidden_columns), all_rows())

    def _merged(self, path: str) -> Merged:
        """Return the merged cells of a sheet; they are told after its rows, so it is gone through for them first."""
        areas = []
        with self._open(path) as part:
            kept = b""
            while piece := part.read(_PART):
                piece = kept + piece
                end = 0
                for match in _MERGE.finditer(piece):
                    left, top, right, bottom = match.groups()
                    areas.append(Area(int(top), column(left.decode()), int(bottom), column(right.decode())))
                    end = match.end()
                kept = piece[max(end, len(piece) - _MERGE_BYTES) :]
        return Merged(areas)


class _TextReader:
    """Gathers the shared texts; how they are spoken is not part of them."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self._pieces: list[str] = []
        self._taken = self._phonetic = False

    def start(self, element: str, _: dict[str, str]) -> None:
        if element == "t":
            self._taken = not self._phonetic
        elif element == "si":
            self._pieces = []
        elif element == "rPh":
            self._phonetic = True

    def text(self, piece: str) -> None:
        if self._taken:
            self._pieces.append(piece)

    def end(self, element: str) -> None:
        if element == "t":
            self._taken = False
        elif element == "rPh":
            self._phonetic = False
        elif element == "si":
            self.texts.append(_unescaped("".join(self._pieces)))


class _SheetReader:
    """Gathers the cells of one sheet, row by row."""

    def __init__(
        self, formats: list[Format], texts: list[str], merged: Merged, from_1904: bool, computes_at_opening: bool
    ) -> None:
        self.hidden_columns: set[int] = set()
        self._formats = formats
        self._texts = texts
        self._merged = merged
        self._from_1904 = from_1904
        self._computes_at_opening = computes_at_opening
        self._done: list[SheetRow] = []
        self._row = 0
        self._hidden = False
        self._cells: list[Cell] = []
        self._column = 0
        self._type = "n"
        self._style = 0
        self._formula = self._taken = self._phonetic = False
        self._pieces: list[str] = []

    def rows(self, part: IO[bytes]) -> Iterator[SheetRow]:
        with part:
            for _ in parse(part, self._start, self._end, self._text):
                done, self._done = self._done, []
                yield from done

    def _start(self, element: str, attributes: dict[str, str]) -> None:
        if element == "c":
            self._begin_cell(attributes)
        elif element in ("v", "t"):
            self._taken = not self._phonetic
        elif element == "f":
            self._formula = True
        elif element == "row":
            before = self._row
            self._row = _whole(attributes["r"]) if "r" in attributes else before + 1
            if self._row <= before:
                raise UnreadableError
            self._hidden = attributes.get("hidden", "0") in _TRUE or attributes.get("ht", "1") == "0"
            self._cells = []
        elif element == "rPh":
            self._phonetic = True
        elif element == "col" and (attributes.get("hidden", "0") in _TRUE or attributes.get("width", "1") == "0"):
            first, last = _whole(attributes.get("min")), _whole(attributes.get("max"))
            self.hidden_columns.update(range(first - 1, min(last, MAX_COLUMNS)))

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        address = attributes.get("r")
        if address is None:
            self._column = len(self._cells)
        else:
            self._column = column(address.rstrip("0123456789"))
        self._type = attributes.get("t", "n")
        self._style = _whole(attributes.get("s"))
        self._formula = False
        self._pieces = []

    def _text(self, piece: str) -> None:
        if self._taken:
            self._pieces.append(piece)

    def _end(self, element: str) -> None:
        if element in ("v", "t"):
            self._taken = False
        elif element == "c":
            self._place(self._cell("".join(self._pieces)))
        elif element == "row":
            self._merged.cover(self._row, self._cells)
            self._done.append(SheetRow(self._row, self._cells, self._hidden))
        elif element == "rPh":
            self._phonetic = False

    def _place(self, cell: Cell) -> None:
        gap = self._column - len(self._cells)
        if cell is BLANK and gap > 0:
            return
        if self._column >= MAX_COLUMNS:
            raise TooLargeError
        if gap < 0:
            self._cells[self._column] = cell
            return
        if gap:
            self._cells.extend([BLANK] * gap)
        self._cells.append(cell)

    def _cell(self, written: str) -> Cell:
        kind = self._type
        if kind == "s":
            return _text_cell(self._shared(written))
        if self._formula and self._computes_at_opening:
            return NOT_COMPUTED
        if kind == "n":
            return self._number(written.strip())
        read = _READ.get(kind)
        if read is None:
            raise UnreadableError
        return read(written)

    def _number(self, written: str) -> Cell:
        if not written:
            return NOT_COMPUTED if self._formula else BLANK
        shown = self._formats[self._style] if self._style < len(self._formats) else GENERAL
        return number(written, shown, from_1904=self._from_1904)

    def _shared(self, index: str) -> str:
        try:
            return self._texts[int(index)] if index else ""
        except (ValueError, IndexError):
            raise UnreadableError from None


def _text_cell(text: str) -> Cell:
    return Cell(Kind.TEXT, text) if text else BLANK


def _day_cell(written: str) -> Cell:
    """Return the cell of a day or moment in ISO 8601 (``t="d"``)."""
    if not written:
        return BLANK
    day, _, time = written.removesuffix("Z").partition("T")
    kind = Kind.MOMENT if time else Kind.DAY
    return Cell(kind, f"{day}T{time.partition('.')[0] or '00:00:00'}")


_READ: dict[str, Callable[[str], Cell]] = {
    "inlineStr": lambda written: _text_cell(_unescaped(written)),
    "str": lambda written: _text_cell(_unescaped(written)),
    "e": lambda _: ERROR,
    "b": lambda written: Cell(Kind.BOOLEAN, "TRUE" if written.strip() in _TRUE else "FALSE"),
    "d": lambda written: _day_cell(written.strip()),
}
"""Type of a cell (ECMA-376, 18.18.11) -> how it is read."""


def column(letters: str) -> int:
    """Return the number of a column, from 0. Raises UnreadableError."""
    found = _COLUMNS.get(letters)
    if found is None:
        found = 0
        for letter in letters:
            found = found * 26 + ord(letter) - 64
        if not letters.isascii() or not letters.isupper() or found > 16384:  # noqa: PLR2004 - XFD, the last one
            raise UnreadableError
        found -= 1
        _COLUMNS[letters] = found
    return found


_COLUMNS: dict[str, int] = {}


def _joined(folder: str, target: str) -> str:
    steps = [step for step in folder.split("/") if step]
    for step in target.split("/"):
        if step == "..":
            del steps[-1:]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps)


def _whole(written: str | None) -> int:
    if not written:
        return 0
    if not (written.isascii() and written.isdigit()) or len(written) > 9:  # noqa: PLR2004 - more than any sheet has
        raise UnreadableError
    return int(written)


def _unescaped(text: str) -> str:
    """Return a text with its ``_x000D_`` as the characters that they stand for."""
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(escaped: re.Match[str]) -> str:
    character = chr(int(escaped[1], 16))
    return "\ufffd" if "\ud800" <= character <= "\udfff" else character

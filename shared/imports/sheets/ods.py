"""OpenDocument spreadsheets (ods), as a stream: what is shown, and what is not known.

Invariant: as ``xlsx``. A repeated row or cell is one until somebody sees something in it.
"""

from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from zipfile import ZipFile

from shared.imports.sheets.cells import (
    BLANK,
    COVERED,
    ERROR,
    MAX_COLUMNS,
    MAX_DIGITS,
    NOT_COMPUTED,
    Cell,
    Kind,
    Sheet,
    SheetRow,
    TooLargeError,
    UnreadableError,
)
from shared.imports.sheets.xlsx import parse

MAX_ROWS = 1_048_576
MAX_BLANKS = 10_000
"""In a row, as one element tells them."""
_ERRORS = ("#", "Err:")
_SIGNS_OF = {"s": " ", "tab": "\t", "line-break": "\n"}


class Document:
    """An ods document."""

    def __init__(self, archive: ZipFile) -> None:
        self._archive = archive

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets that are shown."""
        reader = _Reader()
        with self._archive.open("content.xml") as part:
            for _ in parse(part, reader.start, reader.end, reader.text):
                pass
        for name, rows, hidden_columns in reader.shown:
            yield Sheet(name, frozenset(hidden_columns), iter(rows))


class _Reader:
    """Gathers the sheets. An office writes one or two; what they may hold together is limited by the process."""

    def __init__(self) -> None:
        self.shown: list[tuple[str, list[SheetRow], set[int]]] = []
        self._starts: dict[str, Callable[[dict[str, str]], None]] = {
            "style": self._begin_style,
            "table-properties": self._take_style,
            "table": self._begin_table,
            "table-column": self._take_column,
            "table-row": self._begin_row,
            "table-cell": self._begin_cell,
            "covered-table-cell": self._begin_covered_cell,
            "p": self._begin_paragraph,
            **dict.fromkeys(("annotation", "shapes", "frame"), self._begin_note),
            **{name: partial(self._take_sign, sign) for name, sign in _SIGNS_OF.items()},
        }
        self._ends: dict[str, Callable[[], None]] = {
            "p": self._end_paragraph,
            "table-cell": self._end_cell,
            "covered-table-cell": self._end_cell,
            "table-row": self._end_row,
            "table": self._end_table,
            **dict.fromkeys(("annotation", "shapes", "frame"), self._end_note),
        }
        self._hidden_styles: set[str] = set()
        self._style = ""
        self._in_table = 0
        self._visible = True
        self._rows: list[SheetRow] = []
        self._hidden_columns: set[int] = set()
        self._column = self._row = 0
        self._row_times = 1
        self._row_hidden = False
        self._cells: list[Cell] = []
        self._attributes: dict[str, str] = {}
        self._covered = False
        self._paragraphs: list[str] = []
        self._taken = self._notes = 0

    def start(self, element: str, attributes: dict[str, str]) -> None:
        begin = self._starts.get(element)
        if begin is not None:
            begin(attributes)

    def text(self, piece: str) -> None:
        if self._taken and not self._notes:
            self._paragraphs[-1] += piece

    def end(self, element: str) -> None:
        finish = self._ends.get(element)
        if finish is not None:
            finish()

    def _begin_style(self, attributes: dict[str, str]) -> None:
        self._style = _local(attributes).get("name", "")

    def _take_style(self, attributes: dict[str, str]) -> None:
        if _local(attributes).get("display") == "false":
            self._hidden_styles.add(self._style)

    def _begin_table(self, attributes: dict[str, str]) -> None:
        here = _local(attributes)
        self._in_table += 1
        if self._in_table > 1:  # a table within a cell
            raise UnreadableError
        self._visible = here.get("style-name", "") not in self._hidden_styles
        self._rows, self._hidden_columns, self._column, self._row = [], set(), 0, 0
        if self._visible:
            self.shown.append((here.get("name", ""), self._rows, self._hidden_columns))

    def _end_table(self) -> None:
        self._in_table -= 1

    def _take_column(self, attributes: dict[str, str]) -> None:
        here = _local(attributes)
        times = _times(here, "number-columns-repeated")
        if here.get("visibility", "visible") != "visible":
            self._hidden_columns.update(range(self._column, min(self._column + times, MAX_COLUMNS)))
        self._column += times

    def _begin_row(self, attributes: dict[str, str]) -> None:
        here = _local(attributes)
        self._row_times = _times(here, "number-rows-repeated")
        self._row_hidden = here.get("visibility", "visible") != "visible"
        self._cells = []

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        self._attributes, self._covered, self._paragraphs = _local(attributes), False, []

    def _begin_covered_cell(self, attributes: dict[str, str]) -> None:
        self._attributes, self._covered, self._paragraphs = _local(attributes), True, []

    def _begin_paragraph(self, _: dict[str, str]) -> None:
        if self._in_table and not self._notes:
            self._paragraphs.append("")
            self._taken += 1

    def _end_paragraph(self) -> None:
        if self._taken and not self._notes:
            self._taken -= 1

    def _take_sign(self, sign: str, attributes: dict[str, str]) -> None:
        if self._taken and not self._notes:
            self._paragraphs[-1] += sign * min(_times(attributes, "c"), MAX_BLANKS)

    def _begin_note(self, _: dict[str, str]) -> None:
        self._notes += 1

    def _end_note(self) -> None:
        self._notes -= 1

    def _end_cell(self) -> None:
        times = _times(self._attributes, "number-columns-repeated")
        cell = COVERED if self._covered else _cell(self._attributes, "\n".join(self._paragraphs))
        if len(self._cells) + times > MAX_COLUMNS:
            if cell.kind not in (Kind.BLANK, Kind.COVERED):
                raise TooLargeError
            times = max(MAX_COLUMNS - len(self._cells), 0)
        self._cells.extend([cell] * times)

    def _end_row(self) -> None:
        while self._cells and self._cells[-1].kind is Kind.BLANK:
            self._cells.pop()
        first, self._row = self._row + 1, self._row + self._row_times
        if not self._visible or not self._cells:
            return
        if self._row > MAX_ROWS:
            raise TooLargeError
        for row in range(first, self._row + 1):
            self._rows.append(SheetRow(row, self._cells, self._row_hidden))


def _cell(attributes: dict[str, str], shown: str) -> Cell:
    """Return what a cell says; ``shown`` is its text."""
    kind = attributes.get("value-type", "")
    if "formula" in attributes and (kind == "" or shown.startswith(_ERRORS)):
        return ERROR if shown else NOT_COMPUTED
    read = _READ.get(kind)
    if read is None:
        raise UnreadableError
    return read(attributes, shown)


def _text(attributes: dict[str, str], shown: str) -> Cell:
    text = attributes.get("string-value", shown)
    return Cell(Kind.TEXT, text) if text else BLANK


def _moment(attributes: dict[str, str], shown: str) -> Cell:
    day, _, time = attributes.get("date-value", "").partition("T")
    kind = Kind.MOMENT if ":" in shown else Kind.DAY
    return Cell(kind, f"{_day(day)}T{time.partition('.')[0] or '00:00:00'}")


def _number(attributes: dict[str, str], shown: str) -> Cell:
    try:
        real = float(attributes.get("value", ""))
        if not real.is_integer():
            return Cell(Kind.NUMBER, f"{real:.15g}" if "e" not in f"{real:.15g}" else f"{real:.15f}".rstrip("0"))
        whole = str(int(real))
    except (ValueError, OverflowError):
        raise UnreadableError from None
    if len(whole.lstrip("-")) > MAX_DIGITS:
        return Cell(Kind.LONG_NUMBER, whole)
    if shown.isascii() and shown.isdigit() and int(shown) == int(real):
        return Cell(Kind.NUMBER, shown)  # with the zeros that are shown before it
    plain = shown.translate(_SIGNS)
    return Cell(Kind.NUMBER if not plain or _is_number(plain) else Kind.STYLED_NUMBER, whole)


_SIGNS = {ord(sign): None for sign in ", '$¥￥€£()\u00a0\u202f"}


def _is_number(written: str) -> bool:
    try:
        float(written)
    except ValueError:
        return False
    return True


def _day(written: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError:
        raise UnreadableError from None


def _local(attributes: dict[str, str]) -> dict[str, str]:
    return {name.rpartition(":")[2]: value for name, value in attributes.items()}


def _times(attributes: dict[str, str], name: str) -> int:
    written = next((value for key, value in attributes.items() if key.rpartition(":")[2] == name), "1")
    if not (written.isascii() and written.isdigit()) or len(written) > 9:  # noqa: PLR2004 - more than any sheet has
        raise UnreadableError
    return max(int(written), 1)


_READ: dict[str, Callable[[dict[str, str], str], Cell]] = {
    "": lambda _, __: BLANK,
    "string": _text,
    "float": _number,
    "currency": _number,
    "percentage": lambda attributes, _: Cell(Kind.PERCENTAGE, attributes.get("value", "")),
    "date": _moment,
    "time": lambda _, shown: Cell(Kind.TIME_OF_DAY, shown),
    "boolean": lambda attributes, _: Cell(Kind.BOOLEAN, attributes.get("boolean-value", "").upper()),
}
"""Type of a cell's value -> how it is read."""

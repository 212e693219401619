"""Excel 97 to 2003 (xls, BIFF), by xlrd: what is shown, and what is not known."""

import io
from collections.abc import Iterator

import xlrd
from xlrd.biffh import XL_CELL_BOOLEAN, XL_CELL_DATE, XL_CELL_ERROR, XL_CELL_NUMBER, XL_CELL_TEXT
from xlrd.sheet import Sheet as XlrdSheet

from shared.imports.sheets.cells import (
    BLANK,
    BUILT_IN,
    ERROR,
    GENERAL,
    MAX_COLUMNS,
    Cell,
    Format,
    Kind,
    Sheet,
    SheetRow,
    TooLargeError,
    UnreadableError,
    format_of,
    real,
)
from shared.imports.sheets.merged import Area, Merged


class Workbook:
    """An xls workbook."""

    def __init__(self, content: bytes) -> None:
        try:
            self._book = xlrd.open_workbook(file_contents=content, formatting_info=True, logfile=io.StringIO())
        except MemoryError:
            raise
        except Exception:  # noqa: BLE001 - of a damaged file anything may come
            raise UnreadableError from None

    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets that are shown."""
        for sheet in self._book.sheets():
            if not sheet.visibility:
                hidden = frozenset(index for index, info in sheet.colinfo_map.items() if info.hidden or not info.width)
                yield Sheet(sheet.name, hidden, self._rows(sheet))

    def _rows(self, sheet: XlrdSheet) -> Iterator[SheetRow]:
        if sheet.ncols > MAX_COLUMNS:
            raise TooLargeError
        merged = Merged(
            Area(top + 1, left, bottom, right - 1) for top, bottom, left, right in sheet.merged_cells
        )  # fmt: skip
        for index in range(sheet.nrows):
            kinds, values = sheet.row_types(index), sheet.row_values(index)
            styles = [sheet.cell_xf_index(index, column) for column in range(len(values))]
            cells = [self._cell(*each) for each in zip(kinds, values, styles, strict=True)]
            info = sheet.rowinfo_map.get(index)
            merged.cover(index + 1, cells)
            yield SheetRow(index + 1, cells, bool(info and (info.hidden or info.height == 0)))

    def _cell(self, kind: int, value: object, style: int) -> Cell:
        if kind == XL_CELL_TEXT:
            return Cell(Kind.TEXT, str(value)) if value else BLANK
        if kind in (XL_CELL_NUMBER, XL_CELL_DATE):
            try:
                return real(float(str(value)), self._format(style), from_1904=bool(self._book.datemode))
            except (ValueError, OverflowError):
                raise UnreadableError from None
        if kind == XL_CELL_BOOLEAN:
            return Cell(Kind.BOOLEAN, "TRUE" if value else "FALSE")
        return ERROR if kind == XL_CELL_ERROR else BLANK

    def _format(self, style: int) -> Format:
        if style >= len(self._book.xf_list):
            return GENERAL
        key = self._book.xf_list[style].format_key
        known = self._book.format_map.get(key)
        return BUILT_IN[key] if key in BUILT_IN else format_of(known.format_str if known else "General")

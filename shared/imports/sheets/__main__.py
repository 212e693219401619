"""Says what the one filled sheet of a spreadsheet shows: a JSON line that begins it, then one a row.

Invariant: whatever a spreadsheet is made of (one long text that a million cells share, two cells at opposite corners),
it costs this process its life at most: memory and time are limited before the first byte is read, and what it says
while it is written.
"""

import io
import json
import resource
import sys
from collections.abc import Iterator
from itertools import chain, dropwhile
from typing import IO, Protocol
from zipfile import BadZipFile, ZipFile
from zlib import error as ZlibError  # noqa: N812 - a class

from shared.imports.sheets.cells import (
    MAX_TEXT,
    TOO_LARGE,
    UNREADABLE,
    Kind,
    Sheet,
    SheetRow,
    TooLargeError,
    UnreadableError,
)

MAX_MEMORY_BYTES = 1536 * 1024 * 1024
MAX_CPU_SECONDS = 60
MAX_CELL = 8000
"""In characters: of a longer one nobody needs to know more than that it is."""


class _Book(Protocol):
    def sheets(self) -> Iterator[Sheet]:
        """Yield the sheets that are shown."""


def main() -> None:
    """Write the sheet that is shown and filled, or the names of those that are."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace")
    code = tell(sys.stdin.buffer, out)
    out.flush()
    sys.exit(code)


def tell(source: IO[bytes], out: IO[str]) -> int:
    """Write what a spreadsheet shows; return the exit code."""
    try:
        _write(_book(source), out)
    except (UnreadableError, BadZipFile, EOFError, KeyError, NotImplementedError, OSError, ValueError, ZlibError):
        return UNREADABLE
    except (TooLargeError, MemoryError):
        return TOO_LARGE
    return 0


def _book(source: IO[bytes]) -> _Book:
    content = source.read()
    if not content.startswith(b"PK"):
        from shared.imports.sheets.xls import Workbook as Xls  # noqa: PLC0415 - xlrd, which few files need

        return Xls(content)
    archive = ZipFile(io.BytesIO(content))
    names = archive.namelist()
    if "content.xml" in names and "mimetype" in names:
        from shared.imports.sheets.ods import Document  # noqa: PLC0415

        return Document(archive)
    from shared.imports.sheets.xlsx import Workbook  # noqa: PLC0415

    return Workbook(archive)


def _write(book: _Book, out: IO[str]) -> None:
    filled: list[tuple[Sheet, Iterator[SheetRow]]] = []
    for sheet in book.sheets():
        rows = dropwhile(_is_blank, sheet.rows)
        first = next(rows, None)
        if first is not None:
            filled.append((sheet, chain([first], rows)))
    names = [sheet.name for sheet, _ in filled]
    hidden_columns = sorted(filled[0][0].hidden_columns) if filled else []
    out.write(json.dumps({"sheets": names, "hidden_columns": hidden_columns}) + "\n")
    left = MAX_TEXT
    for row in filled[0][1] if len(filled) == 1 else ():
        left -= _write_row(row, out)
        if left < 0:
            raise TooLargeError


def _write_row(row: SheetRow, out: IO[str]) -> int:
    """Write a row; return how many characters its cells have."""
    size, texts = 0, []
    for cell in row.cells:
        size += len(cell.text)
        texts.append(cell.text if len(cell.text) <= MAX_CELL else cell.text[:MAX_CELL])
    kinds = "".join([cell.kind for cell in row.cells])
    out.write(json.dumps([row.number, row.hidden, kinds, texts], ensure_ascii=False) + "\n")
    return size


def _is_blank(row: SheetRow) -> bool:
    return not any(cell.kind in _WITHOUT_TEXT or cell.text.strip() for cell in row.cells)


_WITHOUT_TEXT = (Kind.ERROR, Kind.NOT_COMPUTED)

if __name__ == "__main__":
    main()

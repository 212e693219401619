"""A program that turns a spreadsheet on its standard input into CSV on its standard output: ``spreadsheet.py``.

Invariant: whatever a spreadsheet is made of (one long text that a million cells share, two cells at opposite corners),
it costs this process its life at most: memory and time are limited before the first byte is read, and what it says
while it is written. It is run by its path and imports nothing of ours.
"""

import csv
import io
import resource
import sys
from datetime import date, datetime
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

MAX_MEMORY_BYTES = 1536 * 1024 * 1024
MAX_CPU_SECONDS = 60
MAX_TEXT = 256 * 1024 * 1024
"""In characters, of all cells together."""
UNREADABLE, TOO_LARGE = 3, 4
"""Exit codes: no spreadsheet, or a damaged one; and one that says too much."""


def main() -> None:
    """Convert the first sheet."""
    resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY_BYTES, MAX_MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    out = csv.writer(io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8", errors="replace", newline=""))
    try:
        sheet = CalamineWorkbook.from_filelike(io.BytesIO(sys.stdin.buffer.read())).get_sheet_by_index(0)
        left = MAX_TEXT
        for cells in sheet.iter_rows():
            texts = [_cell(cell) for cell in cells]
            left -= sum(map(len, texts))
            if left < 0:
                sys.exit(TOO_LARGE)
            out.writerow(texts)
    except (CalamineError, IndexError):
        sys.exit(UNREADABLE)


def _cell(value: Any) -> str:  # noqa: ANN401 - a spreadsheet's cell holds what its author typed
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime) and value.time().isoformat() == "00:00:00":
        return value.date().isoformat()
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


if __name__ == "__main__":
    main()

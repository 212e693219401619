"""CSV that spreadsheet programs open right.

Invariant: UTF-8 with its mark in front, so that Chinese is read right, and every text a text: one that would be taken
for a formula gets an apostrophe. Numbers stay numbers.
"""

import csv
import io
from collections.abc import Iterable, Sequence

CSV = "text/csv; charset=utf-8"
MARK = "\ufeff".encode()
"""What a file begins with, once."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
Row = Sequence[str | int]


def lines_of(rows: Iterable[Row]) -> bytes:
    """Return rows as lines of a file that has begun."""
    file = io.StringIO(newline="")
    csv.writer(file).writerows([_plain(value) for value in row] for row in rows)
    return file.getvalue().encode()


def csv_of(rows: Iterable[Row]) -> bytes:
    """Return rows, the head first, as a whole file."""
    return MARK + lines_of(rows)


def _plain(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value

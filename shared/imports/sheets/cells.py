"""What a cell of a spreadsheet shows, and what kind of thing that is.

Invariant: nothing that a person does not see becomes a value. An error, a formula that nobody has computed, or a number
of which the program that wrote it has kept 15 digits at most, is told by its kind; whoever asks decides.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple


class Kind(StrEnum):
    """One letter a cell, so that a row's kinds are one short text."""

    BLANK = "_"
    TEXT = "s"
    NUMBER = "n"
    LONG_NUMBER = "N"
    """A whole number of more than 15 digits: its last ones are not those that were typed."""
    STYLED_NUMBER = "x"
    """A number that is shown with other signs than its own: ``3 units``, ``No. 3``."""
    PERCENTAGE = "p"
    DAY = "d"
    MOMENT = "D"
    TIME_OF_DAY = "t"
    """A time of no day, or a duration."""
    BOOLEAN = "b"
    ERROR = "e"
    NOT_COMPUTED = "f"
    COVERED = "m"
    """Lies under a merged cell: what is shown here stands in another cell."""


class Cell(NamedTuple):
    """A kind, and the text of it; days and moments as ``2026-03-01T08:00:00``."""

    kind: Kind
    text: str


class SheetRow(NamedTuple):
    """A row as its program numbers it; ``hidden`` where it is not shown."""

    number: int
    cells: list[Cell]
    hidden: bool


class Sheet(NamedTuple):
    """A visible sheet. ``hidden_columns`` count from 0. ``rows`` can be gone through once."""

    name: str
    hidden_columns: frozenset[int]
    rows: Iterator[SheetRow]


class UnreadableError(Exception):
    """The bytes are no such spreadsheet, or a damaged one."""


class TooLargeError(Exception):
    """The spreadsheet says too much."""


BLANK = Cell(Kind.BLANK, "")
COVERED = Cell(Kind.COVERED, "")
ERROR = Cell(Kind.ERROR, "")
NOT_COMPUTED = Cell(Kind.NOT_COMPUTED, "")
UNREADABLE, TOO_LARGE = 3, 4
"""Exit codes: no spreadsheet, or a damaged one; and one that says too much."""
MAX_COLUMNS = 1000
MAX_TEXT = 256 * 1024 * 1024
"""In characters, of all cells together."""
MAX_DIGITS = 15
"""What a spreadsheet keeps of a number."""
_SECONDS_A_DAY = 86400
_LAST_SERIAL = 2958465
"""31 December 9999."""
_NO_SUCH_DAY = 60
"""29 February 1900, which Excel believes in."""


class Show(StrEnum):
    """How a number format shows a number."""

    PLAIN = "plain"
    STYLED = "styled"
    PERCENTAGE = "percentage"
    DAY = "day"
    MOMENT = "moment"
    TIME_OF_DAY = "time of day"


class Format(NamedTuple):
    """What a number format does; ``zeros`` is how many digits it fills up to."""

    show: Show
    zeros: int = 0


GENERAL = Format(Show.PLAIN)
BUILT_IN = {
    **dict.fromkeys((9, 10), Format(Show.PERCENTAGE)),
    **dict.fromkeys((14, 15, 16, 17), Format(Show.DAY)),
    **dict.fromkeys((18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47, 55, 56), Format(Show.TIME_OF_DAY)),
    22: Format(Show.MOMENT),
    **dict.fromkeys((27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58), Format(Show.DAY)),
}
"""Formats that files name by number alone (ECMA-376, 18.8.30, with those of Chinese Excel)."""
_LITERAL = re.compile(r'"([^"]*)"|\\(.)')
_SPACING = re.compile(r"[_*].")
_BRACKETS = re.compile(r"\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]", re.IGNORECASE)
_MERIDIEM = re.compile(r"am/pm|a/p|上午/下午", re.IGNORECASE)
_EXPONENT = re.compile(r"e[+-]", re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")
_NUMERIC = re.compile(r"[0#?.,;@/$¥￥€£()\s+-]*")


@lru_cache(maxsize=1024)
def format_of(code: str) -> Format:
    """Return what a format code such as ``yyyy-mm-dd`` or ``0"h"`` does."""
    first = code.split(";", maxsplit=1)[0]
    literals = "".join(quoted or escaped for quoted, escaped in _LITERAL.findall(first)).strip()
    bare = _BRACKETS.sub("", _SPACING.sub("", _LITERAL.sub("", first))).strip()
    if any(match["elapsed"] for match in _BRACKETS.finditer(first)):
        return Format(Show.TIME_OF_DAY)
    if bare.lower() in ("", "general", "@", "g/通用格式"):
        return Format(Show.STYLED) if literals else GENERAL
    if "%" in bare:
        return Format(Show.PERCENTAGE)
    letters = _EXPONENT.sub("", bare).lower()
    if of_time := _of_time(letters):
        return Format(of_time)
    if literals or not _NUMERIC.fullmatch(letters):
        return Format(Show.STYLED)
    return Format(Show.PLAIN, len(bare)) if _ZEROS.fullmatch(bare) else GENERAL


def _of_time(letters: str) -> Show | None:
    """Return what a format of days or times shows, or None of another one."""
    meridiem = _MERIDIEM.search(letters)
    letters = _MERIDIEM.sub("", letters)
    time = bool(meridiem) or any(sign in letters for sign in "hs")
    if any(sign in letters for sign in "ydae") or ("m" in letters and not time):
        return Show.MOMENT if time else Show.DAY
    return Show.TIME_OF_DAY if time else None


def number(written: str, shown: Format, *, from_1904: bool) -> Cell:
    """Return the cell of a number as a file holds it. Raises UnreadableError where it is none."""
    if shown.show is Show.PLAIN and len(written) <= MAX_DIGITS and written.isascii() and written.isdigit():
        return Cell(Kind.NUMBER, written.zfill(shown.zeros))
    try:
        value = float(written)
        return real(value, shown, from_1904=from_1904)
    except (ValueError, OverflowError):
        raise UnreadableError from None


def real(value: float, shown: Format, *, from_1904: bool) -> Cell:
    """Return the cell of a number. Raises ValueError or OverflowError where it is infinite or none."""
    if shown.show in (Show.DAY, Show.MOMENT, Show.TIME_OF_DAY):
        return _moment(value, shown.show, from_1904=from_1904)
    if shown.show is Show.PERCENTAGE:
        return Cell(Kind.PERCENTAGE, f"{value:.15g}")
    kind = Kind.STYLED_NUMBER if shown.show is Show.STYLED else Kind.NUMBER
    if not value.is_integer():
        if value != value:  # noqa: PLR0124 - not a number
            raise ValueError
        return Cell(kind, _decimal(value))
    whole = str(int(value))
    if len(whole.lstrip("-")) > MAX_DIGITS:
        return Cell(Kind.LONG_NUMBER, whole)
    return Cell(kind, whole.zfill(shown.zeros))


def _decimal(value: float) -> str:
    """Return a number to the 15 digits that a spreadsheet keeps, never with an exponent."""
    shortest = f"{value:.15g}"
    return f"{value:.15f}".rstrip("0") if "e" in shortest else shortest


def _moment(serial: float, show: Show, *, from_1904: bool) -> Cell:
    """Return the day or moment that a serial number stands for."""
    if show is Show.TIME_OF_DAY and serial < 1:
        return Cell(Kind.TIME_OF_DAY, f"{serial:.15g}")
    days = serial + 1462 if from_1904 else serial
    if not 1 <= days <= _LAST_SERIAL + 1 or int(days) == _NO_SUCH_DAY:
        return Cell(Kind.TIME_OF_DAY, f"{serial:.15g}")
    first = datetime(1899, 12, 30) if days > _NO_SUCH_DAY else datetime(1899, 12, 31)  # noqa: DTZ001 - a local time
    found = first + timedelta(seconds=round(days * _SECONDS_A_DAY))
    return Cell(Kind.DAY if show is Show.DAY else Kind.MOMENT, found.isoformat())

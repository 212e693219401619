"""What a cell says for its column, or why that is not certain.

Invariant: text is text, and of what a spreadsheet holds otherwise only that is taken which the column holds. A cell
that says "error" or "nothing" in a program's words is not empty: emptiness would erase what is on file.
"""

import re
from collections.abc import Sequence

from shared.contracts.faults import Code
from shared.imports.columns import Holds
from shared.imports.lines import MAX_CELL
from shared.imports.sheets.cells import MAX_DIGITS, Kind

_SIGNS = re.compile("[\0\t\n\r\ufffd\ud800-\udfff\"'‘’`#\\\\]")
_WORDS = re.compile(r"NULL|null|None|nan|NaN|NaT|NA>|undefined|E\+|Err:")
_ERRORS = re.compile(
    r"#(?:N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|FIELD!|CONNECT!|BLOCKED!|UNKNOWN!|BUSY!|ERROR!|"
    r"GETTING_DATA|引用!|值!|名称\?|除以零!|数!)|#+|Err:\d+",
    re.IGNORECASE,
)
_LOST = re.compile("[\ufffd\ud800-\udfff]")
_NOTHING = frozenset({"NULL", "null", "None", "nan", "NaN", "NaT", "<NA>", "\\N", "undefined"})
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+\d+")
_TEXT_MARK = re.compile(r'="([^"]*)"')
_APOSTROPHES = "'‘’`"
_DIGITS = re.compile(r"[0-9]+[0-9Xx]?")


def is_plain(texts: Sequence[str], joined: str) -> bool:
    """Return whether a line's texts certainly are what they seem; ``plain`` returns each of them as it is then.

    It is asked of every line, so it is told all of them at once, and ``joined``.
    """
    return not (_SIGNS.search(joined) or _WORDS.search(joined) or len(max(texts, key=len)) > MAX_CELL)


def is_long_number(text: str) -> bool:
    """Return whether a text is a number of more digits than a spreadsheet keeps."""
    return len(text) > MAX_DIGITS and text.isascii() and text.isdigit()


def is_cut(text: str) -> bool:
    """Return whether a text may be a number that a spreadsheet has cut to 15 digits."""
    return is_long_number(text) and not text[MAX_DIGITS:].strip("0")


def plain(text: str, holds: Holds) -> tuple[str, Code | None]:
    """Return a text without the marks that programs put on texts, or why it cannot be trusted."""
    value = _unmarked(text)
    bare = value.strip()
    doubts = (
        (len(text) > MAX_CELL, Code.TOO_LONG),
        ("\0" in value, Code.CONTROL_CHARACTER),
        ("\n" in value or "\r" in value, Code.LINE_BREAK),
        (_LOST.search(value), Code.LOST_CHARACTER),
        (bare in _NOTHING or _ERRORS.fullmatch(bare), Code.BROKEN_CELL),
        (holds in (Holds.TEXT, Holds.ID_NUMBER) and _SCIENTIFIC.fullmatch(bare), Code.NUMBER_CELL),
    )
    return value, next((code for doubt, code in doubts if doubt), None)


def _unmarked(text: str) -> str:
    value = text.strip("\t\r\n")
    if marked := _TEXT_MARK.fullmatch(value):
        value = marked[1].strip("\t\r\n")
    if value and value[0] in _APOSTROPHES:
        rest = value[1:]
        if _DIGITS.fullmatch(rest) or (value[0] == "'" and rest and "'" not in rest):
            return rest
    return value


def of_sheet(kind: Kind, text: str, holds: Holds) -> tuple[str, Code | None]:
    """Return what a cell of a spreadsheet says for a column, or why that is not certain."""
    if kind in (Kind.BLANK, Kind.TEXT):
        return plain(text, holds)
    if kind is Kind.NUMBER or (kind is Kind.STYLED_NUMBER and holds is Holds.NUMBER):
        return text, None
    if kind in (Kind.DAY, Kind.MOMENT, Kind.TIME_OF_DAY) and holds in (Holds.DAY, Holds.MOMENT):
        return _moment(kind, text, holds)
    return text, _DOUBTS.get(kind, Code.CELL_TYPE)


_DOUBTS = {
    Kind.LONG_NUMBER: Code.NUMBER_CELL,
    Kind.ERROR: Code.BROKEN_CELL,
    Kind.NOT_COMPUTED: Code.BROKEN_CELL,
    Kind.COVERED: Code.MERGED_CELL,
}


def _moment(kind: Kind, text: str, holds: Holds) -> tuple[str, Code | None]:
    day, _, time = text.partition("T")
    midnight = time == "00:00:00"
    if holds is Holds.DAY:
        return day, None if kind is Kind.DAY or (kind is Kind.MOMENT and midnight) else Code.DATE
    return text, None if kind is Kind.MOMENT or (kind is Kind.DAY and not midnight) else Code.TIME

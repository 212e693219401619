"""How offices write things, and the one form that is kept.

Invariant: each function here is idempotent: what it returns, it returns unchanged. An imported line is ``normalised``
exactly if one of them has changed a value of it.
"""

import re
from datetime import date
from functools import lru_cache

FORMULA_SIGNS = "=+-@"
"""What a spreadsheet takes for the start of a formula."""
_HALF_WIDTH = {0xFF01 + offset: 0x21 + offset for offset in range(94)} | {0x3000: " "}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_AROUND = " \t\r\n\u00a0\u3000"
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f]")
_MIDDLE_DOTS = re.compile("[\u2022\u2027\u22c5\u30fb\uff65]")
_BLANKS = re.compile(r"\s+")
_BLANK_BETWEEN_IDEOGRAPHS = re.compile(
    "(?<=[\u3400-\u9fff\U00020000-\U000323af]) (?=[\u3400-\u9fff\U00020000-\U000323af])"
)
_GROUPING = re.compile(r"[\s\-‐-―()]")
_COUNTRY_CODE = re.compile(r"\A(?:\+|00)?86(?=[0-9]{11}\Z)")
_LIST_SEPARATORS = re.compile(r"[;,、]")
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?(?: 00:00:00)?")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")


def tidy(value: str) -> str:
    """Drop blanks around a value and characters that nobody sees (zero-width, text direction)."""
    if value.isascii():
        return value.strip(_AROUND)
    return _INVISIBLE.sub("", value).strip(_AROUND)


def has_control_character(value: str) -> bool:
    """Return whether a value holds a C0 or C1 control character."""
    return _CONTROL.search(value) is not None


def half_width(value: str) -> str:
    """Write full-width digits, letters and signs as their plain forms."""
    return value if value.isascii() else value.translate(_HALF_WIDTH)


def name(value: str) -> str:
    """Write a name with single blanks, none between ideographs, and the middle dot of transcribed names as ``·``."""
    return _BLANK_BETWEEN_IDEOGRAPHS.sub("", _BLANKS.sub(" ", _MIDDLE_DOTS.sub("·", value)))


def number(value: str) -> str:
    """Write a volunteer number: half-width, letters as capitals."""
    return half_width(value).upper()


def id_number(value: str) -> str:
    """Write an ID number without grouping, its check character as a capital."""
    return _GROUPING.sub("", half_width(value)).upper()


def phone(value: str) -> str:
    """Write a mobile number as its eleven digits, without grouping and country code."""
    return _COUNTRY_CODE.sub("", _GROUPING.sub("", half_width(value)))


def email(value: str) -> str:
    """Write an address with its domain in lower case; the local part is the mail host's own affair."""
    local, at, domain = half_width(value).rpartition("@")
    return f"{local}{at}{domain.lower()}"


def code(value: str) -> str:
    """Write a code of a code list: half-width, lower case."""
    return half_width(value).lower()


@lru_cache(maxsize=4096)  # rosters repeat the same few lists and days
def codes(value: str) -> tuple[str, ...]:
    """Split a list of codes at ``;`` (or ``,`` or ``、``); blanks and repetitions go."""
    parts = (part.strip() for part in _LIST_SEPARATORS.split(code(value)))
    return tuple(dict.fromkeys(part for part in parts if part))


@lru_cache(maxsize=4096)
def day(value: str) -> date | None:
    """Read a date written as 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日 or 20260301; None where it is none."""
    plain = half_width(value)
    match = _DATE.fullmatch(plain) or _COMPACT_DATE.fullmatch(plain)
    if match is None:
        return None
    year, month, day_of_month = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None

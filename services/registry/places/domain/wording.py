"""How offices write numbers, dates and lists, and the one form that is kept; of text in general: ``contracts.text``.

Invariant: each function here is idempotent: what it returns, it returns unchanged. An imported line is ``normalised``
exactly if one of them has changed a value of it.
"""

import re
from datetime import date
from functools import lru_cache

from shared.contracts import text

FORMULA_SIGNS = "=+-@"
"""What a spreadsheet takes for the start of a formula."""
_GROUPING = re.compile(r"[\s\-()]")
_COUNTRY_CODE = re.compile(r"\A(?:\+|00)?86(?=[0-9]{11}\Z)")
_LIST_SEPARATORS = re.compile(r"[;,、]")
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})-|/(\d{1,2})/|\.(\d{1,2})\.|年(\d{1,2})月)(\d{1,2})日?(?: 00:00:00)?", re.ASCII
)
_COMPACT_DATE = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")


def ungrouped(value: str) -> str:
    """Write a number that people group as they like, an ID number for one: without blanks and hyphens, in capitals."""
    return text.code(_GROUPING.sub("", text.code(value)).upper())  # marks that meet have an order


def phone(value: str) -> str:
    """Write a mobile number as its eleven digits, without grouping and country code."""
    return _COUNTRY_CODE.sub("", _GROUPING.sub("", text.code(value)))


def email(value: str) -> str:
    """Write an address with its domain in lower case; the local part is the mail host's own affair."""
    local, at, domain = text.code(value).rpartition("@")
    return f"{local}{at}{domain.lower()}"


def code(value: str) -> str:
    """Write a code of a code list: half-width, lower case."""
    return text.code(value).lower()


@lru_cache(maxsize=4096)  # rosters repeat the same few lists and days
def codes(value: str) -> tuple[str, ...]:
    """Split a list of codes at ``;`` (or ``,`` or ``、``); blanks and repetitions go."""
    parts = (part.strip() for part in _LIST_SEPARATORS.split(code(value)))
    return tuple(dict.fromkeys(part for part in parts if part))


@lru_cache(maxsize=4096)
def day(value: str) -> date | None:
    """Read a date written as 2026-03-01, 2026/3/1, 2026.3.1, 2026年3月1日 or 20260301; None where it is none."""
    plain = text.code(value)
    match = _DATE.fullmatch(plain) or _COMPACT_DATE.fullmatch(plain)
    if match is None:
        return None
    year, month, day_of_month = (int(part) for part in match.groups() if part is not None)
    try:
        return date(year, month, day_of_month)
    except ValueError:
        return None

"""Which columns a kind of file has, how their headers may be written, and what their cells hold."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

_UNSEEN = re.compile(r"[\s_\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_HINT = re.compile(r"\((?:必填|选填|可选|required|optional)\)")
_MARKS = "*:"
RUNNING_NUMBERS = frozenset({"序号", "行号", "no.", "no", "#", "s/n"})
"""Headers of a column that numbers the lines; it says nothing of what is in them."""


class Holds(StrEnum):
    """What the cells of a column hold; a spreadsheet's cell that holds something else is not guessed at."""

    TEXT = "text"
    ID_NUMBER = "id number"
    """Text of 18 digits, of which a spreadsheet keeps 15 where it is typed as a number."""
    NUMBER = "number"
    DAY = "day"
    MOMENT = "moment"


@dataclass(frozen=True)
class Columns:
    """The columns of a kind of file. No column holds a line break."""

    headers: Mapping[str, str]
    """Header as written in files -> our field name; the first header of a field is the one that people are shown."""
    holds: Mapping[str, Holds] = field(default_factory=dict)
    """Field -> what its cells hold, where that is not text."""
    optional: frozenset[str] = frozenset()
    """Fields that a file need not have a column of; its rows then have no value of theirs, not even an empty one."""

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The fields, in their order."""
        return tuple(dict.fromkeys(self.headers.values()))

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """The fields that every file has a column of."""
        return tuple(field for field in self.fields if field not in self.optional)

    @cached_property
    def _by_key(self) -> Mapping[str, str]:
        return {header_key(name): found for name, found in self.headers.items()}

    def field_of(self, header: str) -> str | None:
        """Return the field that a header names: whatever its case, width, blanks and marks of what is required."""
        return self._by_key.get(header_key(header))

    def shown(self, of: str) -> str:
        """Return a field's header as people know it."""
        return next(name for name, found in self.headers.items() if found == of)


def header_key(header: str) -> str:
    """Return what two writings of one header have in common."""
    key = _UNSEEN.sub("", unicodedata.normalize("NFKC", header)).casefold()
    return _HINT.sub("", key).strip(_MARKS)


def numbers_lines(header: str) -> bool:
    """Return whether a column of this header only counts the lines."""
    return header_key(header) in RUNNING_NUMBERS

"""Reads a record's fields as somebody wrote them, and collects what is wrong with them.

Invariant: every reading method returns the normal form or None, and a None that was filled in has a fault to show.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from services.registry.places.domain import wording
from shared.contracts.faults import Code, Fault

T = TypeVar("T")


class Fields:
    """One record's fields. ``faults`` is in reading order; ``normalised`` says that a value was written differently."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.faults: list[Fault] = []
        self.normalised = False

    def fault(self, field: str, code: Code) -> None:
        """Note a fault."""
        self.faults.append(Fault(field, code))

    def text(self, field: str, normal_form: Callable[[str], str], *, required: bool = False) -> str | None:
        """Return a field in its normal form. Faults: control_character, missing."""
        written = self._values.get(field, "")
        value = wording.tidy(written)
        if wording.has_control_character(value):
            self.fault(field, Code.CONTROL_CHARACTER)
            return None
        value = normal_form(value) if value else value
        if value != written:
            self.normalised = True
        if not value and required:
            self.fault(field, Code.MISSING)
        return value or None

    def matching(
        self, field: str, normal_form: Callable[[str], str], shape: re.Pattern[str], *, required: bool = False
    ) -> str | None:
        """Return a field that has a fixed shape. Faults: as ``text``, and format."""
        value = self.text(field, normal_form, required=required)
        if value is None or shape.fullmatch(value):
            return value
        self.fault(field, Code.FORMAT)
        return None

    def name(self, field: str, max_length: int, *, required: bool = True) -> str | None:
        """Return a name of a person or thing. Faults: as ``text``, and formula, too_long, format (no letter in it)."""
        value = self.text(field, wording.name, required=required)
        if value is None:
            return None
        if wording.half_width(value[0]) in wording.FORMULA_SIGNS:
            self.fault(field, Code.FORMULA)
        elif len(value) > max_length:
            self.fault(field, Code.TOO_LONG)
        elif not any(character.isalpha() for character in value):
            self.fault(field, Code.FORMAT)
        else:
            return value
        return None

    def coded(self, field: str, known: Mapping[str, T], *, required: bool = False) -> T | None:
        """Return what a word of a code list stands for. Faults: as ``text``, and unknown_value."""
        return self._known(field, wording.code, known, Code.UNKNOWN_VALUE, required=required)

    def reference(self, field: str, known: Mapping[str, T], *, required: bool = False) -> T | None:
        """Return what the code of something on file stands for. Faults: as ``text``, and unknown_reference."""
        return self._known(field, wording.half_width, known, Code.UNKNOWN_REFERENCE, required=required)

    def several(self, field: str, known: Mapping[str, str]) -> tuple[str, ...]:
        """Return the codes that a list of words stands for. Faults: as ``text``, and unknown_value."""
        value = self.text(field, _rejoined)
        parts = value.split(";") if value else []
        if any(part not in known for part in parts):
            self.fault(field, Code.UNKNOWN_VALUE)
            return ()
        return tuple(dict.fromkeys(known[part] for part in parts))

    def day(self, field: str, latest: date, *, required: bool = False) -> date | None:
        """Return a date not after ``latest``. Faults: as ``text``, and date, in_future."""
        value = self.text(field, _as_iso, required=required)
        if value is None:
            return None
        day = wording.day(value)
        if day is None:
            self.fault(field, Code.DATE)
        elif day > latest:
            self.fault(field, Code.IN_FUTURE)
        else:
            return day
        return None

    def number(self, field: str, least: float, most: float) -> float | None:
        """Return a number within limits. Faults: as ``text``, and number, out_of_range."""
        value = self.text(field, wording.half_width)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            self.fault(field, Code.NUMBER)
        elif not least <= float(value) <= most:
            self.fault(field, Code.OUT_OF_RANGE)
        else:
            return float(value)
        return None

    def _known(
        self, field: str, normal_form: Callable[[str], str], known: Mapping[str, T], code: Code, *, required: bool
    ) -> T | None:
        value = self.text(field, normal_form, required=required)
        if value is None:
            return None
        if value not in known:
            self.fault(field, code)
            return None
        return known[value]


_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?")


def _rejoined(value: str) -> str:
    return ";".join(wording.codes(value))


def _as_iso(value: str) -> str:
    day = wording.day(value)
    return value if day is None else day.isoformat()

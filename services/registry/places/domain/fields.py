"""Reads a record's fields as somebody wrote them, and collects what is wrong with them.

Invariant: every reading method returns the normal form or None, and a None that was filled in has a fault to show.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from services.registry.places.domain import wording
from shared.contracts import text
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

    def says(self, field: str) -> bool:
        """Return whether anything is said of a field, be it that it is empty."""
        return field in self._values

    def text(self, field: str, normal_form: Callable[[str], str], *, required: bool = False) -> str | None:
        """Return a field in its normal form. Faults: control_character, missing."""
        written = self._values.get(field, "")
        value = text.tidy(written)
        if text.has_control_character(value):
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
        """Return a name of a place or body. Faults: as ``text``, formula, too_long, garbled, look_alikes, format."""
        return self._named(field, max_length, _name_fault, required=required)

    def person(self, field: str, max_length: int) -> str | None:
        """Return a person's name. Faults: as ``text``, formula, too_long, garbled, look_alikes, not_a_name."""
        return self._named(field, max_length, _person_fault, required=True)

    def _named(
        self, field: str, max_length: int, fault_of: Callable[[str], Code | None], *, required: bool
    ) -> str | None:
        value = self.text(field, text.name, required=required)
        if value is None:
            return None
        code: Code | None
        if text.code(value[0]) in wording.FORMULA_SIGNS:
            code = Code.FORMULA
        elif len(value) > max_length:
            code = Code.TOO_LONG
        elif text.is_garbled(self._values[field]):
            code = Code.GARBLED
        else:
            code = fault_of(value)
        if code is not None:
            self.fault(field, code)
            return None
        return value

    def coded(self, field: str, known: Mapping[str, T], *, required: bool = False) -> T | None:
        """Return what a word of a code list stands for. Faults: as ``text``, and unknown_value."""
        return self._known(field, wording.code, known, Code.UNKNOWN_VALUE, required=required)

    def reference(self, field: str, known: Mapping[str, T], *, required: bool = False) -> T | None:
        """Return what the code of something on file stands for. Faults: as ``text``, and unknown_reference."""
        return self._known(field, text.code, known, Code.UNKNOWN_REFERENCE, required=required)

    def several(self, field: str, known: Mapping[str, str]) -> tuple[str, ...]:
        """Return the codes that a list of words stands for. Faults: as ``text``, and unknown_value."""
        value = self.text(field, _rejoined)
        parts = value.split(";") if value else []
        if any(part not in known for part in parts):
            self.fault(field, Code.UNKNOWN_VALUE)
            return ()
        return tuple(dict.fromkeys(known[part] for part in parts))

    def names(self, field: str, max_length: int) -> tuple[str, ...]:
        """Return a list of names between ``;``. Faults: as ``name``, and named_twice."""
        parts = [part.strip() for part in self._values.get(field, "").replace("；", ";").split(";") if part.strip()]
        found = []
        for part in parts:
            one = Fields({field: part})
            found.append(one.name(field, max_length) or "")
            self.faults += one.faults
        if len(set(found)) < len(found) and "" not in found:
            self.fault(field, Code.NAMED_TWICE)
        return tuple(found)

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
        return self._within(field, _NUMBER, Code.NUMBER, least, most)

    def whole_number(self, field: str, least: int, most: int) -> int | None:
        """Return a whole number within limits. Faults: as ``text``, and whole_number, out_of_range."""
        value = self._within(field, _WHOLE_NUMBER, Code.WHOLE_NUMBER, least, most)
        return None if value is None else int(value)

    def _within(self, field: str, shape: re.Pattern[str], code: Code, least: float, most: float) -> float | None:
        value = self.text(field, text.code)
        if value is None:
            return None
        if not shape.fullmatch(value):
            self.fault(field, code)
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


_NUMBER = re.compile(r"-?[0-9]{1,9}(?:\.[0-9]{1,15})?")
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")


def _name_fault(value: str) -> Code | None:
    if text.lacks_letters(value):
        return Code.FORMAT
    if "?" in value:
        return Code.GARBLED
    return Code.LOOK_ALIKES if text.mixes_alphabets(value) else None


def _person_fault(value: str) -> Code | None:
    if not text.is_name(value):
        return Code.GARBLED if "?" in value else Code.NOT_A_NAME
    return Code.LOOK_ALIKES if text.is_of_look_alikes(value) else None


def _rejoined(value: str) -> str:
    return ";".join(wording.codes(value))


def _as_iso(value: str) -> str:
    day = wording.day(value)
    return value if day is None else day.isoformat()

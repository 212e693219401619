"""Texts that people type.

Invariant: what passes is short and printable; a spreadsheet program takes a title for text, not for a formula.
"""

from shared.contracts.faults import Fault

LONGEST_TITLE = 100
_FORMULA_STARTS = ("=", "+", "-", "@")
_LINE_BREAKS = str.maketrans({"\n": " ", "\r": " "})


def title_fault(field: str, value: str) -> Fault | None:
    """Return what is wrong with the title of an activity, or None."""
    if value.startswith(_FORMULA_STARTS):
        return Fault(field, "formula")
    return text_fault(field, value, LONGEST_TITLE)


def text_fault(field: str, value: str, longest: int) -> Fault | None:
    """Return what is wrong with a required text, or None. ``longest`` is in characters; line breaks are allowed."""
    if not value.strip():
        return Fault(field, "missing")
    if len(value) > longest:
        return Fault(field, "too_long")
    if not value.translate(_LINE_BREAKS).isprintable():
        return Fault(field, "control_character")
    return None

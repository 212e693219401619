"""Free text that people type.

Invariant: what passes is short and printable, and a spreadsheet program takes it for text, not for a formula.
"""

from shared.contracts.faults import Fault

_FORMULA_STARTS = ("=", "+", "-", "@")


def text_fault(field: str, value: str, longest: int) -> Fault | None:
    """Return what is wrong with a required text, or None. ``longest`` is in characters; line breaks are allowed."""
    if not value.strip():
        return Fault(field, "missing")
    if len(value) > longest:
        return Fault(field, "too_long")
    if not value.isprintable() and not value.translate(_LINE_BREAKS).isprintable():
        return Fault(field, "control_character")
    if value.lstrip().startswith(_FORMULA_STARTS):
        return Fault(field, "formula")
    return None


_LINE_BREAKS = str.maketrans({"\n": " ", "\r": " "})

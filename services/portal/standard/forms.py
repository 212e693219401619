"""The forms of a judgement and of a plan.

Invariant: what was typed is kept as it was; a figure or day that is none is said to be none, and never left out.
"""

from pydantic import BaseModel

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import LongText, ShortText
from shared.contracts.faults import Code, Fault

KINDS = ("centres", "stations", "teams", "communities")
_MOST_DIGITS = 6


class JudgementForm(BaseModel):
    """Whether a criterion holds, until when, and what is said of it."""

    holds: ShortText = ""
    expires_on: ShortText = ""
    note: LongText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing or no day, each field with its sentence."""
        found = {"holds": Code.MISSING} if self.holds not in {"yes", "no"} else {}
        if self.expires_on and read_day(self.expires_on) is None:
            found["expires_on"] = Code.DATE
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self, criterion: str) -> dict[str, object]:
        """Return it as registry wants it."""
        day = read_day(self.expires_on)
        holds = self.holds == "yes"
        return {
            "criterion": criterion,
            "holds": holds,
            "note": self.note,
            **({"expires_on": day.isoformat()} if day and holds else {}),
        }


class PlanForm(BaseModel):
    """So many of each kind by a day."""

    title: ShortText = ""
    due_on: ShortText = ""
    centres: ShortText = ""
    stations: ShortText = ""
    teams: ShortText = ""
    communities: ShortText = ""
    every_community: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing, no day or no number, each field with its sentence."""
        found: dict[str, Code] = {}
        if read_day(self.due_on) is None:
            found["due_on"] = Code.DATE if self.due_on else Code.MISSING
        for kind in KINDS:
            typed = getattr(self, kind)
            if typed and (not (typed.isascii() and typed.isdecimal()) or len(typed) > _MOST_DIGITS):
                found[kind] = Code.WHOLE_NUMBER
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it."""
        numbers = {kind: int(typed) for kind in KINDS if (typed := getattr(self, kind))}
        day = read_day(self.due_on)
        return {
            "title": self.title,
            "due_on": day.isoformat() if day else None,
            "every_community": bool(self.every_community),
            **numbers,
        }

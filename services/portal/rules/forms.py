"""The form of a new rule set.

Invariant: what was typed is kept as it was; a figure that is none is said to be none, and never left out.
"""

from collections.abc import Mapping

from pydantic import BaseModel

from services.portal.rules.domain import RULES
from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole

UNITS = {"minutes": 1, "hours": 60, "days": 24 * 60}
IN_ANY_UNIT = ("offer_stands", "no_offers", "agreement", "notice")
"""The rules that are often hours or days; the others are minutes."""
_MOST_DIGITS = 6


class RulesForm(BaseModel):
    """Each rule as a figure, four of them with a unit; from which day on they hold; the version they are based on."""

    check_in_opens: ShortText = ""
    counts_early: ShortText = ""
    counts_late: ShortText = ""
    forgotten_after: ShortText = ""
    offer_stands: ShortText = ""
    no_offers: ShortText = ""
    agreement: ShortText = ""
    notice: ShortText = ""
    offer_stands_in: ShortText = "hours"
    no_offers_in: ShortText = "hours"
    agreement_in: ShortText = "hours"
    notice_in: ShortText = "hours"
    holds_from: ShortText = ""
    version: ShortText = ""
    key: ShortText = ""

    def minutes(self, rule: str) -> int | None:
        """Return what was typed for a rule in minutes; None where it is no figure."""
        typed = getattr(self, rule)
        if not (typed.isascii() and typed.isdecimal()) or len(typed) > _MOST_DIGITS:
            return None
        unit = getattr(self, f"{rule}_in") if rule in IN_ANY_UNIT else "minutes"
        return int(typed) * UNITS.get(unit, 1)

    def faults(self, language: str) -> dict[str, str]:
        """Return what is no figure and no day, each field with its sentence."""
        found = {
            rule: Code.NUMBER if getattr(self, rule) else Code.MISSING for rule in RULES if self.minutes(rule) is None
        }
        if self.holds_from and read_day(self.holds_from) is None:
            found["holds_from"] = Code.DATE
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as activities wants it, without what is at fault."""
        day = read_day(self.holds_from)
        return {
            "version": whole(self.version) or 0,
            "holds_from": day.isoformat() if day else None,
            **{rule: self.minutes(rule) for rule in RULES},
        }


def filled(version: int, rules: Mapping[str, int]) -> RulesForm:
    """Return the form with the rules of a version, each in the largest unit that it is a whole number of."""
    form = {"version": str(version)}
    for rule, minutes in rules.items():
        units = [unit for unit, size in UNITS.items() if minutes and minutes % size == 0] or ["hours"]
        unit = units[-1] if rule in IN_ANY_UNIT else "minutes"
        form |= {rule: str(minutes // UNITS[unit])} | ({f"{rule}_in": unit} if rule in IN_ANY_UNIT else {})
    return RulesForm(**form)

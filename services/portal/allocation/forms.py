"""The terms of a plan, as the centre types them.

Invariant: what was typed is kept as it was; what is no figure and no day is said to be none.
"""

from pydantic import BaseModel

from services.portal.shell.clocks import end_of, read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole


class TermsForm(BaseModel):
    """How much of the quotas, the last day to answer on, and whether who has accepted stays."""

    capacity_use: ShortText = "100"
    answer_on: ShortText = ""
    again: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is no figure and no day, each field with its sentence."""
        found = {}
        if whole(self.capacity_use) is None:
            found["capacity_use"] = Code.NUMBER if self.capacity_use else Code.MISSING
        if read_day(self.answer_on) is None:
            found["answer_on"] = Code.DATE if self.answer_on else Code.MISSING
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it; one may answer until the end of the day."""
        day = read_day(self.answer_on)
        return {
            "capacity_use": whole(self.capacity_use),
            "answer_by": end_of(day).isoformat() if day else None,
            "again": self.again == "1",
        }

"""The forms of a contact and of an invitation, as the centre types them.

Invariant: what was typed is kept as it was; what is no day is said to be none, the rest is registry's to refuse.
"""

from pydantic import BaseModel

from services.portal.shell.clocks import end_of, read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault


class ContactForm(BaseModel):
    """When and how somebody was contacted, what about, and what came of it."""

    contacted_on: ShortText = ""
    way: ShortText = "phone"
    outcome: ShortText = ""
    note: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return that the day is none, where it is."""
        return _no_day("contacted_on", self.contacted_on, language)

    def body(self) -> dict[str, object]:
        """Return it as registry wants it."""
        day = read_day(self.contacted_on)
        return self.model_dump(include={"way", "outcome", "note"}) | {"contacted_on": day.isoformat() if day else None}


class InvitationForm(BaseModel):
    """The team that somebody is asked to join, and the last day to answer on."""

    team: ShortText = ""
    answer_on: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return that the day is none, where it is."""
        return _no_day("answer_on", self.answer_on, language)

    def body(self) -> dict[str, object]:
        """Return it as registry wants it; one may answer until the end of the day."""
        day = read_day(self.answer_on)
        return {"team": self.team, "answer_by": end_of(day).isoformat() if day else None}


def _no_day(field: str, typed: str, language: str) -> dict[str, str]:
    return {field: Fault("", Code.DATE).message(language)} if typed and read_day(typed) is None else {}

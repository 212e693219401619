"""The form of a rule document, as the centre types it. Invariant: what was typed is kept as it was."""

from typing import Annotated

from pydantic import BaseModel, StringConstraints

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole

_DAYS = ("in_force_from", "required_from")


class DocumentForm(BaseModel):
    """A version to publish; ``version`` is the one that it is based on."""

    title: ShortText = ""
    text: Annotated[str, StringConstraints(strip_whitespace=True, max_length=25_000)] = ""
    """Longer than registry lets it be, which says itself that it is too long."""
    in_force_from: ShortText = ""
    required_from: ShortText = ""
    version: ShortText = ""
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is no day, each field with its sentence."""
        wrong = [name for name in _DAYS if getattr(self, name) and read_day(getattr(self, name)) is None]
        return {name: Fault("", Code.DATE).message(language) for name in wrong}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it."""
        days = {name: day.isoformat() for name in _DAYS if (day := read_day(getattr(self, name)))}
        based_on = {"version": whole(self.version) or 0} if self.version else {}
        return {"title": self.title, "text": self.text, **days, **based_on}

"""The forms of a survey and of its answers.

Invariant: what was typed is kept as it was; a day or number that is none is said to be none, and never left out.
"""

from typing import Annotated

from pydantic import BaseModel, Field

from services.portal.shell.clocks import read_day
from services.portal.shell.forms import ShortText
from shared.contracts.faults import Code, Fault
from shared.contracts.text import whole

_Many = Annotated[list[ShortText], Field(max_length=1000)]


class SurveyForm(BaseModel):
    """What is asked, when, and where; everywhere unless ``some`` is ticked."""

    title: ShortText = ""
    starts_on: ShortText = ""
    ends_on: ShortText = ""
    themes: _Many = []
    some: ShortText = ""
    asked_in: _Many = []
    key: ShortText = ""

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing or no day, each field with its sentence."""
        found: dict[str, Code] = {}
        for field in ("starts_on", "ends_on"):
            typed = getattr(self, field)
            if read_day(typed) is None:
                found[field] = Code.DATE if typed else Code.MISSING
        if self.some and not self.asked_in:
            found["asked_in"] = Code.MISSING
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it."""
        starts_on, ends_on = read_day(self.starts_on), read_day(self.ends_on)
        return {
            "title": self.title,
            "starts_on": starts_on and starts_on.isoformat(),
            "ends_on": ends_on and ends_on.isoformat(),
            "themes": self.themes,
            "asked_in": self.asked_in if self.some else [],
        }


class SheetForm(BaseModel):
    """What people of a community have answered: ``theme`` and ``people`` hold one value each a theme."""

    community: ShortText = ""
    answered: ShortText = ""
    theme: _Many = []
    people: _Many = []
    key: ShortText = ""

    def typed(self) -> dict[str, str]:
        """Return what was typed, theme by theme."""
        return dict(zip(self.theme, self.people, strict=False))

    def faults(self, language: str) -> dict[str, str]:
        """Return what is missing or no number; a theme's field is called ``theme-`` and its code."""
        found = {} if self.community else {"community": Code.MISSING}
        if whole(self.answered) is None:
            found["answered"] = Code.WHOLE_NUMBER if self.answered else Code.MISSING
        for theme, people in self.typed().items():
            if people and whole(people) is None:
                found[f"theme-{theme}"] = Code.WHOLE_NUMBER
        return {field: Fault("", code).message(language) for field, code in found.items()}

    def body(self) -> dict[str, object]:
        """Return it as registry wants it; a theme that is left empty is needed by nobody."""
        numbers = {theme: whole(people) for theme, people in self.typed().items() if people}
        return {"community": self.community, "answered": whole(self.answered), "by_theme": numbers}


class AnswerForm(BaseModel):
    """What one person needs."""

    community: ShortText = ""
    themes: _Many = []
    key: ShortText = ""

    def body(self, district: str) -> dict[str, object]:
        """Return it as registry wants it."""
        return {"district": district, "community": self.community, "themes": self.themes}

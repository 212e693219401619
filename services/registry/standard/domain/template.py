"""What makes a station a standard one: lists of criteria that ship as data (``standard/templates``).

Invariant: a template that was ever shipped stays as it was; other criteria or other numbers are a new version, which
has a code of its own. Judgements name the template that they are by.
Sources: the district's report, line 19 (six haves); the Opinion of 2024 on the system of volunteer service.
"""

import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict

_FOLDER = Path(__file__).parent.parent / "templates"


class By(StrEnum):
    """What decides whether a criterion holds."""

    JUDGEMENT = "judgement"
    """The district's centre, by the evidence it was shown, until a date."""
    STABLE_TEAM = "stable_team"
    """So many people who each served at the station in so many months of the window."""
    LONG_TERM = "long_term"
    """No month of the window without a day of service."""
    FIXED_PROJECTS = "fixed_projects"
    """So many kinds of service, each with service in so many months of the window."""


class Criterion(BaseModel):
    """One criterion. ``window`` is how many months are looked at; the other numbers are what `By` says they are."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    name_en: str
    by: By
    text: str
    text_en: str
    valid_months: int = 0
    """For how long a judgement holds at most."""
    people: int = 0
    kinds: int = 0
    months: int = 0
    window: int = 0


class Template(BaseModel):
    """A list of criteria, all of which a standard station meets; ``code`` names it and its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    name: str
    name_en: str
    source: str
    criteria: tuple[Criterion, ...]

    def criterion(self, code: str) -> Criterion | None:
        """Return the criterion of a code, or None."""
        return next((one for one in self.criteria if one.code == code), None)


def _shipped() -> Mapping[str, Template]:
    found = [Template.model_validate(json.loads(file.read_text("utf-8"))) for file in sorted(_FOLDER.glob("*.json"))]
    return {template.code: template for template in found}


TEMPLATES: Mapping[str, Template] = _shipped()
FIRST = "six-haves.1"
"""What holds in a district that has chosen none: the seed's own list."""

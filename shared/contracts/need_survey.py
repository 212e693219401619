"""Events of a survey of needs: what communities were asked, and what they answered, as totals. Nobody is in them.

A survey is asked in communities about themes (domain.md section 1, line 13: 33 communities in half a month); its last
event says what was found, so that whoever plans activities needs no other.
"""

from datetime import date
from typing import ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.event import Event


class NeedSurvey(Event):
    """What the events of a survey have in common (key: the survey)."""

    topic: ClassVar[str] = "registry.need-survey"

    survey_id: UUID
    number: int
    """The district counts its surveys; files name one by it."""
    title: str
    starts_on: date
    ends_on: date
    """The last day on which answers are taken, in the district's zone."""
    themes: tuple[str, ...]
    """What it asks about: codes of ``SERVICES``."""
    communities: dict[str, str]
    """Code of each community that it is asked in -> its name."""
    answered: dict[str, int] = Field(default_factory=dict)
    """Community -> how many people have answered; empty until it is closed."""
    by_theme: dict[str, dict[str, int]] = Field(default_factory=dict)
    """Community -> theme -> how many of them need it; what nobody needs is left out."""


class NeedSurveyOpened(NeedSurvey):
    """Answers are taken from now on."""

    closed: ClassVar[bool] = False


class NeedSurveyClosed(NeedSurvey):
    """Its last day is over; ``answered`` and ``by_theme`` are what it has found."""

    closed: ClassVar[bool] = True

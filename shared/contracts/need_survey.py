"""Events of a survey of needs: what communities were asked, and what they answered, as totals. Nobody is in them.

A survey is asked in communities about themes (domain.md section 1, line 13: 33 communities in half a month); the
event of its end says what was found, that of a sheet taken back later says it anew: whoever plans needs the last.
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
    """Its last day is over, or the office has ended it early, on ``ends_on``.

    ``answered`` and ``by_theme`` are what it has found.
    """

    closed: ClassVar[bool] = True


class NeedAnswerTakenBack(NeedSurvey):
    """A sheet that was entered by mistake counts no more; why, registry keeps.

    Of a closed survey ``answered`` and ``by_theme`` are what it has found without it.
    """

    closed: bool
    """Whether the survey is."""
    answer_id: UUID
    community: str
    people: int
    """How many the sheet had spoken for."""
    needed: dict[str, int]
    """Theme -> how many of them were said to need it."""

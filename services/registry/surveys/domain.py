"""What a survey of needs asks, and what an answer may say.

Invariant: an answer names a community and themes that its survey asks about, and nobody: neither who has answered nor
what else they wrote.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from shared.contracts.codes import SERVICES
from shared.contracts.faults import Code, Fault

TITLE_LENGTH = 60
LONGEST = timedelta(days=366)
FARTHEST = timedelta(days=366)
MOST_ANSWERED = 100_000
"""People that one sheet may speak for: more than any community has."""


class SurveyState(StrEnum):
    """Where a survey stands; whether answers are taken, its dates say."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"


class Source(StrEnum):
    """Where an answer comes from."""

    STATION = "station"
    PUBLIC = "public"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class NewSurvey:
    """A survey to be: days in the district's zone, both included; codes of themes and communities."""

    title: str
    starts_on: date
    ends_on: date
    themes: tuple[str, ...]
    communities: Mapping[str, str]
    """Code -> name."""


@dataclass(frozen=True, slots=True)
class Answer:
    """So many people of a community were asked, and so many of them need each of the themes."""

    community: str
    answered: int
    by_theme: Mapping[str, int]


def survey_faults(
    title: str, days: tuple[date, date], themes: Collection[str], asked_in: Collection[str], today: date
) -> list[Fault]:
    """Return what is wrong with a survey but for communities that are not known; ``days``: its first and its last."""
    starts_on, ends_on = days
    faults = [] if title else [Fault("title", Code.MISSING)]
    if len(title) > TITLE_LENGTH:
        faults.append(Fault("title", Code.TOO_LONG))
    if starts_on < today:
        faults.append(Fault("starts_on", Code.IN_PAST))
    elif starts_on > today + FARTHEST:
        faults.append(Fault("starts_on", Code.OUT_OF_RANGE))
    if ends_on < starts_on:
        faults.append(Fault("ends_on", Code.END_BEFORE_START))
    elif ends_on - starts_on > LONGEST:
        faults.append(Fault("ends_on", Code.OUT_OF_RANGE))
    if not themes:
        faults.append(Fault("themes", Code.MISSING))
    elif not SERVICES.keys() >= set(themes):
        faults.append(Fault("themes", Code.UNKNOWN_VALUE))
    if len(set(asked_in)) < len(asked_in):
        faults.append(Fault("asked_in", Code.NAMED_TWICE))
    return faults


def answer_faults(
    answer: Answer, themes: Collection[str], communities: Collection[str], field: str = "by_theme"
) -> list[Fault]:
    """Return what is wrong with an answer to a survey of these; ``field`` is what its themes were written in."""
    faults = [] if answer.community in communities else [Fault("community", Code.UNKNOWN_REFERENCE)]
    if not 1 <= answer.answered <= MOST_ANSWERED:
        faults.append(Fault("answered", Code.OUT_OF_RANGE))
    if not set(themes) >= answer.by_theme.keys():
        faults.append(Fault(field, Code.UNKNOWN_VALUE))
    elif any(not 0 <= people <= answer.answered for people in answer.by_theme.values()):
        faults.append(Fault(field, Code.OUT_OF_RANGE))
    return faults


def takes_answers(state: str, starts_on: date, ends_on: date, today: date) -> Fault | None:
    """Return why a survey takes no answers today, or None where it does."""
    if today < starts_on:
        return Fault("survey_id", Code.TOO_EARLY)
    return Fault("survey_id", Code.TOO_LATE) if today > ends_on or state == SurveyState.CLOSED else None

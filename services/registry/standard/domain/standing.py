"""How a station stands by the standard, and what may be said of a criterion.

Invariant: a station is standard exactly while every criterion of the template in force holds; one that was standard and
is not any more has lapsed, and stays so until all hold again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from services.registry.standard.domain.computed import first_of_window, next_month
from services.registry.standard.domain.template import By, Criterion, Template


class Status(StrEnum):
    """How a station stands."""

    PLANNED = "planned"
    """Not open yet, and nothing of the standard is met."""
    BUILDING = "building"
    STANDARD = "standard"
    LAPSED = "lapsed"


class Cause(StrEnum):
    """What a criterion's standing follows from."""

    NOT_JUDGED = "not_judged"
    JUDGED = "judged"
    EXPIRED = "expired"
    COMPUTED = "computed"


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the district's centre said last of a criterion; ``expires_on`` is the last day on which it holds."""

    holds: bool
    expires_on: date


@dataclass(frozen=True, slots=True)
class Found:
    """How a criterion stands today, why, and until which day at most if nothing happens."""

    criterion: str
    holds: bool
    cause: Cause
    facts: Mapping[str, object]
    expires_on: date | None = None


def judged(criterion: Criterion, judgement: Judgement | None, today: date) -> Found:
    """Return how a criterion stands that is judged."""
    if judgement is None:
        return Found(criterion.code, holds=False, cause=Cause.NOT_JUDGED, facts={})
    expired = judgement.holds and judgement.expires_on < today
    return Found(
        criterion.code,
        holds=judgement.holds and not expired,
        cause=Cause.EXPIRED if expired else Cause.JUDGED,
        facts={},
        expires_on=judgement.expires_on if judgement.holds else None,
    )


def status_of(before: Status, found: Collection[Found], *, is_open: bool) -> Status:
    """Return how a station stands now that its criteria stand so."""
    if found and all(one.holds for one in found):
        return Status.STANDARD
    if before in {Status.STANDARD, Status.LAPSED}:
        return Status.LAPSED
    return Status.BUILDING if is_open or any(one.holds for one in found) else Status.PLANNED


def review_on(template: Template, found: Collection[Found], today: date, opens_on: date | None) -> date:
    """Return the day on which time alone may change how a station stands."""
    days = [one.expires_on + timedelta(days=1) for one in found if one.holds and one.expires_on]
    if any(criterion.by is not By.JUDGEMENT for criterion in template.criteria):
        days.append(next_month(today))
    if opens_on and opens_on > today:
        days.append(opens_on)
    return min(days, default=next_month(today))


def latest_expiry(criterion: Criterion, today: date) -> date:
    """Return the last day that a judgement of today may hold to."""
    month = first_of_window(today, 1 - criterion.valid_months)
    last = next_month(month) - timedelta(days=1)
    return min(month.replace(day=min(today.day, last.day)), last)

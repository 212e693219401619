"""What a district asks of those who sign up and come (domain.md rows 26, 29, 31, 33; issue 12, section 2).

Invariant: an activity goes by the rule set that held in its district when it was published, whatever is set later; a
rule set that was made is never changed. Of those whose day has come the one with the latest day holds, and of one day
the one made last. Version 0 is what a district has that has said nothing: it stays as it is.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from shared.contracts.calendar import CHINA, begin_of
from shared.contracts.faults import Code, Fault, RefusedError

MINUTE = timedelta(minutes=1)
_DAY = 24 * 60


def _of_minutes(given: object) -> object:
    return given * MINUTE if isinstance(given, int) else given


Minutes = Annotated[
    timedelta,
    BeforeValidator(_of_minutes),
    PlainSerializer(lambda span: span // MINUTE, return_type=int),
    WithJsonSchema({"type": "integer"}),
]
"""A span of time, in whole minutes where it is written."""


class RuleSet(BaseModel):
    """How attendance counts and until when one answers, each in minutes."""

    model_config = ConfigDict(frozen=True)

    check_in_opens: Minutes = timedelta(minutes=30)
    """How long before a shift's start one may check in, and its code is good."""
    counts_early: Minutes = timedelta()
    """As much before the start counts."""
    counts_late: Minutes = timedelta()
    """As much after the end counts."""
    forgotten_after: Minutes = timedelta(minutes=30)
    """Who has not checked out as long after the end has forgotten it."""
    offer_stands: Minutes = timedelta(hours=12)
    """So long an offered place is held; half of what is left until ``no_offers``, where that is less."""
    no_offers: Minutes = timedelta(hours=1)
    """So long before the start nobody is offered a place any more: the leader is told that it is free."""
    agreement: Minutes = timedelta(hours=48)
    """So long whoever is asked again may think about it; half of what is left until the start, where that is less."""
    notice: Minutes = timedelta(hours=24)
    """Whoever gives a place back later than so long before the start withdraws late (Decree 685, art. 22: in time)."""


FIRST_RULES = RuleSet()
"""Version 0."""
LIMITS = {
    "check_in_opens": (0, 180),
    "counts_early": (0, 180),
    "counts_late": (0, 180),
    "forgotten_after": (0, 180),
    "offer_stands": (10, 14 * _DAY),
    "no_offers": (0, 7 * _DAY),
    "agreement": (10, 14 * _DAY),
    "notice": (0, 14 * _DAY),
}
"""From how many minutes until how many each may be."""


MAX_AHEAD = timedelta(days=730)
"""So far ahead a rule set may be made."""


def first_moment(day: date | None, at: datetime) -> datetime:
    """Return from when on a rule set holds that is made ``at`` a moment for a day in China: now where that has begun.

    Raises RefusedError for a day that is over, or far away.
    """
    if day is None or day == at.astimezone(CHINA).date():
        return at
    begins = begin_of(day)
    if begins < at:
        raise RefusedError(Fault("holds_from", Code.IN_PAST))
    if begins > at + MAX_AHEAD:
        raise RefusedError(Fault("holds_from", Code.OUT_OF_RANGE))
    return begins


def rule_faults(rules: RuleSet) -> Iterator[Fault]:
    """Yield what is wrong with a rule set.

    More than the time between opening and start cannot count before it, nor more after the end than one can still
    check out in.
    """
    for field, (least, most) in LIMITS.items():
        if not least * MINUTE <= getattr(rules, field) <= most * MINUTE:
            yield Fault(field, Code.OUT_OF_RANGE)
    if rules.counts_early > rules.check_in_opens:
        yield Fault("counts_early", Code.OUT_OF_RANGE)
    if rules.counts_late > rules.forgotten_after:
        yield Fault("counts_late", Code.OUT_OF_RANGE)


@lru_cache(maxsize=256)
def rules_of(written: str | None) -> RuleSet:
    """Return a rule set as it is on file (JSON); version 0 for None."""
    return RuleSet.model_validate_json(written) if written else FIRST_RULES

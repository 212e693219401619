"""What is said of somebody who works at a station: a name, how they are employed, where the post comes from, dates."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from services.registry.places.domain.fields import Fields
from shared.contracts.faults import Code, Fault, RefusedError

NAME_LENGTH = 50


class Employment(StrEnum):
    """Whether somebody works there and nowhere else (the six-haves say "full or part time": domain.md line 19)."""

    FULL_TIME = "full_time"
    PART_TIME = "part_time"


class Source(StrEnum):
    """What a post comes from (domain.md section 1, line 21)."""

    STATION = "station"
    """The community's own worker."""
    VILLAGE_GRADUATE = "village_graduate"
    """一村一名大学生."""
    WESTERN_PLAN = "western_plan"
    """大学生志愿服务西部计划: a post of one to three years, whatever its name says no service that is counted here."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, repr=False)
class NewStaff:
    """Somebody who begins. The name is personal: it has no repr."""

    name: str
    employment: str
    source: str
    since: date


def read_staff(values: Mapping[str, str], latest: date) -> NewStaff:
    """Read what was written of somebody who begins on ``latest`` or before. Raises RefusedError with every fault."""
    fields = Fields(values)
    name = fields.person("name", NAME_LENGTH)
    employment = fields.coded("employment", {each.value: each.value for each in Employment}, required=True)
    source = fields.coded("source", {each.value: each.value for each in Source}, required=True)
    since = fields.day("since", latest, required=True)
    if fields.faults or not (name and employment and source and since):
        raise RefusedError(*fields.faults)
    return NewStaff(name, employment, source, since)


def check_until(since: date, until: date, today: date) -> None:
    """Refuse a last day that is before the first one or still to come."""
    if until > today:
        raise RefusedError(Fault("until", Code.IN_FUTURE))
    if until < since:
        raise RefusedError(Fault("until", Code.END_BEFORE_START))


def masked(name: str) -> str:
    """Return a name as it may be shown."""
    return f"{name[:1]}**"

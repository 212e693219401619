"""Which teams suit somebody, and why: by the way there, by what they want to do, and by what they can.

Invariant: the points are those of the published table of allocations (``allocation.domain.rules``): a suggestion of a
team and a proposal of a station cost the same for the same reasons. Equal points are ordered by the team's code, so the
same data gives the same list. Where nothing is known of a way, it costs what the known ones cost on average.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypedDict
from uuid import UUID

from services.registry.allocation.domain.rules import ANY_SERVICE, PER_MINUTE, Point, services_of, travel_table
from services.registry.allocation.domain.snapshot import Kind, fit
from shared.contracts.codes import SERVICES, SKILLS

MOST = 5
"""As many teams are suggested to one person."""
_HOME = "home"


@dataclass(frozen=True, slots=True)
class Person:
    """What of somebody matters for a suggestion."""

    community: str | None
    skills: tuple[str, ...]
    services: tuple[str, ...]
    point: Point | None
    """Where their community's stations are, else their organisation; None where neither is known."""


@dataclass(frozen=True, slots=True)
class Team:
    """An open team that the person could join; ``service`` is empty where it does several kinds."""

    id: UUID
    code: str
    name: str
    community: str | None
    """The community of its station."""
    service: str
    point: Point | None


class Why(TypedDict):
    """The facts of a reason, as they are kept with an invitation."""

    minutes: int | None
    """One way; None where it is not known."""
    same_community: bool
    service: str
    wanted: bool
    skills: list[str]
    """Those of the person's skills that the team's service needs."""
    points: int


class Suggestion(NamedTuple):
    """A team and why it suits."""

    team: Team
    why: Why


def suggest(person: Person, teams: Iterable[Team]) -> Sequence[Suggestion]:
    """Return all teams, what suits best first."""
    by_code = {team.code: team for team in teams}
    ways = travel_table({_HOME: person.point}, {code: team.point for code, team in by_code.items()})[_HOME]
    wanted = frozenset(person.services)
    kind = Kind("", _HOME, tuple(sorted(wanted)), tuple(sorted(wanted & services_of(person.skills))))
    found = [Suggestion(team, _why(person, kind, team, ways[code])) for code, team in by_code.items()]
    return sorted(found, key=lambda one: (one.why["points"], one.team.code))


def _why(person: Person, kind: Kind, team: Team, way: int) -> Why:
    is_near = team.community is not None and team.community == person.community
    travel = 0 if is_near else way
    is_known = person.point is not None and team.point is not None
    wanted = team.service in kind.wanted
    return Why(
        minutes=round(way / PER_MINUTE) if is_known else None,
        same_community=is_near,
        service=team.service,
        wanted=wanted,
        skills=sorted(skill for skill in person.skills if team.service in services_of([skill])),
        points=travel + fit(kind, team.service or ANY_SERVICE),
    )


def in_words(why: Why, language: str) -> str:
    """Return a reason as the office and the person read it; empty where none was worked out."""
    chinese = language.startswith("zh")
    parts = [_of_way(why, chinese=chinese), _of_service(why, chinese=chinese), _of_skills(why, chinese=chinese)]
    said = [part for part in parts if part]
    if not said:
        return ""
    return "；".join(said) + "。" if chinese else "; ".join(said).capitalize() + "."


def _of_way(why: Why, *, chinese: bool) -> str:
    if why["same_community"]:
        return "就在居住的社区" if chinese else "in the community of residence"
    if why["minutes"] is None:
        return ""
    minutes = why["minutes"]
    return f"路上约 {minutes} 分钟" if chinese else f"about {minutes} minutes away"


def _of_service(why: Why, *, chinese: bool) -> str:
    service = SERVICES.get(why["service"])
    if service is None:
        return "服务种类不限" if chinese else "does several kinds of service"
    if why["wanted"]:
        return f"服务意向里有{service.zh}" if chinese else f"{service.en} is among the interests"
    return f"主要做{service.zh}，不在服务意向里" if chinese else f"does {service.en}, which is not among the interests"


def _of_skills(why: Why, *, chinese: bool) -> str:
    if not why["skills"]:
        return ""
    if chinese:
        return "用得上的特长：" + "、".join(SKILLS.get(skill, skill) for skill in why["skills"])
    return "skills it can use: " + ", ".join(skill.replace("_", " ") for skill in why["skills"])

"""What a plan means for stations and universities, and for one person in words.

Invariant: every number that is told is one of the plan's, and those of a sum are told with it: they add up.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean

from services.registry.allocation.domain.plan import Plan
from services.registry.allocation.domain.rules import NO_SKILL, PER_MINUTE
from services.registry.allocation.domain.snapshot import Parts, Person, Snapshot, Task, may_go
from shared.contracts.codes import SERVICES


@dataclass(frozen=True, slots=True)
class OfUniversity:
    """How the people of one university fare; means and shares are of those who have a place."""

    university: str
    people: int
    placed: int
    mean_minutes: float
    wanted: int
    """How many are given a service that they have named."""
    skilled: int
    """How many of these have a skill for it."""


def parity(snapshot: Snapshot, plan: Plan) -> list[OfUniversity]:
    """Return how each university fares, by code."""
    by_university: dict[str, list[Person]] = {}
    for person in snapshot.people:
        by_university.setdefault(person.kind.university, []).append(person)
    return [_fares(snapshot, plan, code, people) for code, people in sorted(by_university.items())]


def _fares(snapshot: Snapshot, plan: Plan, university: str, people: list[Person]) -> OfUniversity:
    placed = [(person.kind, task) for person in people if (task := plan.given[person.id]) is not None]
    minutes = [snapshot.travel[kind.origin][task.station] / PER_MINUTE for kind, task in placed]
    return OfUniversity(
        university,
        len(people),
        len(placed),
        round(fmean(minutes), 1) if minutes else 0.0,
        sum(task.service in kind.wanted for kind, task in placed),
        sum(task.service in kind.skilled for kind, task in placed),
    )


@dataclass(frozen=True, slots=True)
class Reason:
    """Why somebody is given what they are: what it costs, and the cheapest place elsewhere with what that one is worth.

    ``elsewhere`` costs with its price at least as much as the given one with its own, or the plan would be another.
    """

    parts: Parts
    price: int
    elsewhere: Task | None
    elsewhere_parts: Parts | None
    elsewhere_price: int


def reason_of(snapshot: Snapshot, plan: Plan, person: Person) -> Reason | None:
    """Return why somebody is given their place; None where they have none."""
    task = plan.given[person.id]
    if task is None:
        return None
    others = [
        other
        for other in plan.fairness.free
        if other.station != task.station and may_go(snapshot, person.kind, other.station, plan.fairness.limit)
    ]
    best = min(others, key=lambda other: (snapshot.cost(person.kind, other).total, other), default=None)
    return Reason(
        snapshot.cost(person.kind, task),
        plan.prices[task],
        best,
        snapshot.cost(person.kind, best) if best else None,
        plan.prices[best] if best else 0,
    )


def told(task: Task, reason: Reason, names: Mapping[str, str], language: str) -> str:
    """Say in words why somebody is given a task, in ``zh-CN`` or ``en``; ``names`` are the stations', by code.

    Costs are told in points: a tenth of a minute of travel is one (`rules`).
    """
    chinese = language.startswith("zh")
    minutes = reason.parts.travel / PER_MINUTE
    service = SERVICES.get(task.service)
    sentences = [
        f"建议您到{names[task.station]}做{service.zh if service else '您愿意做的服务'}。单程约 {minutes:.0f} 分钟"
        f"（{reason.parts.travel} 点）{_fit(reason.parts, chinese=True)}{_rest(reason.parts, chinese=True)}，"
        f"合计 {reason.parts.total} 点，越少越合适。"
        if chinese
        else f"We propose {service.en if service else 'the service you wish'} at {names[task.station]}. It is about "
        f"{minutes:.0f} minutes away ({reason.parts.travel} points){_fit(reason.parts, chinese=False)}"
        f"{_rest(reason.parts, chinese=False)}, {reason.parts.total} points together; fewer suit you better."
    ]
    if reason.elsewhere and reason.elsewhere_parts:
        sentences.append(_elsewhere(reason, reason.elsewhere, reason.elsewhere_parts, names, chinese=chinese))
    return ("" if chinese else " ").join(sentences)


def _fit(parts: Parts, *, chinese: bool) -> str:
    if parts.fit == 0:
        return (
            "，这项服务您愿意做，也有相应特长（0 点）"
            if chinese
            else ", you wish to do it and have a skill for it (0 points)"
        )
    if parts.fit == NO_SKILL:
        return f"，这项服务您愿意做（{parts.fit} 点）" if chinese else f", you wish to do it ({parts.fit} points)"
    return (
        f"，这项服务不在您的意向里（{parts.fit} 点）"
        if chinese
        else f", it is not among your wishes ({parts.fit} points)"
    )


def _rest(parts: Parts, *, chinese: bool) -> str:
    if not parts.moved:
        return ""
    if chinese:
        return f"，换了原来建议的岗位（{parts.moved} 点）"
    return f", it replaces what was proposed ({parts.moved} points)"


def _elsewhere(reason: Reason, task: Task, parts: Parts, names: Mapping[str, str], *, chinese: bool) -> str:
    less = reason.parts.total - parts.total
    if less <= 0:
        return (
            f"其他站中最合适的是{names[task.station]}，合计 {parts.total} 点，多 {-less} 点。"
            if chinese
            else f"The best elsewhere is {names[task.station]}, {parts.total} points together, {-less} more."
        )
    gap = reason.elsewhere_price - reason.price
    there = names[task.station]
    if chinese:
        return (
            f"{there}合计 {parts.total} 点，对您少 {less} 点，但名额已满：那里的一个名额比这里多值 {gap} 点，"
            f"让给您会使别人多出 {gap} 点以上。"
        )
    return (
        f"{there} would cost you {less} points less ({parts.total}), but it is full: "
        f"a place there is worth {gap} points more, others would lose at least as much."
    )

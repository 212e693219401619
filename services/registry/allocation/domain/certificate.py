"""The proof of a plan, checked without the solver that has made it.

Invariant: what passes is a cheapest plan. Each place has a price; if everybody is where cost and price together are
least for them, another plan that fills the same places costs at least as much: the prices of all places add up to the
same in both (duality of the transportation problem). The load-bearing statement is the comparison in `check`.
"""

from collections import Counter
from collections.abc import Mapping
from functools import cache

from services.registry.allocation.domain.fairness import Fairness
from services.registry.allocation.domain.rules import LOST, MOVED
from services.registry.allocation.domain.snapshot import Kind, Snapshot, Task, fit, may_go


class NotProvenError(Exception):
    """The plan is not what it says: it is of other people, fills a place wrongly, or there may be a cheaper one."""


def check(
    snapshot: Snapshot,
    fairness: Fairness,
    given: Mapping[str, Task | None],
    prices: Mapping[Task, int],
    without_prices: Mapping[str, int],
) -> int:
    """Return what the plan costs, which is the least. Raises NotProvenError."""
    _check_filled(snapshot, fairness, given)

    services = {task.service for task in fairness.free}

    @cache
    def least(kind: Kind) -> int:
        """Return cost and price together where they are least; a way and a service are looked at once for all."""
        ways = {
            station: way
            for station, way in snapshot.travel[kind.origin].items()
            if may_go(snapshot, kind._replace(holds=None), station, fairness.limit)
        }
        fits = {service: fit(kind, service) + (MOVED if kind.holds else 0) for service in services}
        with_price = [
            ways[task.station] + fits[task.service] + prices[task] for task in fairness.free if task.station in ways
        ]
        if kind.holds is not None and kind.holds in fairness.free:
            with_price.append(snapshot.cost(kind, kind.holds).total + prices[kind.holds])
        if kind.university in fairness.without:
            with_price.append((LOST if kind.holds else 0) + without_prices[kind.university])
        return min(with_price)

    @cache
    def costs(kind: Kind, task: Task | None) -> int | None:
        return _cost(snapshot, fairness, kind, task)

    total = 0
    for person in snapshot.people:
        task = given[person.id]
        cost = costs(person.kind, task)
        price = without_prices.get(person.kind.university) if task is None else prices.get(task)
        if cost is None or price is None or cost + price > least(person.kind):
            raise NotProvenError("somebody would be better off elsewhere, and nobody worse off")
        total += cost
    return total


def _check_filled(snapshot: Snapshot, fairness: Fairness, given: Mapping[str, Task | None]) -> None:
    if given.keys() != {person.id for person in snapshot.people}:
        raise NotProvenError("the plan is of other people")
    if Counter(task for task in given.values() if task is not None) != Counter(fairness.free):
        raise NotProvenError("a place is filled too often, or not at all")
    without = Counter(person.kind.university for person in snapshot.people if given[person.id] is None)
    if without != Counter(fairness.without):
        raise NotProvenError("a university has more people without a place than its share")


def _cost(snapshot: Snapshot, fairness: Fairness, kind: Kind, task: Task | None) -> int | None:
    """Return what somebody costs there, None where that cannot be proposed to them."""
    if task is None:
        return LOST if kind.holds else 0
    if task == kind.holds:
        return snapshot.cost(kind, task).total
    allowed = may_go(snapshot, kind._replace(holds=None), task.station, fairness.limit)
    return snapshot.cost(kind, task).total if allowed else None

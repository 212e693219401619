"""The plan: the cheapest one that is fair, and of those that are equally cheap the one that the lots say.

Invariant: the plan depends on the snapshot alone. The network is solved twice: for the least cost, then, on what is
left of it at that cost (the edges without reduced cost), for the least sum of lots, so that of many cheapest plans one
is meant. Costs are whole numbers, so the prices of a basis are whole numbers too; ``certificate.check`` trusts neither.
"""

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from services.registry.allocation.domain.fairness import Fairness, fairness_of
from services.registry.allocation.domain.rules import ANY_SERVICE, LOST, MOVED, NO_SKILL, UNWANTED
from services.registry.allocation.domain.snapshot import Kind, Person, Snapshot, Task, fit, may_go

_OTHER = "*"
"""The edge of those who are given a service that they have not named."""

Node = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is given what, and what proves that nothing cheaper is as fair."""

    fairness: Fairness
    given: dict[str, Task | None]
    """Person -> task; None where there is no place for them."""
    prices: Mapping[Task, int]
    """What a place is worth: by how much the total would fall were there one more."""
    without_prices: Mapping[str, int]
    """The same for being without a place, by university."""
    cost: int


class UnsolvableError(Exception):
    """The solver has not found a plan where the flow says that there is one."""


@dataclass(slots=True)
class _Network:
    """Nodes with what comes in (above 0) or goes out, and edges with their costs."""

    supply: dict[Node, int] = field(default_factory=dict)
    edges: list[tuple[Node, Node]] = field(default_factory=list)
    costs: list[int] = field(default_factory=list)

    def connect(self, start: Node, end: Node, cost: int) -> None:
        """Add an edge, and its nodes where they are new."""
        self.supply.setdefault(start, 0)
        self.supply.setdefault(end, 0)
        self.edges.append((start, end))
        self.costs.append(cost)


def make_plan(snapshot: Snapshot) -> Plan:
    """Return the plan of a snapshot. Raises UnsolvableError where the solver fails."""
    fairness = fairness_of(snapshot)
    network = _network(snapshot, fairness)
    if not network.edges:
        return Plan(fairness, {person.id: None for person in snapshot.people}, {}, {}, 0)
    _, potentials = _solve(network)
    values = [
        cost - potentials[start] + potentials[end]
        for (start, end), cost in zip(network.edges, network.costs, strict=True)
    ]
    cheapest = [edge for edge, reduced in zip(network.edges, values, strict=True) if reduced == 0]
    lots = [_lot(snapshot.digest, start, end) for start, end in cheapest]
    flow, _ = _solve(_Network(network.supply, cheapest, lots))
    given = _dealt(snapshot, flow)
    return Plan(
        fairness,
        given,
        {task: potentials[task] for task in fairness.free},
        {university: potentials["-", university] for university in fairness.without},
        sum(
            snapshot.cost(person.kind, task).total
            for person in snapshot.people
            if (task := given[person.id]) is not None
        ),
    )


def _network(snapshot: Snapshot, fairness: Fairness) -> _Network:
    """Return the network: kinds of people, then groups by the service they are given, then places.

    What a place costs is what the service costs a kind, which ends in the middle, and what the way costs a group, so a
    kind has an edge for each service that it wants and one for the others together, instead of one for each place.
    """
    network = _Network()
    by_station: dict[str, list[Task]] = defaultdict(list)
    for task, count in fairness.free.items():
        by_station[task.station].append(task)
        network.supply[task] = -count
    for university, count in fairness.without.items():
        network.supply["-", university] = -count
    counts: dict[Kind, int] = defaultdict(int)
    for person in snapshot.people:
        counts[person.kind] += 1
    services_near: dict[Node, set[str]] = {}
    for kind in sorted(counts, key=_text):
        network.supply[kind] = counts[kind]
        group = (kind.university, kind.origin, kind.refused)
        if group not in services_near:
            services_near[group] = _ways(network, snapshot, fairness, kind, by_station)
        _connect_kind(network, snapshot, fairness, kind, services_near[group])
    return network


def _ways(
    network: _Network, snapshot: Snapshot, fairness: Fairness, kind: Kind, by_station: Mapping[str, Sequence[Task]]
) -> set[str]:
    """Connect a group with the places that it may go to; return their services."""
    group = (kind.university, kind.origin, kind.refused)
    free_kind = kind._replace(holds=None)
    services: set[str] = set()
    for station, tasks in by_station.items():
        if may_go(snapshot, free_kind, station, fairness.limit):
            cost = snapshot.travel[kind.origin][station]
            for task in tasks:
                network.connect((*group, task.service), task, cost)
                services.add(task.service)
    for service in sorted(services - {ANY_SERVICE}):
        network.connect((*group, _OTHER), (*group, service), 0)
    return services


def _connect_kind(network: _Network, snapshot: Snapshot, fairness: Fairness, kind: Kind, services: set[str]) -> None:
    group = (kind.university, kind.origin, kind.refused)
    moved = MOVED if kind.holds else 0
    for service in sorted(services.intersection(kind.wanted)):
        network.connect(kind, (*group, service), fit(kind, service) + moved)
    if services - {ANY_SERVICE}:
        network.connect(kind, (*group, _OTHER), UNWANTED + moved)
    if ANY_SERVICE in services:
        network.connect(kind, (*group, ANY_SERVICE), NO_SKILL + moved)
    if kind.holds is not None and kind.holds in fairness.free:
        network.connect(kind, kind.holds, snapshot.cost(kind, kind.holds).total)
    if kind.university in fairness.without:
        network.connect(kind, ("-", kind.university), LOST if kind.holds else 0)


def _text(node: object) -> str:
    return repr(node)


def _lot(digest: str, *of: object) -> int:
    """Return the lot of an edge or a person: a number below 2^28 that nobody can choose."""
    drawn = hashlib.sha256("|".join((digest, *map(_text, of))).encode()).digest()
    return int.from_bytes(drawn[:4]) >> 4


def _solve(network: _Network) -> tuple[dict[tuple[Node, Node], int], dict[Node, int]]:
    """Return the flow of least cost, and each node's potential. Raises UnsolvableError where there is none."""
    import highspy  # noqa: PLC0415 - with numpy 0.3 s and 18 MB, which only a process that plans has to spend
    import numpy as np  # noqa: PLC0415
    from highspy._core import _Highs  # noqa: PLC0415 - `Highs` makes its callbacks, and a banner, before it can be silent

    numbers = {node: number for number, node in enumerate(network.supply)}
    ends = np.array([(numbers[start], numbers[end]) for start, end in network.edges], dtype=np.int32).reshape(-1)
    supply = np.array(list(network.supply.values()), dtype=np.float64)
    edges = len(network.edges)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = edges, len(numbers)
    model.col_cost_ = np.array(network.costs, dtype=np.float64)
    model.col_lower_, model.col_upper_ = np.zeros(edges), np.full(edges, highspy.kHighsInf)
    model.row_lower_ = model.row_upper_ = supply
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.arange(0, 2 * edges + 1, 2, dtype=np.int32)
    model.a_matrix_.index_ = ends
    model.a_matrix_.value_ = np.tile(np.array([1.0, -1.0]), edges)
    solver = _Highs()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("presolve", "off")  # it takes six times as long as the simplex method without it
    solver.setOptionValue("threads", 1)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise UnsolvableError
    solution = solver.getSolution()
    flow = {edge: round(value) for edge, value in zip(network.edges, solution.col_value, strict=True) if value > 0.5}  # noqa: PLR2004
    potentials = {node: round(value) for node, value in zip(numbers, solution.row_dual, strict=True)}
    return flow, potentials


def _dealt(snapshot: Snapshot, flow: Mapping[tuple[Node, Node], int]) -> dict[str, Task | None]:
    """Give each person a place: people stand at a node in the order of their lots, and leave by its edges in turn."""
    lots = {person.id: _lot(snapshot.digest, person.id) for person in snapshot.people}

    def by_lot(person: Person) -> tuple[int, str]:
        return lots[person.id], person.id

    leaving: dict[Node, list[tuple[Node, int]]] = defaultdict(list)
    for (start, end), count in flow.items():
        leaving[start].append((end, count))
    waiting: dict[Node, list[Person]] = defaultdict(list)
    for person in snapshot.people:
        waiting[person.kind].append(person)
    given: dict[str, Task | None] = {}
    for layer in range(3):
        for node in [node for node in waiting if _layer(node) == layer]:
            people = iter(sorted(waiting.pop(node), key=by_lot))
            for end, count in leaving[node]:
                _arrive(end, [next(people) for _ in range(count)], waiting, given)
    return given


def _arrive(
    end: Node, people: Sequence[Person], waiting: dict[Node, list[Person]], given: dict[str, Task | None]
) -> None:
    if isinstance(end, Task):
        given.update((person.id, end) for person in people)
    elif end[0] == "-":
        given.update((person.id, None) for person in people)
    else:
        waiting[end].extend(people)


def _layer(node: Node) -> int:
    if isinstance(node, Kind):
        return 0
    return 1 if node[-1] == _OTHER else 2

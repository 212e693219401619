"""What is fair between stations and between universities: how many go where, and how far anybody has to travel.

Invariant: of the places that can be filled, each station has its share of what it asks for, each university its share
of those without a place, and nobody travels longer than ``limit``, which is the least with which all that is possible.
The load-bearing statement is `_Flow.fills`: within the next shorter way, not everybody has a place.
"""

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, TypeVar

from services.registry.allocation.domain.rules import ANY_SERVICE, LEAST
from services.registry.allocation.domain.snapshot import Kind, Snapshot, Task, may_go

K = TypeVar("K", bound=str)
FAR = 1_000_000
"""Tenths of minutes: longer than any way."""


@dataclass(frozen=True, slots=True)
class Fairness:
    """How many are placed where, and within how far."""

    stations: Mapping[str, int]
    """Each station's share, with the places that are taken."""
    free: Mapping[Task, int]
    """The places that the plan fills, each exactly so often."""
    without: Mapping[str, int]
    """How many of each university have no place."""
    limit: int
    """The longest way that is proposed, in tenths of minutes, to anybody who does not hold a place."""


class Group(NamedTuple):
    """People who can go to the same stations."""

    university: str
    origin: str
    refused: tuple[str, ...]
    holds: str | None

    @classmethod
    def of(cls, kind: Kind) -> "Group":
        """Return the group of a kind of person."""
        return cls(kind.university, kind.origin, kind.refused, kind.holds.station if kind.holds else None)


def shares(total: int, weights: Mapping[K, int], floors: Mapping[K, int] | None = None) -> dict[K, int]:
    """Divide a number in proportion to weights, by largest remainder; a floor is kept where it is above a share.

    Of equal remainders the first key in order is served first. ``total`` is at least the sum of the floors.
    """
    least = {key: (floors or {}).get(key, 0) for key in weights}
    fixed: dict[K, int] = {}
    while True:
        rest, weight = total - sum(fixed.values()), sum(weights[key] for key in weights if key not in fixed)
        below = [key for key in weights if key not in fixed and rest * weights[key] < least[key] * weight]
        if not below:
            break
        fixed |= {key: least[key] for key in below}
    parts = dict.fromkeys(weights, 0) | fixed
    if not weight:
        return parts
    open_keys = sorted(key for key in weights if key not in fixed)
    parts |= {key: rest * weights[key] // weight for key in open_keys}
    by_remainder = sorted(open_keys, key=lambda key: (-(rest * weights[key] % weight), key))
    for key in by_remainder[: total - sum(parts.values())]:
        parts[key] += 1
    return parts


def fairness_of(snapshot: Snapshot) -> Fairness:
    """Return what is fair among the people and stations of a snapshot."""
    groups = Counter(Group.of(person.kind) for person in snapshot.people)
    stations = _station_shares(snapshot)
    taken = _taken_by_station(snapshot)
    room = {code: share - taken.get(code, 0) for code, share in stations.items()}
    without = _without(snapshot, len(snapshot.people) - sum(room.values()))
    flow = _Flow(snapshot, groups, room, without)
    if not flow.fills(FAR):  # whoever has declined the stations that have room left cannot be placed
        room, without = flow.as_far_as_possible()
        stations = {code: room[code] + taken.get(code, 0) for code in stations}
        flow = _Flow(snapshot, groups, room, without)
    limit = flow.least_limit()
    return Fairness(stations, _free(snapshot, stations), {key: n for key, n in without.items() if n}, limit)


def _taken_by_station(snapshot: Snapshot) -> Counter[str]:
    taken: Counter[str] = Counter()
    for task, count in snapshot.taken.items():
        taken[task.station] += count
    return taken


def _station_shares(snapshot: Snapshot) -> dict[str, int]:
    taken = _taken_by_station(snapshot)
    capacity = {station.code: max(station.capacity, taken[station.code]) for station in snapshot.stations}
    total = min(len(snapshot.people) + sum(taken.values()), sum(capacity.values()))
    floors = {code: max(taken[code], min(LEAST, room)) for code, room in capacity.items()}
    if sum(floors.values()) > total:
        floors = dict(taken)
    return shares(total, capacity, floors)


def _without(snapshot: Snapshot, count: int) -> dict[str, int]:
    """Divide those without a place among the universities, by how many each has who hold none yet."""
    everybody = Counter(person.kind.university for person in snapshot.people)
    waiting = Counter(person.kind.university for person in snapshot.people if person.kind.holds is None)
    return shares(count, waiting if sum(waiting.values()) >= count else everybody)


def _free(snapshot: Snapshot, stations: Mapping[str, int]) -> dict[Task, int]:
    free: dict[Task, int] = {}
    for station in snapshot.stations:
        taken = {task.service: count for task, count in snapshot.taken.items() if task.station == station.code}
        needed = {service: count for service, count in station.demand.items() if count} or {ANY_SERVICE: 1}
        needed |= {service: 0 for service in taken if service not in needed}
        for service, share in shares(stations[station.code], needed, taken).items():
            if share > taken.get(service, 0):
                free[Task(station.code, service)] = share - taken.get(service, 0)
    return dict(sorted(free.items()))


class _Flow:
    """The flow of groups to stations, and of each university to its own number of people without a place."""

    def __init__(
        self, snapshot: Snapshot, groups: Mapping[Group, int], room: Mapping[str, int], without: Mapping[str, int]
    ) -> None:
        self._snapshot = snapshot
        self._groups = dict(sorted(groups.items(), key=lambda item: (item[0][:3], item[0].holds or "")))
        self._room = dict(room)
        self._without = {university: count for university, count in without.items() if count}

    def least_limit(self) -> int:
        """Return the least way within which everybody has a place that there is, by bisection."""
        ways = sorted({way for group in self._groups for way in self._snapshot.travel[group.origin].values()})
        low, high = 0, len(ways) - 1
        while low < high:
            middle = (low + high) // 2
            low, high = (low, middle) if self.fills(ways[middle]) else (middle + 1, high)
        return ways[low] if ways else 0

    def fills(self, limit: int) -> bool:
        """Return whether everybody has a place, or is one of those without, when nobody travels further."""
        return sum(self._run(limit).values()) == sum(self._groups.values())

    def as_far_as_possible(self) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many each station gets at most together, and how many of each university have none then."""
        flow = self._run(FAR)
        room = {code: sum(count for (_, goal), count in flow.items() if goal == ("", code)) for code in self._room}
        placed: Counter[str] = Counter()
        for (group, goal), count in flow.items():
            if goal[0] == "":
                placed[group.university] += count
        everybody: Counter[str] = Counter()
        for group, count in self._groups.items():
            everybody[group.university] += count
        return room, {university: count - placed[university] for university, count in everybody.items()}

    def _run(self, limit: int) -> dict[tuple[Group, tuple[str, str]], int]:
        """Return a largest flow, by shortest augmenting paths. A goal is ("", station) or ("-", university)."""
        left = dict(self._groups)
        room = {("", code): count for code, count in self._room.items()}
        room |= {("-", university): count for university, count in self._without.items()}
        open_to = {group: self._goals(group, limit) for group in left}
        flow: dict[tuple[Group, tuple[str, str]], int] = {}
        while path := _shortest(left, room, open_to, flow):
            amount = min(left[path[0][0]], room[path[-1][1]], *(flow[edge] for edge in _backwards(path)))
            left[path[0][0]] -= amount
            room[path[-1][1]] -= amount
            for edge in path:
                flow[edge] = flow.get(edge, 0) + amount
            for edge in _backwards(path):
                flow[edge] -= amount
        return flow

    def _goals(self, group: Group, limit: int) -> list[tuple[str, str]]:
        holds = Task(group.holds, ANY_SERVICE) if group.holds else None
        kind = Kind(group.university, group.origin, (), (), group.refused, holds)
        stations = [("", code) for code in self._room if may_go(self._snapshot, kind, code, limit)]
        return [*stations, ("-", group.university)] if group.university in self._without else stations


Edge = tuple[Group, tuple[str, str]]


def _backwards(path: list[Edge]) -> list[Edge]:
    """Return the edges whose flow a path takes back: from each goal on the way to the group it goes on from."""
    return [(after[0], before[1]) for before, after in pairwise(path)]


def _shortest(
    left: Mapping[Group, int],
    room: Mapping[tuple[str, str], int],
    open_to: Mapping[Group, list[tuple[str, str]]],
    flow: Mapping[Edge, int],
) -> list[Edge]:
    """Return the forward edges of a shortest path from a group that is left to a goal with room, or none."""
    users: dict[tuple[str, str], list[Group]] = {goal: [] for goal in room}
    for (group, goal), count in flow.items():
        if count:
            users[goal].append(group)
    came: dict[tuple[str, str], Group] = {}
    reached: dict[Group, tuple[str, str] | None] = {group: None for group, count in left.items() if count}
    waiting = deque(reached)
    while waiting:
        group = waiting.popleft()
        for goal in open_to[group]:
            if goal in came:
                continue
            came[goal] = group
            if room[goal]:
                return _path(goal, came, reached)
            for user in users[goal]:
                if user not in reached:
                    reached[user] = goal
                    waiting.append(user)
    return []


def _path(
    goal: tuple[str, str], came: Mapping[tuple[str, str], Group], reached: Mapping[Group, tuple[str, str] | None]
) -> list[Edge]:
    path: list[Edge] = []
    at: tuple[str, str] | None = goal
    while at is not None:
        group = came[at]
        path.append((group, at))
        at = reached[group]
    return path[::-1]

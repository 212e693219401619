"""Rows 14 and 15 of domain.md: a fair, proven plan that does not depend on order, and its re-run after answers."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given as drawn
from hypothesis import strategies

from services.registry.allocation.domain.certificate import NotProvenError, check
from services.registry.allocation.domain.fairness import fairness_of, shares
from services.registry.allocation.domain.plan import Plan, make_plan
from services.registry.allocation.domain.report import parity, reason_of, told
from services.registry.allocation.domain.rules import services_of, travel_table
from services.registry.allocation.domain.snapshot import Kind, Person, Snapshot, Station, Task
from tests.unit.registry.allocation.conftest import answered, draw_district


def proven(snapshot: Snapshot, plan: Plan) -> int:
    return check(snapshot, plan.fairness, plan.given, plan.prices, plan.without_prices)


@pytest.mark.row(14)
@pytest.mark.parametrize("seed", range(8))
@pytest.mark.row(14)
def test_row_14_a_plan_is_proven_cheapest_and_fills_every_place(seed: int) -> None:
    snapshot = draw_district(seed)
    plan = make_plan(snapshot)
    assert proven(snapshot, plan) == plan.cost
    by_station = Counter(task.station for task in plan.given.values() if task)
    assert by_station == {station.code: station.capacity for station in snapshot.stations}


@pytest.mark.row(14)
def test_row_14_a_thousand_worse_plans_are_refused() -> None:
    snapshot = draw_district(3)
    plan, rng = make_plan(snapshot), random.Random(7)
    kinds = {person.id: person.kind for person in snapshot.people}
    placed = sorted(person for person, task in plan.given.items() if task)
    refused = 0
    while refused < 1000:
        one, other = rng.sample(placed, 2)
        swapped = {**plan.given, one: plan.given[other], other: plan.given[one]}
        cost = sum(snapshot.cost(kinds[person], task).total for person, task in swapped.items() if task)
        if cost == plan.cost:
            continue
        with pytest.raises(NotProvenError):
            check(snapshot, plan.fairness, swapped, plan.prices, plan.without_prices)
        refused += 1


@pytest.mark.row(15)
def test_row_15_the_plan_does_not_depend_on_the_order_of_its_input() -> None:
    snapshot = draw_district(5)
    plan, rng = make_plan(snapshot), random.Random(5)
    for _ in range(20):
        people, stations = list(snapshot.people), list(snapshot.stations)
        rng.shuffle(people)
        rng.shuffle(stations)
        origins = list(snapshot.travel.items())
        rng.shuffle(origins)
        assert make_plan(Snapshot.of(people, stations, dict(origins))) == plan


@pytest.mark.row(15)
@pytest.mark.parametrize("seed", range(5))
@pytest.mark.row(15)
def test_row_15_run_again_the_accepted_stay_the_declined_station_is_not_given_again(seed: int) -> None:
    before = draw_district(seed)
    plan = make_plan(before)
    after, accepted, declined = answered(before, plan.given, seed)
    again = make_plan(after)
    assert proven(after, again) == again.cost
    assert not accepted & again.given.keys()
    for person in after.people:
        task = again.given[person.id]
        if person.id in declined and task:
            assert task.station != plan.given[person.id].station  # type: ignore[union-attr]
    by_station = Counter(task.station for task in again.given.values() if task)
    by_station.update(task.station for task, count in after.taken.items() for _ in range(count))
    assert by_station == {station.code: station.capacity for station in before.stations}
    held = [person for person in after.people if person.kind.holds]
    assert all(again.given[person.id] for person in held)
    assert sum(again.given[person.id] == person.kind.holds for person in held) > 0.9 * len(held)


@pytest.mark.row(15)
def test_row_15_with_nothing_answered_nobody_moves() -> None:
    before = draw_district(2)
    plan = make_plan(before)
    people = [person._replace(kind=person.kind._replace(holds=plan.given[person.id])) for person in before.people]
    after = Snapshot.of(people, before.stations, before.travel)
    assert make_plan(after).given == plan.given


@pytest.mark.row(14)
def test_places_enough_for_all_are_shared_in_proportion_and_none_is_starved() -> None:
    snapshot = draw_district(1, people=100, capacity=1000)
    plan = make_plan(snapshot)
    assert all(plan.given.values())
    assert set(plan.fairness.stations.values()) == {20}
    small = replace(snapshot.stations[0], capacity=12)
    starved = Snapshot.of(snapshot.people, [small, *snapshot.stations[1:]], snapshot.travel)
    assert fairness_of(starved).stations[small.code] == 10


@pytest.mark.row(14)
def test_universities_have_their_share_of_those_without_a_place() -> None:
    snapshot = draw_district(1, people=600, capacity=300)
    fares = parity(snapshot, make_plan(snapshot))
    assert sum(each.placed for each in fares) == 300
    assert all(abs(each.placed - each.people / 2) <= 1 for each in fares)


@pytest.mark.row(14)
def test_nobody_travels_longer_than_they_have_to() -> None:
    """Near is enough for one of two; who is far from both stations goes to the nearer one although it costs more."""
    travel = {"A": {"S1": 10, "S2": 20}, "B": {"S1": 100, "S2": 900}}
    people = [Person("1", Kind("A", "A", (), ())), Person("2", Kind("B", "B", (), ()))]
    snapshot = Snapshot.of(people, [Station("S1", 1, {}), Station("S2", 1, {})], travel)
    plan = make_plan(snapshot)
    assert plan.fairness.limit == 100
    assert plan.given == {"1": Task("S2", ""), "2": Task("S1", "")}


def test_a_hidden_district_may_lack_positions_needs_and_places() -> None:
    assert travel_table({"U": None}, {"S": (1.0, 2.0)}) == {"U": {"S": 0}}
    ways = travel_table({"U": (103.8, 30.7)}, {"S": (103.8, 30.8), "T": None})
    assert ways["U"]["T"] == ways["U"]["S"] > 0
    people = [Person("1", Kind("", "", ("law",), ()))]
    open_to_all = Snapshot.of(people, [Station("S", 5, {})], travel_table({"": None}, {"S": None}))
    assert make_plan(open_to_all).given == {"1": Task("S", "")}
    none = make_plan(Snapshot.of(people, [], {"": {}}))
    assert none.given == {"1": None}
    assert make_plan(Snapshot.of([], [Station("S", 5, {})], {})).given == {}


@pytest.mark.row(15)
def test_whoever_has_declined_the_only_station_is_left_in_peace() -> None:
    people = [Person("1", Kind("U", "U", (), (), ("S",))), Person("2", Kind("U", "U", (), ()))]
    snapshot = Snapshot.of(people, [Station("S", 5, {})], {"U": {"S": 10}})
    plan = make_plan(snapshot)
    assert plan.given == {"1": None, "2": Task("S", "")}
    assert proven(snapshot, plan) == plan.cost


@drawn(
    strategies.dictionaries(strategies.text("abcdef", min_size=1, max_size=3), strategies.integers(1, 500), min_size=1),
    strategies.floats(0, 1),
)
def test_shares_add_up_and_are_never_more_than_one_off(weights: dict[str, int], part: float) -> None:
    whole = sum(weights.values())
    total = int(whole * part)
    divided = shares(total, weights)
    assert sum(divided.values()) == total
    assert all(abs(count - total * weights[key] / whole) < 1 for key, count in divided.items())


@pytest.mark.row(14)
def test_row_14_every_person_s_reason_has_numbers_that_add_up() -> None:
    snapshot = draw_district(4)
    plan = make_plan(snapshot)
    names = {station.code: f"{station.code} 站" for station in snapshot.stations}
    for person in snapshot.people:
        reason, task = reason_of(snapshot, plan, person), plan.given[person.id]
        if reason is None or task is None:
            assert task is None
            continue
        parts = reason.parts
        assert parts.total == parts.travel + parts.fit + parts.moved
        if reason.elsewhere_parts:
            assert reason.elsewhere_parts.total + reason.elsewhere_price >= parts.total + reason.price
        for language in ("zh-CN", "en"):
            words = told(task, reason, names, language)
            assert names[task.station] in words
            assert f"{parts.total} {'点' if language == 'zh-CN' else 'points'}" in words


def test_a_plan_says_nothing_on_the_console(capfd: pytest.CaptureFixture[str]) -> None:
    make_plan(draw_district(1))
    assert capfd.readouterr() == ("", "")


def test_skills_are_good_for_services() -> None:
    assert services_of(["law", "nursing", "unknown"]) == {"law", "health", "elderly", "disability"}

"""Making a plan, as work: what it is made of is read, solved beside the loop, proven, and put on file with its proof.

Invariant: a plan is on file only if `certificate.check` has passed it; it stands with its prices, so that anybody who
has the snapshot can check it again.
"""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation import repository
from services.registry.allocation.commands import PLANNING
from services.registry.allocation.domain.certificate import check
from services.registry.allocation.domain.fairness import shares
from services.registry.allocation.domain.plan import Plan, make_plan
from services.registry.allocation.domain.report import Reason, parity, reason_of
from services.registry.allocation.domain.rules import RULES, Point, services_of, travel_table
from services.registry.allocation.domain.snapshot import Kind, Person, Snapshot, Station, Task
from services.registry.allocation.domain.states import AllocationState, PlacementState
from shared.contracts import AllocationProposed
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id
from shared.work.kind import Batch, Done, End, Ended, Patience, WorkKind

ROWS_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read for a plan."""

    snapshot: Snapshot
    stations: Sequence[Row[Any]]
    held: Mapping[str, UUID]
    """Person -> the placement that they have not answered yet."""


def planning_work() -> WorkKind:
    """Return the work that makes a plan, an item an allocation."""

    async def run(batch: Batch) -> None:
        for item in batch.items:
            allocation_id = UUID(item.payload["allocation_id"])
            async with batch.store.transaction() as tx:
                found = await repository.lock_allocation(tx, item.district, allocation_id)
                if found is None:
                    raise LookupError(PLANNING)
                read = await _read(tx, item.district, found["previous_id"], found["capacity_use"])
            plan, rows = await asyncio.to_thread(_made, read)
            async with batch.store.transaction() as tx:
                for first in range(0, len(rows), ROWS_AT_ONCE):
                    some = rows[first : first + ROWS_AT_ONCE]
                    await repository.insert_placements(tx, item.district, allocation_id, found["answer_by"], some)
                await repository.note_plan(
                    tx, item.district, allocation_id, AllocationState.PROPOSED, _report(read, plan)
                )
                event = _proposed(allocation_id, found["previous_id"], found["answer_by"], read.snapshot, plan)
                await event_log.append(tx, [NewEvent(item.district, allocation_id, 1, event, f"work:{item.id}")])
                await batch.conclude(tx, {item: Done()})

    return WorkKind(name=PLANNING, run=run, patience=Patience(attempts=3))


async def planning_ended(tx: AsyncConnection, ended: Sequence[Ended], _end: End) -> None:
    """Note that no plan could be made."""
    for item in ended:
        await repository.note_plan(tx, item.district, UUID(item.payload["allocation_id"]), AllocationState.FAILED, None)


def _proposed(
    allocation_id: UUID, previous_id: UUID | None, answer_by: datetime, snapshot: Snapshot, plan: Plan
) -> AllocationProposed:
    return AllocationProposed(
        allocation_id=allocation_id,
        previous_id=previous_id,
        answer_by=answer_by,
        people=len(snapshot.people),
        places=sum(task is not None for task in plan.given.values()),
        digest=snapshot.digest,
    )


async def _read(tx: AsyncConnection, district: str, previous: UUID | None, capacity_use: int) -> _Read:
    students = await repository.students(tx, district)
    stations = await repository.stations(tx, district)
    answers = await repository.answers(tx, district, previous) if previous else []
    return await asyncio.to_thread(_snapshot, students, stations, answers, capacity_use)


def _snapshot(
    students: Sequence[Row[Any]], stations: Sequence[Row[Any]], answers: Sequence[Row[Any]], capacity_use: int
) -> _Read:
    points = {row.code: _point(row) for row in stations}
    homes = {row.division_code: point for row in stations if (point := points[row.code])}
    quotas = {row.code: row.volunteer_quota for row in stations}
    room = shares(sum(quotas.values()) * capacity_use // 100, quotas)
    taken: Counter[Task] = Counter()
    refused: dict[UUID, set[str]] = defaultdict(set)
    held: dict[UUID, tuple[UUID, Task]] = {}
    left_out: set[UUID] = set()
    for row in answers:
        task = Task(row.station, row.service)
        if row.state == PlacementState.DECLINED:
            refused[row.volunteer_id].add(row.station)
        elif row.state == PlacementState.PROPOSED:
            held[row.volunteer_id] = (row.id, task)
        else:  # who has accepted stays, who has not answered in time is left in peace
            left_out.add(row.volunteer_id)
            if row.state == PlacementState.ACCEPTED and row.station in room:
                taken[task] += 1
    origins: dict[str, Point | None] = {}
    people = []
    for row in students:
        if row.id in left_out:
            continue
        origin = row.community if row.community in homes else row.university
        origins[origin] = homes[origin] if origin in homes else _point(row)
        task_held = held[row.id][1] if row.id in held and held[row.id][1].station in room else None
        wanted = frozenset(row.services)
        kind = Kind(
            row.university,
            origin,
            tuple(sorted(wanted)),
            tuple(sorted(wanted & services_of(row.skills))),
            tuple(sorted(refused[row.id])) if row.id in refused else (),
            task_held,
        )
        people.append(Person(str(row.id), kind))
    return _Read(
        Snapshot.of(
            people,
            [Station(row.code, room[row.code], row.demand) for row in stations],
            travel_table(origins, points),
            taken,
        ),
        stations,
        {str(volunteer): placement for volunteer, (placement, _) in held.items()},
    )


def _point(row: Row[Any]) -> Point | None:
    return None if row.longitude is None or row.latitude is None else (row.longitude, row.latitude)


def _made(read: _Read) -> tuple[Plan, list[Mapping[str, Any]]]:
    """Return the plan, proven, and the rows of what it proposes to somebody who does not hold it already."""
    plan, snapshot = make_plan(read.snapshot), read.snapshot
    check(snapshot, plan.fairness, plan.given, plan.prices, plan.without_prices)
    ids = {row.code: row.id for row in read.stations}
    reasons: dict[tuple[Kind, Task], str] = {}
    rows: list[Mapping[str, Any]] = []
    for person in snapshot.people:
        task = plan.given[person.id]
        if task is None or task == person.kind.holds:
            continue
        if (person.kind, task) not in reasons:
            reasons[person.kind, task] = json.dumps(_written(task, reason_of(snapshot, plan, person)))
        rows.append(
            {
                "id": new_id(),
                "volunteer_id": UUID(person.id),
                "station_id": ids[task.station],
                "service": task.service,
                "reason": reasons[person.kind, task],
                "replaces_id": read.held.get(person.id),
            }
        )
    return plan, rows


def _written(task: Task, reason: Reason | None) -> dict[str, Any]:
    if reason is None:
        raise LookupError(task)
    elsewhere = None
    if reason.elsewhere and reason.elsewhere_parts:
        elsewhere = {
            "task": reason.elsewhere,
            "parts": reason.elsewhere_parts,
            "price": reason.elsewhere_price,
        }
    return {"task": task, "parts": reason.parts, "price": reason.price, "elsewhere": elsewhere}


def _report(read: _Read, plan: Plan) -> dict[str, Any]:
    """Return what is kept of a plan: the table of stations, how universities fare, and the proof."""
    snapshot, fairness = read.snapshot, plan.fairness
    given: dict[str, Counter[str]] = defaultdict(Counter)
    for task, count in [*fairness.free.items(), *snapshot.taken.items()]:
        given[task.station][task.service] += count
    return {
        "rules": RULES,
        "digest": snapshot.digest,
        "cost": plan.cost,
        "limit": fairness.limit,
        "people": len(snapshot.people),
        "places": sum(fairness.free.values()),
        "stations": [
            {
                "id": str(row.id),
                "code": row.code,
                "name": row.name,
                "quota": row.volunteer_quota,
                "demand": row.demand,
                "given": given[row.code],
                "accepted": sum(count for task, count in snapshot.taken.items() if task.station == row.code),
            }
            for row in sorted(read.stations, key=lambda row: str(row.code))
        ],
        "universities": [asdict(each) for each in parity(snapshot, plan)],
        "prices": [
            {"station": task.station, "service": task.service, "price": price} for task, price in plan.prices.items()
        ],
        "without": [
            {"university": university, "people": count, "price": plan.without_prices[university]}
            for university, count in sorted(fairness.without.items())
        ],
    }

"""When stations are reviewed: soon after service there, and when a day begins, as work.

Invariant: dates are whole days in China, so time alone changes a standing, or a plan's, at midnight and at no other
moment. A review that is asked for holds the standing first, so one that is under way is either seen by whoever enters
service, and then another comes, or sees what was entered.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard import plans, repository
from services.registry.standard.domain.targets import Kind, missed, quotas_of
from services.registry.standard.review import review
from shared.contracts import NetworkTargetMissed
from shared.contracts.calendar import begin_of, district_day
from shared.store import event_log
from shared.store.event_log import NewEvent, now
from shared.work.kind import Batch, Done, Item, NewWork, Outcome, Patience, WorkKind, in_transaction
from shared.work.queue import schedule

SOON, MIDNIGHT = "station_review", "station_reviews_at_midnight"
"""Kinds of work."""
WAITS = timedelta(seconds=2)
"""While an import goes on its records come in hundreds of batches: a station is reviewed once for many of them."""
AT_ONCE = 50


async def ask_for_review(tx: AsyncConnection, stations: Collection[tuple[str, UUID]]) -> None:
    """Have stations reviewed soon, (district, id) each."""
    held = await repository.lock_standings(tx, sorted(stations))
    due_at = now() + WAITS
    await schedule(
        tx,
        [
            NewWork(
                district=row.district,
                kind=SOON,
                payload={"station_id": str(row.station_id)},
                due_at=due_at,
                id=uuid5(row.station_id, SOON),
            )
            for row in held
        ],
    )


def soon_work() -> WorkKind:
    """Return the work that reviews stations at which somebody has served."""

    async def run(tx: AsyncConnection, items: Sequence[Item]) -> Mapping[Item, Outcome]:
        by_district: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            by_district[item.district].append(item)
        for district, of_district in sorted(by_district.items()):
            stations = [UUID(item.payload["station_id"]) for item in of_district]
            await review(tx, district, stations, f"work:{of_district[0].id}", district_day(now()))
        return {}

    return WorkKind(name=SOON, run=in_transaction(run), patience=Patience(longest=60), batch=AT_ONCE)


def midnight_work() -> WorkKind:
    """Return the work that reviews at midnight what the new day changes: judgements that end, months, plans."""
    return WorkKind(name=MIDNIGHT, run=_turn_of_day, patience=Patience(longest=60), every=_midnight_after)


def _midnight_after(moment: datetime) -> datetime:
    return begin_of(district_day(moment) + timedelta(days=1))


async def _turn_of_day(batch: Batch) -> None:
    [item] = batch.items
    today, caused_by = district_day(now()), f"work:{item.id}"
    async with batch.store.transaction() as tx:
        due = await repository.due_for_review(tx, today)
    for district, stations in due.items():
        for begin in range(0, len(stations), AT_ONCE):
            async with batch.store.transaction() as tx:
                await review(tx, district, stations[begin : begin + AT_ONCE], caused_by, today)
            batch.came_forward()
    async with batch.store.transaction() as tx:
        await _settle_plans(tx, caused_by)
        await batch.conclude(tx, {item: Done()})


async def _settle_plans(tx: AsyncConnection, caused_by: str) -> None:
    """Tell the centre of each plan whose day has passed and of which something is not there, once."""
    today = district_day(now())
    there: dict[str, tuple[dict[Kind, int], int]] = {}
    for plan in await plans.plans_to_settle(tx, today):
        if plan.district not in there:
            there[plan.district] = await plans.counts(tx, plan.district)
        counted, communities = there[plan.district]
        kinds = missed(quotas_of(plan.quotas, communities), counted)
        if kinds:
            event = NetworkTargetMissed(
                plan_id=plan.id,
                title=plan.title,
                due_on=plan.due_on,
                kinds=tuple(kinds),
                recipient_ids=await repository.centre_of(tx, plan.district),
            )
            await event_log.append(tx, [NewEvent(plan.district, plan.id, plan.version + 1, event, caused_by)])
        await plans.settle(tx, plan.district, plan.id, today, len(kinds[:1]))

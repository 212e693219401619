"""Making plans for the network, and ending them.

Invariant: a plan says what there was when it was made, so that its pace is what came since.
"""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.people.repository import lock_district
from services.registry.standard import plans
from services.registry.standard.domain.targets import MOST_PLANS, Kind
from shared.contracts import NetworkPlanEnded, NetworkPlanMade
from shared.contracts.actor import Actor
from shared.contracts.calendar import district_day
from shared.contracts.faults import Code, Fault, RefusedError
from shared.store import event_log
from shared.store.event_log import NewEvent, new_id, now

TITLE_LENGTH = 60
LONGEST = timedelta(days=3660)


class PlanMade(BaseModel):
    """A plan that the district goes by."""

    id: UUID
    version: int


class PlanEnded(BaseModel):
    """A plan that the district does not go by any more."""

    id: UUID
    version: int


async def make_plan(
    tx: AsyncConnection, actor: Actor, title: str, due_on: date, wanted: Mapping[Kind, int | None]
) -> PlanMade:
    """Make a plan: so many of each kind by a day; of communities None is every one.

    Raises RefusedError: ``missing`` where it has no title or wants nothing, ``too_long``; a day ``in_past`` or
    ``out_of_range`` (ten years); ``too_many`` where the district goes by ten.
    """
    today = district_day(now())
    faults = [] if title else [Fault("title", Code.MISSING)]
    if len(title) > TITLE_LENGTH:
        faults.append(Fault("title", Code.TOO_LONG))
    if due_on <= today:
        faults.append(Fault("due_on", Code.IN_PAST))
    elif due_on > today + LONGEST:
        faults.append(Fault("due_on", Code.OUT_OF_RANGE))
    if not wanted:
        faults.append(Fault("stations", Code.MISSING))
    if faults:
        raise RefusedError(*faults)
    await lock_district(tx, actor.district)
    if len(await plans.plans(tx, actor.district, MOST_PLANS)) >= MOST_PLANS:
        raise RefusedError(Fault("title", Code.TOO_MANY))
    there, _ = await plans.counts(tx, actor.district)
    plan_id = new_id()
    await plans.insert_plan(
        tx,
        actor.district,
        {
            "id": plan_id,
            "title": title,
            "starts_on": today,
            "due_on": due_on,
            "quotas": json.dumps(wanted),
            "at_start": json.dumps({kind: there[kind] for kind in wanted}),
            "made_by": actor.name,
            "made_at": now(),
            "version": 1,
        },
    )
    event = NetworkPlanMade(
        plan_id=plan_id,
        title=title,
        due_on=due_on,
        starts_on=today,
        quotas={str(kind): n for kind, n in wanted.items()},
    )
    await event_log.append(tx, [NewEvent(actor.district, plan_id, 1, event, actor.name)])
    return PlanMade(id=plan_id, version=1)


async def end_plan(tx: AsyncConnection, actor: Actor, plan_id: UUID) -> PlanEnded:
    """Go by a plan no more; it stays on file. Raises RefusedError: ``not_found``, ``not_open`` where it has ended."""
    plan = await plans.lock_plan(tx, actor.district, plan_id)
    if plan is None:
        raise RefusedError(Fault("plan_id", Code.NOT_FOUND))
    if plan.ended_at:
        raise RefusedError(Fault("plan_id", Code.NOT_OPEN))
    await plans.end_plan(tx, actor.district, plan_id, now())
    event = NetworkPlanEnded(plan_id=plan_id, title=plan.title, due_on=plan.due_on)
    await event_log.append(tx, [NewEvent(actor.district, plan_id, plan.version + 1, event, actor.name)])
    return PlanEnded(id=plan_id, version=plan.version + 1)

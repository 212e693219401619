"""What is shown of the network: what there is of each kind, and how far each plan has come.

Invariant: a forecast is made when it is looked at, from the plan's start and from what there is now.
"""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.standard import plans
from services.registry.standard.domain.targets import MOST_PLANS, progress, quotas_of
from shared.contracts.calendar import district_day
from shared.store.event_log import now


class TargetView(BaseModel):
    """One kind of a plan: what is wanted, there, and gained since it began; ``outlook`` and the day forecast."""

    kind: str
    wanted: int
    every: bool
    """Whether every community is wanted, however many there are."""
    there: int
    at_start: int
    gained: int
    days: int
    per_cent: int
    outlook: str
    reached_on: date | None


class PlanView(BaseModel):
    """A plan that the district goes by."""

    id: UUID
    title: str
    starts_on: date
    due_on: date
    overdue: bool
    targets: list[TargetView]


class NetworkView(BaseModel):
    """The network as of a moment: what there is of each kind, stations by how they stand, and the plans."""

    as_of: datetime
    centres: int
    stations: int
    teams: int
    communities: int
    every_community: int
    by_status: dict[str, int]
    """Status -> how many open stations and centres."""
    plans: list[PlanView]


_BY_STATUS = text("""
    SELECT CASE WHEN t.reviewed_on IS NULL AND s.opened_on <= :today THEN 'building'
                ELSE coalesce(t.status, 'planned') END AS status, count(*) AS how_many
    FROM station s LEFT JOIN station_standing t ON t.district = s.district AND t.station_id = s.id
    WHERE s.district = :district AND s.closed_on IS NULL GROUP BY 1
""")


async def find_network(tx: AsyncConnection, district: str) -> NetworkView:
    """Return the network of a district as it is now."""
    as_of = now()
    today = district_day(as_of)
    there, communities = await plans.counts(tx, district)
    by_status = await tx.execute(_BY_STATUS, {"district": district, "today": today})
    shown = []
    for plan in await plans.plans(tx, district, MOST_PLANS):
        targets = []
        for kind, wanted in quotas_of(plan.quotas, communities).items():
            found = progress(wanted, plan.at_start[kind], there[kind], plan.starts_on, plan.due_on, today)
            targets.append(
                TargetView(
                    kind=kind,
                    wanted=wanted,
                    every=plan.quotas[kind] is None,
                    there=found.there,
                    at_start=plan.at_start[kind],
                    gained=found.gained,
                    days=found.days,
                    per_cent=found.per_cent,
                    outlook=found.outlook,
                    reached_on=found.reached_on,
                )
            )
        shown.append(
            PlanView(
                id=plan.id,
                title=plan.title,
                starts_on=plan.starts_on,
                due_on=plan.due_on,
                overdue=any(one.outlook == "overdue" for one in targets),
                targets=targets,
            )
        )
    return NetworkView(
        as_of=as_of,
        **{str(kind): count for kind, count in there.items()},
        every_community=communities,
        by_status={row.status: row.how_many for row in by_status},
        plans=shown,
    )

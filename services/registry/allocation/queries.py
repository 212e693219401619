"""What is shown of allocations: to the office numbers by station and university, to a volunteer their own place."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import RowMapping, text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.allocation.domain.report import Reason, told
from services.registry.allocation.domain.rules import WIDEST_GAP_MINUTES
from services.registry.allocation.domain.snapshot import Parts, Task
from shared.contracts.faults import Code, Fault, RefusedError


class AllocationSummary(BaseModel):
    """An allocation: its terms and how it stands."""

    id: UUID
    previous_id: UUID | None
    state: str
    capacity_use: int
    """Per cent of the stations' quotas."""
    answer_by: datetime
    asked_at: datetime
    approved_at: datetime | None


class StationGiven(BaseModel):
    """What a station asks for and is given; numbers of people, by service where they are many."""

    id: UUID
    code: str
    name: str
    quota: int
    demand: dict[str, int]
    given: dict[str, int]
    accepted: int
    """Of those given: who had accepted a place there before."""
    answers: dict[str, int]
    """How many of this plan's placements stand how."""


class UniversityFares(BaseModel):
    """How the people of one university fare; empty is no university."""

    university: str
    people: int
    placed: int
    mean_minutes: float
    wanted: int
    skilled: int


class Price(BaseModel):
    """What one place more would save, in the units of the costs."""

    station: str
    service: str
    price: int


class Without(BaseModel):
    """How many of a university have no place, and what that is worth."""

    university: str
    people: int
    price: int


class AllocationView(AllocationSummary):
    """An allocation with its plan; what is of the plan is empty while that is being made."""

    rules: str = ""
    digest: str = ""
    cost: int = 0
    """What the plan costs, which is proven to be the least."""
    limit: int = 0
    """The longest way that is proposed, in tenths of minutes."""
    people: int = 0
    places: int = 0
    gap_minutes: float = 0
    """The widest difference of mean travel between two universities."""
    gap_is_wide: bool = False
    stations: list[StationGiven] = []
    universities: list[UniversityFares] = []
    prices: list[Price] = []
    without: list[Without] = []


class OwnPlacement(BaseModel):
    """A place that was proposed to the volunteer, and why."""

    id: UUID
    state: str
    station_id: UUID
    station_name: str
    service: str
    answer_by: datetime
    answered_at: datetime | None
    why: str


_SUMMARIES = text("""
    SELECT id, previous_id, state, capacity_use, answer_by, asked_at, approved_at FROM allocation
    WHERE district = :district ORDER BY asked_at DESC, id DESC LIMIT :limit
""")
_ONE = text("""
    SELECT id, previous_id, state, capacity_use, answer_by, asked_at, approved_at, plan FROM allocation
    WHERE district = :district AND id = :id
""")
_ANSWERS = text("""
    SELECT station_id, state, count(*) AS how_many FROM placement
    WHERE district = :district AND allocation_id = :id GROUP BY station_id, state
""")
_OWN = text("""
    SELECT p.id, p.state, p.station_id, s.name AS station_name, p.service, p.answer_by, p.answered_at, p.reason,
           e.name AS elsewhere_name
    FROM placement p JOIN station s ON s.district = p.district AND s.id = p.station_id
    LEFT JOIN station e ON e.district = p.district AND e.code = p.reason -> 'elsewhere' -> 'task' ->> 0
    WHERE p.district = :district AND p.volunteer_id = :volunteer AND p.state NOT IN ('planned', 'replaced', 'withheld')
    ORDER BY p.answer_by DESC, p.id DESC LIMIT 20
""")


async def allocations(tx: AsyncConnection, district: str, limit: int) -> list[AllocationSummary]:
    """Return a district's last allocations, the newest first."""
    rows = await tx.execute(_SUMMARIES, {"district": district, "limit": limit})
    return [AllocationSummary.model_validate(dict(row)) for row in rows.mappings()]


async def find_allocation(tx: AsyncConnection, district: str, allocation_id: UUID) -> AllocationView:
    """Return an allocation with its plan and the answers so far. Raises RefusedError (not_found)."""
    key = {"district": district, "id": allocation_id}
    row = (await tx.execute(_ONE, key)).mappings().one_or_none()
    if row is None:
        raise RefusedError(Fault("allocation_id", Code.NOT_FOUND))
    answers: dict[str, dict[str, int]] = {}
    for counted in await tx.execute(_ANSWERS, key):
        answers.setdefault(str(counted.station_id), {})[counted.state] = counted.how_many
    plan: dict[str, Any] = row["plan"] or {}
    minutes = [each["mean_minutes"] for each in plan.get("universities", ()) if each["placed"]]
    gap = round(max(minutes, default=0.0) - min(minutes, default=0.0), 1)
    stations = [{**each, "answers": answers.get(each["id"], {})} for each in plan.get("stations", ())]
    shown = {**row, **plan, "stations": stations, "gap_minutes": gap, "gap_is_wide": gap > WIDEST_GAP_MINUTES}
    return AllocationView.model_validate(shown)


async def own_placements(tx: AsyncConnection, district: str, volunteer_id: UUID, language: str) -> list[OwnPlacement]:
    """Return what was proposed to a volunteer, the newest first, with the reason in words."""
    rows = await tx.execute(_OWN, {"district": district, "volunteer": volunteer_id})
    return [OwnPlacement.model_validate({**row, "why": _why(row, language)}) for row in rows.mappings()]


def _why(row: RowMapping, language: str) -> str:
    written = row["reason"]
    task, elsewhere = Task(*written["task"]), written["elsewhere"]
    names = {task.station: row["station_name"]}
    other = Task(*elsewhere["task"]) if elsewhere else None
    if other:
        names[other.station] = row["elsewhere_name"] or other.station
    reason = Reason(
        Parts(*written["parts"]),
        written["price"],
        other,
        Parts(*elsewhere["parts"]) if elsewhere else None,
        elsewhere["price"] if elsewhere else 0,
    )
    return told(task, reason, names, language)

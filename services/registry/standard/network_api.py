"""The network and its targets over HTTP."""

from datetime import date
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.registry.standard import network
from services.registry.standard.domain.targets import Kind
from services.registry.standard.network import NetworkView
from services.registry.standard.network_plans import PlanEnded, PlanMade, end_plan, make_plan
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line
from shared.http.idempotency import IdempotencyKey, idempotent

router = APIRouter(prefix="/v1/network", tags=["standard"])

Office = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
Reader = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR))]
Quota = Annotated[int, Field(ge=1, le=100_000)]


class PlanForm(BaseModel):
    """So many of each kind by a day; what is left out is no part of the plan."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"title": "一中心十站点", "due_on": "2027-07-31", "centres": 1, "stations": 10, "teams": 84},
                {"title": "两年内社区全覆盖", "due_on": "2028-07-31", "every_community": True},
            ]
        }
    )

    title: Annotated[Line, Field(max_length=500)]
    due_on: date
    centres: Quota | None = None
    stations: Quota | None = None
    teams: Quota | None = None
    communities: Quota | None = None
    every_community: bool = False

    def wanted(self) -> dict[Kind, int | None]:
        """Return what is wanted of each kind."""
        numbers = {Kind.CENTRES: self.centres, Kind.STATIONS: self.stations, Kind.TEAMS: self.teams}
        found: dict[Kind, int | None] = {kind: number for kind, number in numbers.items() if number is not None}
        if self.every_community or self.communities is not None:
            found[Kind.COMMUNITIES] = None if self.every_community else self.communities
        return found


@router.get("")
async def show_network(store: ApiStore, caller: Reader) -> NetworkView:
    """Show what there is of each kind and how far each plan has come, with when it would be reached at this pace."""
    async with store.transaction(caller.district) as tx:
        return await network.find_network(tx, caller.district)


@router.post("/plans", status_code=201, response_model=PlanMade)
async def make(form: PlanForm, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Make a plan for the network."""
    async with store.transaction(caller.district) as tx:
        command = partial(make_plan, tx, caller, form.title, form.due_on, form.wanted())
        return await idempotent(tx, caller, key, 201, command)


@router.post("/plans/{plan_id}/ending", response_model=PlanEnded)
async def end(plan_id: UUID, store: ApiStore, caller: Office, key: IdempotencyKey) -> Response:
    """Go by a plan no more."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 200, partial(end_plan, tx, caller, plan_id))

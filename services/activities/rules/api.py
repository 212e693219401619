"""A district's rules over HTTP: shown to everybody who signs up, set by its centre."""

from datetime import date
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.activities.rules.commands import set_rules
from services.activities.rules.queries import DistrictRules, RuleSets, rule_sets, shown
from services.activities.rules.repository import rules_in_force
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.store.event_log import now

router = APIRouter(prefix="/v1/rule-sets", tags=["rules"])

Anybody = Annotated[Caller, Depends(caller_with(*Role))]
Staff = Annotated[
    Caller,
    Depends(
        caller_with(
            Role.TEAM_LEADER,
            Role.STATION_MANAGER,
            Role.CASE_WORKER,
            Role.DISTRICT_ADMIN,
            Role.AUDITOR,
            Role.OPERATOR,
        )
    ),
]
Admin = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
_OfMinutes = Annotated[int | None, Field(ge=0, le=1_000_000)]


class ChangedRules(BaseModel):
    """What of a district's rules is to be different, each in minutes; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 0, "counts_early": 15, "notice": 2880}]})

    version: int = Field(ge=0, description="The version made last, on which the change is based; 0 where none was.")
    holds_from: date | None = Field(None, description="The day from which on it holds, in China; at once where absent.")
    check_in_opens: _OfMinutes = None
    counts_early: _OfMinutes = None
    counts_late: _OfMinutes = None
    forgotten_after: _OfMinutes = None
    offer_stands: _OfMinutes = None
    no_offers: _OfMinutes = None
    agreement: _OfMinutes = None
    notice: _OfMinutes = None

    def changes(self) -> dict[str, int]:
        """Return the minutes that were given."""
        return self.model_dump(exclude={"version", "holds_from"}, exclude_none=True)


@router.get("/current")
async def show_rules(store: ApiStore, caller: Anybody) -> DistrictRules:
    """Show the rules that activities of the district are published with now."""
    async with store.transaction(caller.district) as tx:
        return shown(await rules_in_force(tx, caller.district, now()))


@router.get("")
async def list_rules(store: ApiStore, caller: Staff) -> RuleSets:
    """List all rules that the district has had, has, and will have."""
    async with store.transaction(caller.district) as tx:
        return await rule_sets(tx, caller.district)


@router.post("", status_code=201, response_model=DistrictRules)
async def change_rules(body: ChangedRules, store: ApiStore, caller: Admin, key: IdempotencyKey) -> Response:
    """Set other rules for what is published from now, or a later day, on; what is published already keeps its own."""
    async with store.transaction(caller.district) as tx:
        command = partial(set_rules, tx, caller, body.version, body.changes(), body.holds_from)
        return await idempotent(tx, caller, key, 201, command)

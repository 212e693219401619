"""A district's rules over HTTP: shown to everybody who signs up, set by its centre."""

from typing import Annotated

from fastapi import APIRouter, Depends, Response
from pydantic import BaseModel, ConfigDict, Field

from services.activities.rules.commands import DistrictRules, set_rules, shown
from services.activities.rules.repository import newest_rules
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.idempotency import IdempotencyKey, idempotent

router = APIRouter(prefix="/v1/rule-sets", tags=["rules"])

Anybody = Annotated[Caller, Depends(caller_with(*Role))]
Admin = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN))]
_OfMinutes = Annotated[int | None, Field(ge=0, le=1_000_000)]


class ChangedRules(BaseModel):
    """What of a district's rules is to be different, each in minutes; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 0, "counts_early": 15, "notice": 2880}]})

    version: int = Field(ge=0, description="The version that the change is based on; 0 where none was ever set.")
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
        return self.model_dump(exclude={"version"}, exclude_none=True)


@router.get("/current")
async def show_rules(store: ApiStore, caller: Anybody) -> DistrictRules:
    """Show the rules that activities of the district are published with now."""
    async with store.transaction(caller.district) as tx:
        return shown(await newest_rules(tx, caller.district))


@router.post("", status_code=201, response_model=DistrictRules)
async def change_rules(body: ChangedRules, store: ApiStore, caller: Admin, key: IdempotencyKey) -> Response:
    """Set other rules for what is published from now on; activities that are published keep theirs."""
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, lambda: set_rules(tx, caller, body.version, body.changes()))

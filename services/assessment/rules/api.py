"""The rules in force over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.assessment.rules import queries
from services.assessment.rules.domain import RuleSet
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore

router = APIRouter(prefix="/v1")

Anybody = Annotated[Caller, Depends(caller_with(*Role))]


@router.get("/rule-sets/current", tags=["assessments"])
async def show_rules(store: ApiStore, caller: Anybody) -> RuleSet:
    """Show the rules that the district's figures follow today."""
    async with store.transaction(caller.district) as tx:
        return await queries.current_rules(tx, caller.district)

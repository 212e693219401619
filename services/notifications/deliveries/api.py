"""For the district's staff: how its deliveries stand."""

from typing import Annotated

from fastapi import APIRouter, Depends

from services.notifications.deliveries import queries
from services.notifications.deliveries.queries import DeliveryCountView
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore

router = APIRouter(prefix="/v1/deliveries", tags=["deliveries"])

Staff = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.AUDITOR, Role.OPERATOR))]


@router.get("/summary")
async def summarise_deliveries(store: ApiStore, caller: Staff) -> list[DeliveryCountView]:
    """Count the district's deliveries by channel, state and reason."""
    async with store.transaction(caller.district) as tx:
        return await queries.delivery_counts(tx, caller.district)

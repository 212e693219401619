"""What the service holds of the caller, over HTTP."""

from fastapi import APIRouter

from services.activities.own_data.queries import OwnActivityData, own_data
from services.activities.timetable.dependencies import OwnId, Volunteer
from shared.http.dependencies import ApiStore

router = APIRouter(prefix="/v1/me", tags=["own data"])


@router.get("/data")
async def show_own_data(store: ApiStore, caller: Volunteer, volunteer_id: OwnId) -> OwnActivityData:
    """Show all that activities holds of the caller: sign-ups, records, claims (PIPL art. 45)."""
    async with store.transaction(caller.district) as tx:
        return await own_data(tx, caller.district, volunteer_id)

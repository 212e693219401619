"""What a volunteer wants to be told, over HTTP."""

from datetime import time
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict

from services.notifications.preferences.commands import set_preferences
from services.notifications.preferences.domain import Channel, Purpose, QuietHours
from services.notifications.preferences.queries import PreferencesView, view
from services.notifications.preferences.repository import load_preferences
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.problems import ProblemError

router = APIRouter(prefix="/v1/me/preferences", tags=["preferences"])

Volunteer = Annotated[Caller, Depends(caller_with(own=[Role.VOLUNTEER]))]


def _volunteer_id(caller: Volunteer) -> UUID:
    if caller.volunteer_id is None:
        raise ProblemError(403, "forbidden")
    return caller.volunteer_id


VolunteerId = Annotated[UUID, Depends(_volunteer_id)]


class QuietHoursBody(BaseModel):
    """When no mail is to come: times of a clock in China; ``ends`` may be on the day after ``starts``."""

    starts: time
    ends: time


class PreferencesBody(BaseModel):
    """On which channels messages for each purpose are to come; a purpose that is left out comes on all of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "channels": {"reminder": ["in_app", "email"], "hours": ["in_app"], "change": ["in_app"]},
                    "quiet_hours": {"starts": "22:00", "ends": "07:00"},
                }
            ]
        }
    )

    channels: dict[Purpose, set[Channel]]
    quiet_hours: QuietHoursBody | None = None


@router.get("")
async def show_preferences(store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId) -> PreferencesView:
    """Show what the caller wants to be told, where, and when not."""
    async with store.transaction(caller.district) as tx:
        return view(await load_preferences(tx, caller.district, volunteer_id))


@router.put("")
async def put_preferences(
    store: ApiStore, caller: Volunteer, volunteer_id: VolunteerId, body: PreferencesBody
) -> PreferencesView:
    """Say what the caller wants to be told, in place of all that was said before."""
    quiet = QuietHours(body.quiet_hours.starts, body.quiet_hours.ends) if body.quiet_hours else None
    async with store.transaction(caller.district) as tx:
        return view(await set_preferences(tx, caller.district, volunteer_id, body.channels, quiet))

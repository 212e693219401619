"""Changing and cancelling over HTTP, by whoever staffs the activity."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.activities.changes import cancelling, editing
from services.activities.changes.domain import ShiftChange
from services.activities.changes.editing import Changed
from services.activities.publishing.domain import ShiftDraft
from shared.contracts.actor import Role
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent

router = APIRouter(prefix="/v1", tags=["activities"])

# An activity is of a station and names no team: a team leader changes those that they have published.
Organiser = Annotated[
    Caller, Depends(caller_with(Role.DISTRICT_ADMIN, units=[Role.STATION_MANAGER], own=[Role.TEAM_LEADER]))
]
Version = Annotated[int, Field(ge=1, description="The version of the activity that the change is based on.")]


class ActivityText(BaseModel):
    """What of an activity's text is to be different; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 1, "place": "新华社区二楼活动室"}]})

    version: Version
    title: Line | None = None
    service: Line | None = None
    place: Line | None = None
    person_in_charge: Line | None = None
    risk_text: Paragraphs | None = None
    description: Paragraphs | None = None

    def texts(self) -> dict[str, str]:
        """Return the fields that were given."""
        return self.model_dump(exclude={"version"}, exclude_none=True)


class AddedShift(BaseModel):
    """A shift more: times with an offset, and how many volunteers it needs."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    capacity: int | None = None


class ChangedShift(BaseModel):
    """What of a shift is to be different; what is left out stays."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"version": 2, "capacity": 30}]})

    version: Version
    starts_at: AwareDatetime | None = None
    ends_at: AwareDatetime | None = None
    capacity: int | None = None
    leaving: list[UUID] = Field(default=[], max_length=1000, description="Sign-ups that lose their place by it.")

    def change(self) -> ShiftChange:
        """Return it as the rules want it."""
        return ShiftChange(self.starts_at, self.ends_at, self.capacity, frozenset(self.leaving))


class Reason(BaseModel):
    """Why something does not take place; everybody concerned reads it."""

    reason: Paragraphs = ""


@router.patch("/activities/{activity_id}")
async def edit(activity_id: UUID, body: ActivityText, store: ApiStore, caller: Organiser) -> Changed:
    """Change the text of an activity."""
    async with store.transaction(caller.district) as tx:
        return await editing.edit_activity(tx, caller, activity_id, body.version, body.texts())


@router.post("/activities/{activity_id}/shifts", status_code=201, response_model=Changed)
async def add_shift(
    activity_id: UUID, body: AddedShift, store: ApiStore, caller: Organiser, key: IdempotencyKey
) -> Response:
    """Add a shift to an activity, open for sign-up at once."""
    shift = ShiftDraft(body.starts_at, body.ends_at, body.capacity)
    async with store.transaction(caller.district) as tx:
        return await idempotent(tx, caller, key, 201, partial(editing.add_shift, tx, caller, activity_id, shift))


@router.patch("/shifts/{shift_id}")
async def change_shift(shift_id: UUID, body: ChangedShift, store: ApiStore, caller: Organiser) -> Changed:
    """Move a shift that has not begun, or give it more or fewer places."""
    async with store.transaction(caller.district) as tx:
        return await editing.change_shift(tx, caller, shift_id, body.version, body.change())


@router.post("/shifts/{shift_id}/cancel", status_code=204)
async def cancel_shift(shift_id: UUID, body: Reason, store: ApiStore, caller: Organiser) -> None:
    """Cancel a shift that has not begun; everybody on it is told."""
    async with store.transaction(caller.district) as tx:
        await cancelling.cancel_shift(tx, caller, shift_id, body.reason)


@router.post("/activities/{activity_id}/cancel", status_code=204)
async def cancel_activity(activity_id: UUID, body: Reason, store: ApiStore, caller: Organiser) -> None:
    """Cancel an activity with its shifts that have not begun; everybody on them is told."""
    async with store.transaction(caller.district) as tx:
        await cancelling.cancel_activity(tx, caller, activity_id, body.reason)

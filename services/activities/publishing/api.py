"""Activities over HTTP: publish, list, look at."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.activities.publishing import queries
from services.activities.publishing.commands import PublishedActivity, SeenDraft, publish_activity
from services.activities.publishing.domain import MOST_NEEDS, ActivityDraft, ShiftDraft
from services.activities.publishing.queries import ActivitySummary, ActivityView
from shared.contracts.actor import Role
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.auth import Caller, caller_with
from shared.http.dependencies import ApiStore
from shared.http.forms import Line, Paragraphs
from shared.http.idempotency import IdempotencyKey, idempotent
from shared.http.pages import Page, RequestedPage
from shared.http.versions import set_etag

router = APIRouter(prefix="/v1/activities", tags=["activities"])

Organiser = Annotated[Caller, Depends(caller_with(Role.DISTRICT_ADMIN, Role.TEAM_LEADER, units=[Role.STATION_MANAGER]))]
Anybody = Annotated[Caller, Depends(caller_with(*Role))]


class NewShift(BaseModel):
    """A shift: times with an offset, and how many volunteers it needs."""

    starts_at: AwareDatetime
    ends_at: AwareDatetime
    capacity: int | None = None


class KeptAs(BaseModel):
    """The draft that an activity was kept as; it is gone when the activity is published."""

    id: UUID
    version: int


class NewActivity(BaseModel):
    """An activity to publish. What is left out is refused by the rules, all of it at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "station": "510115-STA-01",
                    "title": "社区读书会",
                    "service": "culture",
                    "place": "新华社区活动室",
                    "person_in_charge": "站长办公室 028-00000000",
                    "risk_text": "室内活动，地面湿滑时注意安全",
                    "description": "陪孩子们读书",
                    "shifts": [
                        {
                            "starts_at": "2026-03-01T09:00:00+08:00",
                            "ends_at": "2026-03-01T11:00:00+08:00",
                            "capacity": 20,
                        }
                    ],
                }
            ]
        }
    )

    station: Line = Field("", description="The station's code or id.")
    title: Line = ""
    service: Line = ""
    place: Line = ""
    person_in_charge: Line = ""
    risk_text: Paragraphs = Field("", description="The risks that volunteers take (Decree 685, art. 12).")
    description: Paragraphs = ""
    dangerous: bool = Field(default=False, description="Whether nobody under 18 may take part; it stays so.")
    shifts: list[NewShift] = []
    needs: list[Line] = Field(
        [],
        max_length=MOST_NEEDS,
        description="Kinds of qualification that whoever comes must hold (Decree 685, art. 16).",
    )
    kept_as: KeptAs | None = None

    def draft(self) -> ActivityDraft:
        """Return it as the rules want it."""
        return ActivityDraft(
            title=self.title,
            service=self.service,
            place=self.place,
            person_in_charge=self.person_in_charge,
            risk_text=self.risk_text,
            description=self.description,
            shifts=[ShiftDraft(shift.starts_at, shift.ends_at, shift.capacity) for shift in self.shifts],
            needs=sorted(set(self.needs)),
            dangerous=self.dangerous,
        )


@router.post("", status_code=201, response_model=PublishedActivity)
async def publish(body: NewActivity, store: ApiStore, caller: Organiser, key: IdempotencyKey) -> Response:
    """Publish an activity with its shifts, open for sign-up at once; a station's manager, for that station."""
    kept_as = SeenDraft(body.kept_as.id, body.kept_as.version) if body.kept_as else None
    async with store.transaction(caller.district) as tx:
        command = partial(publish_activity, tx, caller, body.station, body.draft(), kept_as)
        return await idempotent(tx, caller, key, 201, command)


@router.get("")
async def list_open(store: ApiStore, caller: Anybody, page: RequestedPage) -> Page[ActivitySummary]:
    """List activities with a shift that has not begun, newest first, with their free places."""
    (after,) = page.position(UUID) or (None,)
    async with store.transaction(caller.district) as tx:
        found = await queries.open_activities(tx, caller.district, after, page.limit + 1)
    return Page.of(found, page.limit, lambda activity: (str(activity.id),))


@router.get("/{activity_id}")
async def show(activity_id: UUID, response: Response, store: ApiStore, caller: Anybody) -> ActivityView:
    """Show an activity with every shift."""
    async with store.transaction(caller.district) as tx:
        activity = await queries.find_activity(tx, caller.district, activity_id)
    if activity is None:
        raise RefusedError(Fault("activity_id", Code.NOT_FOUND))
    set_etag(response, activity.version)
    return activity

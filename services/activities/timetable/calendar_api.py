"""A volunteer's calendar over HTTP: a sign-up as a file, and a feed for a calendar to follow."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, ConfigDict

from services.activities.timetable.calendar_entries import entries_of, entry_of
from services.activities.timetable.calendar_feed import made_at, read_token, renew_feed, volunteer_of
from services.activities.timetable.calendar_file import calendar_file
from services.activities.timetable.dependencies import OwnId, Volunteer
from shared.contracts.faults import Code, Fault, RefusedError
from shared.http.dependencies import ApiStore
from shared.http.public import PUBLIC_READ
from shared.store.event_log import now

router = APIRouter(prefix="/v1", tags=["timetable"])


class CalendarFile(Response):
    """An iCalendar file, one person's own: nothing in between may keep it."""

    media_type = "text/calendar"


class FeedAddress(BaseModel):
    """Where a calendar follows one's sign-ups, on this service. Whoever knows it sees them; it is told only once."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"path": "/v1/calendar-feeds/510115-Zk3…w.ics", "token": "510115-Zk3…w"}]}
    )

    path: str
    token: str


class Feed(BaseModel):
    """When one's calendar got its present address; None where it has none."""

    made_at: datetime | None


@router.get("/sign-ups/{sign_up_id}/calendar", response_class=CalendarFile)
async def download(sign_up_id: UUID, store: ApiStore, caller: Volunteer, volunteer_id: OwnId) -> CalendarFile:
    """Download one's own sign-up for a calendar; one that was withdrawn takes itself out of it."""
    async with store.transaction(caller.district) as tx:
        entries = await entry_of(tx, caller.district, volunteer_id, sign_up_id)
    if not entries:
        raise RefusedError(Fault("sign_up_id", Code.NOT_FOUND))
    headers = {"Content-Disposition": 'attachment; filename="linbang.ics"', "Cache-Control": "private, no-store"}
    return CalendarFile(calendar_file(entries, now()), headers=headers)


@router.get("/me/calendar-feed")
async def show_feed(store: ApiStore, caller: Volunteer, volunteer_id: OwnId) -> Feed:
    """Show whether one's calendar has an address; the address itself is told only when it is made."""
    async with store.transaction(caller.district) as tx:
        return Feed(made_at=await made_at(tx, caller.district, volunteer_id))


@router.post("/me/calendar-feed", status_code=201)
async def renew(store: ApiStore, caller: Volunteer, volunteer_id: OwnId, response: Response) -> FeedAddress:
    """Give one's calendar a new secret address; the one before stops to work."""
    async with store.transaction(caller.district) as tx:
        token = str(await renew_feed(tx, caller.district, volunteer_id, now()))
    response.headers["Cache-Control"] = "no-store"
    return FeedAddress(path=f"/v1/calendar-feeds/{token}.ics", token=token)


@router.get("/calendar-feeds/{token}.ics", response_class=CalendarFile, dependencies=PUBLIC_READ, responses={429: {}})
async def follow(token: Annotated[str, Path(pattern="^[0-9]{6}-[A-Za-z0-9_-]{43}$")], store: ApiStore) -> CalendarFile:
    """Give the sign-ups of whoever the address is of, for a calendar that asks now and then; it needs no token."""
    address = read_token(token)
    async with store.transaction(address.district) as tx:
        volunteer_id = await volunteer_of(tx, address)
        if volunteer_id is None:
            raise RefusedError(Fault("token", Code.NOT_FOUND))
        entries = await entries_of(tx, address.district, volunteer_id)
    return CalendarFile(calendar_file(entries, now()), headers={"Cache-Control": "private, max-age=300"})

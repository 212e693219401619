"""What pages of staff are made of."""

from uuid import UUID

from pydantic import BaseModel

from services.portal.activities.queries import Places
from shared.http.upstream import Read, Upstream


class MyActivity(BaseModel):
    """An activity that the caller deals with."""

    activity_id: UUID
    title: str
    place: str
    shifts: list[Places]


class MyActivities(BaseModel):
    """A page of those in one state, and how many there are in each."""

    items: list[MyActivity]
    next_cursor: str | None
    counts: dict[str, int]


MY_ACTIVITIES = Read("activities", "/v1/me/activities", MyActivities)


async def my_activities(calls: Upstream, state: str = "open", cursor: str | None = None) -> MyActivities:
    """Return the activities that the caller deals with."""
    return await calls.read(MY_ACTIVITIES, state=state, cursor=cursor)
